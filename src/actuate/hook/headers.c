/* SPDX-License-Identifier: Apache-2.0 */
/* headers: see headers.h. */
#include "actuate/hook/headers.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "actuate/hook/sign.h"

#define TOKEN_LINE_MAX (HOOK_SECRET_MAX + 64)

static int add(struct hook_headers *headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(headers->list, line);

	if (!longer)
		return -ENOMEM;
	headers->list = longer;
	return 0;
}

static int add_message(struct hook_headers *headers, const struct hook_message *message)
{
	char line[HOOK_KEY_MAX + 32];
	int err = add(headers, "Content-Type: application/json");

	snprintf(line, sizeof(line), "Idempotency-Key: %s", message->key);
	err = err ? err : add(headers, "Expect:");
	return err ? err : add(headers, line);
}

static int add_token(struct hook_headers *headers, const char *path, struct text *why)
{
	char line[TOKEN_LINE_MAX];
	int err = hook_secret_read(path, "token_file", headers->token, why);

	err = err ? err : hook_token_check(headers->token, path, why);
	if (err)
		return err;
	snprintf(line, sizeof(line), "Authorization: Bearer %s", headers->token);
	err = add(headers, line);
	sodium_memzero(line, sizeof(line));
	return err;
}

/* The time is that of this try: receivers refuse what is old, so that nobody can repeat it later. */
static int add_signature(struct hook_headers *headers, const struct hook_message *message,
			 const char *signature, uint64_t time_s)
{
	char line[HOOK_KEY_MAX + 64];

	snprintf(line, sizeof(line), "webhook-id: %s", message->key);
	int err = add(headers, line);
	snprintf(line, sizeof(line), "webhook-timestamp: %" PRIu64, time_s);
	err = err ? err : add(headers, line);
	snprintf(line, sizeof(line), "webhook-signature: %s", signature);
	return err ? err : add(headers, line);
}

static int sign(struct hook_headers *headers, const char *path, const struct hook_message *message,
		uint64_t time_s, struct text *why)
{
	char secret[HOOK_SECRET_MAX];
	char signature[HOOK_SIGNATURE_MAX];
	const struct hook_signed what = { .id = message->key,
					  .time_s = time_s,
					  .body = text_string(&message->body),
					  .len = message->body.len };
	int err = hook_secret_read(path, "secret_file", secret, why);

	err = err ? err : hook_secret_check(secret, path, why);
	err = err ? err : hook_sign(secret, &what, signature);
	hook_secret_wipe(secret);
	return err ? err : add_signature(headers, message, signature, time_s);
}

int hook_headers_make(const struct hook_target *target, const struct hook_message *message,
		      uint64_t time_s, struct hook_headers *ret_headers, struct text *why)
{
	ret_headers->list = NULL;
	ret_headers->token[0] = '\0';
	int err = add_message(ret_headers, message);
	if (!err && target->token_file)
		err = add_token(ret_headers, target->token_file, why);
	if (!err && target->secret_file)
		err = sign(ret_headers, target->secret_file, message, time_s, why);
	if (err == -ENOMEM)
		text_add(why, "cannot be asked: no memory");
	if (err)
		hook_headers_done(ret_headers);
	return err;
}

/* libcurl only frees the lines. */
void hook_headers_done(struct hook_headers *headers)
{
	for (struct curl_slist *line = headers->list; line; line = line->next)
		sodium_memzero(line->data, strlen(line->data));
	curl_slist_free_all(headers->list);
	headers->list = NULL;
	hook_secret_wipe(headers->token);
}
