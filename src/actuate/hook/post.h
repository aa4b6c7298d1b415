/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post: a message in, an HTTP POST, what came of it out.
 *
 * To the address of the configuration and nowhere else: no proxy, no redirect.
 * The other side's certificate is verified, and ours shown where it asks. What
 * is secret is in no text of ours, also when the other side says it. Waits: the
 * actuator's thread.
 */
#pragma once

#include <stdint.h>

#include "actuate/hook/message.h"
#include "actuate/hook/target.h"
#include "base/err.h"

/**
 * hook_post() - one try.
 * @why: appended to when it is not 0: what it did, behind the name of the address
 *
 * Return: 0; -EACCES: it refuses; -ETIMEDOUT; -WEIR_EFORMAT: nonsense as answer; -ENOTCONN: nobody
 * there, or an error of theirs; -EPERM, -EINVAL and the like: a file of ours; -ENOMEM.
 */
WEIR_CHECK int hook_post(const struct hook_target *target, const struct hook_message *message,
			 struct text *why);

/**
 * hook_post_check() - is it an address that may be posted to: HTTPS, or HTTP to this machine?
 *
 * And are its files as they should be?
 * @ret_place: appended: the address as it may be shown, without a password
 * @why: on failure one sentence
 *
 * Return: 0, -EINVAL, -ENOMEM, or as hook_target_check().
 */
WEIR_CHECK int hook_post_check(const struct hook_target *target, struct text *ret_place,
			       struct text *why);
