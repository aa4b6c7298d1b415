/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span: a piece of borrowed text that no zero ends, and the values it may hold.
 *
 * Inside the flow-log parsers only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ip.h"

/** Borrowed characters; without any, the value is absent. */
struct span {
	const char *at;
	size_t len;
};

/** The span is this word. */
static inline bool span_is(struct span span, const char *word)
{
	return strlen(word) == span.len && memcmp(span.at, word, span.len) == 0;
}

/** A decimal number, up to @most. Return: false if it is anything else. */
bool span_u64(struct span span, uint64_t most, uint64_t *ret_value);

/** An address of either family. Return: false if it is none. */
bool span_ip(struct span span, struct ip *ret_ip);

/** Seconds or milliseconds since 1970, told apart by their size. Return: false if neither. */
bool span_time(struct span span, uint64_t *ret_ns);

/** Cut the next piece off @rest, up to @separator, which goes too. */
struct span span_cut(struct span *rest, char separator);
