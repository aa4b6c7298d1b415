/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign: a message, the time and a secret in, its signature out.
 *
 * Standard Webhooks 1.0.0: HMAC-SHA256 of "id.timestamp.body", for which receivers have libraries.
 * Pure; any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/** "v1," and the base64 of 32 bytes. */
#define HOOK_SIGNATURE_MAX 64

/** What is signed; all borrowed. */
struct hook_signed {
	const char *id; /**< without a full stop */
	uint64_t time_s;
	const char *body;
	size_t len;
};

/**
 * hook_sign() - the value of the header webhook-signature.
 * @secret: "whsec_" and the base64 of 24 to 64 bytes
 *
 * Return: 0, or -EINVAL if @secret is none.
 */
WEIR_CHECK int hook_sign(const char *secret, const struct hook_signed *what,
			 char ret_signature[HOOK_SIGNATURE_MAX]);

/** hook_secret_check() - is it a secret that hook_sign() takes? 0, or -EINVAL with @why. */
WEIR_CHECK int hook_secret_check(const char *secret, const char *path, struct text *why);
