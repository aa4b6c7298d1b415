/* SPDX-License-Identifier: Apache-2.0 */
/* target: settings in, a target whose files are as they should be out. Control thread. */
#include "actuate/hook/target.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "actuate/hook/secret.h"
#include "actuate/hook/sign.h"

struct hook_target hook_target_of(const struct config_actuator *settings)
{
	return (struct hook_target){ .program = settings->program,
				     .url = settings->url,
				     .timeout_ns = settings->timeout_ns,
				     .retries = (unsigned)settings->retries,
				     .token_file = settings->token_file,
				     .secret_file = settings->secret_file,
				     .ca_file = settings->ca_file,
				     .cert_file = settings->cert_file,
				     .key_file = settings->key_file };
}

static int check_readable(const char *path, const char *key, struct text *why)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	int err = errno;
	text_addf(why, "`%s`: %s: %s; Weir's user has to be able to read it", key, path,
		  strerror(err));
	return -err;
}

static int check_token(const char *path, struct text *why)
{
	char token[HOOK_SECRET_MAX];
	int err = hook_secret_read(path, "token_file", token, why);

	err = err ? err : hook_token_check(token, path, why);
	hook_secret_wipe(token);
	return err;
}

static int check_secret(const char *path, struct text *why)
{
	char secret[HOOK_SECRET_MAX];
	int err = hook_secret_read(path, "secret_file", secret, why);

	err = err ? err : hook_secret_check(secret, path, why);
	hook_secret_wipe(secret);
	return err;
}

/* Without a file of its own the key is in that of the certificate, which then is as secret. */
static int check_key(const struct hook_target *target, struct text *why)
{
	if (target->key_file)
		return hook_secret_file(target->key_file, "key_file", why);
	return target->cert_file ? hook_secret_file(target->cert_file, "cert_file", why) : 0;
}

int hook_target_check(const struct hook_target *target, struct text *why)
{
	int err = target->token_file ? check_token(target->token_file, why) : 0;

	if (!err && target->secret_file && sodium_init() < 0) {
		text_add(why, "`secret_file`: libsodium does not work here; install it anew");
		err = -ENOSYS;
	}
	if (!err && target->secret_file)
		err = check_secret(target->secret_file, why);
	if (!err)
		err = check_readable(target->ca_file, "ca_file", why);
	if (!err)
		err = check_readable(target->cert_file, "cert_file", why);
	return err ? err : check_key(target, why);
}
