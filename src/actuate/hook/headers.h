/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers: a message and who we are in, the headers that go before it out.
 *
 * The key of the message as Idempotency-Key; with `token_file` Authorization (RFC 6750); with
 * `secret_file` webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks 1.0.0). The
 * actuator's thread.
 */
#pragma once

#include <stdint.h>

#include "actuate/hook/message.h"
#include "actuate/hook/secret.h"
#include "actuate/hook/target.h"
#include "base/err.h"

struct curl_slist;

/** Headers, and what of them is never to be shown; release with hook_headers_done(). */
struct hook_headers {
	struct curl_slist *list;
	char token[HOOK_SECRET_MAX]; /**< "" without one */
};

/**
 * hook_headers_make() - for one try.
 * @time_s: since 1970
 * @why: on failure one sentence
 *
 * Return: 0; -ENOMEM; as hook_secret_read(): a file is not as it should be.
 */
WEIR_CHECK int hook_headers_make(const struct hook_target *target,
				 const struct hook_message *message, uint64_t time_s,
				 struct hook_headers *ret_headers, struct text *why);

/** hook_headers_done() - release and wipe; harmless when repeated. */
void hook_headers_done(struct hook_headers *headers);
