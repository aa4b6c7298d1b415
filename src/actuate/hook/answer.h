/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer: what the other side wrote in, whether it did what was wanted out.
 *
 * Pure; any thread.
 */
#pragma once

#include <stddef.h>

#include "actuate/hook/message.h"
#include "base/err.h"
#include "base/text.h"

/** Longest answer that is read as one. */
#define HOOK_ANSWER_MAX  4096
/** So much of what it wrote is put into error texts, at most. */
#define HOOK_EXCERPT_MAX 200

/**
 * hook_answer() - judge what it says, after it said that it was successful.
 * @data: what it wrote, cut at HOOK_ANSWER_MAX; what does not begin with a brace says nothing
 * @why: appended to when it is not 0
 *
 * Return: 0; -EACCES: it did not do it; -WEIR_EFORMAT.
 */
WEIR_CHECK int hook_answer(enum hook_event event, const char *data, size_t len, struct text *why);

/** hook_excerpt() - append the beginning of what it wrote, on one line; nothing if it is empty. */
void hook_excerpt(const char *data, size_t len, struct text *why);
