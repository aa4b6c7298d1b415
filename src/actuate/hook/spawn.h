/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn: a program and its message in, a process with nothing of ours out.
 *
 * No shell, no descriptor but its three, a small environment, no signals
 * blocked or ignored, a process group of its own, in "/". Any thread.
 */
#pragma once

#include <sys/types.h>

#include "actuate/hook/message.h"
#include "base/err.h"

/** hook_spawn_check() - can it be run, and not be changed by everybody? @why: says. Return: 0 or error. */
WEIR_CHECK int hook_spawn_check(const char *program, struct text *why);

/**
 * hook_spawn() - start it; the caller waits for it.
 * @fds: its standard input, output and error; stay the caller's
 *
 * Return: 0 or a positive errno.
 */
WEIR_CHECK int hook_spawn(const char *program, const struct hook_message *message, const int fds[3],
			  pid_t *ret_pid);
