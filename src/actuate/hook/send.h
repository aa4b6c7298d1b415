/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send: a message in, tries with pauses between them, what came of it out.
 *
 * All messages of a pass share its further tries and its time, so that a pass
 * ends also when the other side is dead. Waits: the actuator's thread.
 */
#pragma once

#include <stdint.h>

#include "actuate/hook/message.h"
#include "actuate/hook/target.h"
#include "base/err.h"

/** A pass begins no try after so long. */
#define HOOK_PASS_NS 30000000000ULL

/** One go at all that is to be said. */
struct hook_pass {
	const struct hook_target *target;
	unsigned retries_left;
	uint64_t pause_ns;
	uint64_t until_ns; /**< monotonic */
};

/** hook_pass_begin() - a pass from now on. */
struct hook_pass hook_pass_begin(const struct hook_target *target);

/**
 * hook_send() - until it is done or refused, or tries or time are used up.
 * @why: overwritten; one sentence when the result is not 0
 *
 * Return: 0; -EACCES: refused, there is no use in asking again; another error: not done, or not
 * known to be; -EAGAIN: not tried at all.
 */
WEIR_CHECK int hook_send(struct hook_pass *pass, const struct hook_message *message,
			 struct text *why);
