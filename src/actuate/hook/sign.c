/* SPDX-License-Identifier: Apache-2.0 */
/* sign: see sign.h. */
#include "actuate/hook/sign.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define KEY_LEAST 24
#define KEY_MOST  64

static const char prefix[] = "whsec_";

static int key_of(const char *secret, unsigned char ret_key[KEY_MOST], size_t *ret_len)
{
	const char *end = NULL;
	size_t skip = sizeof(prefix) - 1;

	if (strncmp(secret, prefix, skip) != 0 ||
	    sodium_base642bin(ret_key, KEY_MOST, secret + skip, strlen(secret + skip), NULL,
			      ret_len, &end, sodium_base64_VARIANT_ORIGINAL) ||
	    *end || *ret_len < KEY_LEAST)
		return -EINVAL;
	return 0;
}

int hook_sign(const char *secret, const struct hook_signed *what,
	      char ret_signature[HOOK_SIGNATURE_MAX])
{
	crypto_auth_hmacsha256_state state;
	unsigned char key[KEY_MOST];
	unsigned char sum[crypto_auth_hmacsha256_BYTES];
	char time[32];
	size_t len = 0;
	int err = key_of(secret, key, &len);

	if (!err) {
		snprintf(time, sizeof(time), ".%" PRIu64 ".", what->time_s);
		crypto_auth_hmacsha256_init(&state, key, len);
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)what->id,
					      strlen(what->id));
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)time, strlen(time));
		crypto_auth_hmacsha256_update(&state, (const unsigned char *)what->body, what->len);
		crypto_auth_hmacsha256_final(&state, sum);
		memcpy(ret_signature, "v1,", 3);
		sodium_bin2base64(ret_signature + 3, HOOK_SIGNATURE_MAX - 3, sum, sizeof(sum),
				  sodium_base64_VARIANT_ORIGINAL);
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&state, sizeof(state));
	return err;
}

int hook_secret_check(const char *secret, const char *path, struct text *why)
{
	unsigned char key[KEY_MOST];
	size_t len = 0;
	int err = key_of(secret, key, &len);

	sodium_memzero(key, sizeof(key));
	if (err)
		text_addf(why,
			  "`secret_file`: %s holds no secret, which is whsec_ and the base64 of %d "
			  "to %d bytes; make one with `echo whsec_$(openssl rand -base64 32)`",
			  path, KEY_LEAST, KEY_MOST);
	return err;
}
