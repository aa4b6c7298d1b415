/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: a message in, a program started with it, what came of it out.
 *
 * Without a shell, without our descriptors and our environment, in a process
 * group of its own that ends with it. Waits: the actuator's thread.
 */
#pragma once

#include <stdint.h>

#include "actuate/hook/message.h"
#include "base/err.h"

/** Exit status of a program that will not do it, however often it is asked (EX_NOPERM). */
#define HOOK_EXIT_REFUSED 77

/**
 * hook_run() - one try.
 * @why: appended to when it is not 0: what it did, behind the name of the program
 *
 * Return: 0; -EACCES: it refuses; -ETIMEDOUT; -WEIR_EFORMAT; -ENOTCONN: it could not be started,
 * or failed; -ENOMEM and the like.
 */
WEIR_CHECK int hook_run(const char *program, uint64_t timeout_ns,
			const struct hook_message *message, struct text *why);
