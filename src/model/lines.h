/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines: words in, labelled lines of a readable length out; what texts for people have in common.
 *
 * A fact is a line under a short label; where it is long it goes on below, at the same indent. Pure.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

/** Characters of a line that is wrapped, at most; a single word may be longer. */
#define LINES_WIDTH 100

/** lines_label() - begin a line under a label; "" goes on with the one before. */
void lines_label(struct text *out, const char *label);

/** lines_wrapped() - a whole fact, newline included, on as many lines as it takes. */
void lines_wrapped(struct text *out, const char *label, const char *words);

/** lines_time() - "2026-11-22 14:05:06 UTC": seconds are what people compare with other logs. */
void lines_time(struct text *out, uint64_t time_ns);

/** lines_duration() - "5.2 s"; 0 when @to_ns is not behind @from_ns. */
void lines_duration(struct text *out, uint64_t from_ns, uint64_t to_ns);
