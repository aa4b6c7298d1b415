/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post: a message in, an HTTP POST, what came of it out.
 *
 * To the address of the configuration and nowhere else: no proxy, no redirect.
 * The other side's certificate is verified. Waits: the actuator's thread.
 */
#pragma once

#include <stdint.h>

#include "actuate/hook/message.h"
#include "base/err.h"

/**
 * hook_post() - one try.
 * @why: appended to when it is not 0: what it did, behind the name of the address
 *
 * Return: 0; -EACCES: it refuses; -ETIMEDOUT; -WEIR_EFORMAT: nonsense as answer; -ENOTCONN: nobody
 * there, or an error of theirs; -ENOMEM.
 */
WEIR_CHECK int hook_post(const char *url, uint64_t timeout_ns, const struct hook_message *message,
			 struct text *why);

/**
 * hook_post_check() - is it an address that may be posted to: HTTPS, or HTTP to this machine?
 * @ret_place: appended: the address as it may be shown, without a password
 * @why: on failure one sentence
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
WEIR_CHECK int hook_post_check(const char *url, struct text *ret_place, struct text *why);
