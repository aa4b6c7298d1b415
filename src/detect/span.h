/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span: a stretch of time over which a row's traffic is spread evenly.
 *
 * Row in, span and shares of it out. Times are ns; a part of time is (begin,
 * end], as ticks belong to the bin that they end in. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/tally.h"

#define SPAN_SECOND_NS 1000000000UL

/** From its first to its last packet; the same for what went by in no time. */
struct span {
	uint64_t from_ns;
	uint64_t to_ns; /**< not before from_ns */
};

/** The row is not simply traffic of its tick. */
static inline bool span_is_past(const struct tally *row)
{
	return (row->begin_age | row->end_age) != 0;
}

/** span_of() - when a row's traffic went by; ages that contradict each other are a moment. */
static inline struct span span_of(const struct tally *row, uint64_t tick_ns)
{
	const uint64_t unit_ns = TALLY_AGE_MS * 1000000UL;
	uint64_t end_ns = row->end_age * unit_ns;
	uint64_t begin_ns = row->begin_age > row->end_age ? row->begin_age * unit_ns : end_ns;

	return (struct span){ begin_ns < tick_ns ? tick_ns - begin_ns : 0,
			      end_ns < tick_ns ? tick_ns - end_ns : 0 };
}

/** span_part() - the share of a span that lies in (@begin_ns, @end_ns]. */
static inline double span_part(const struct span *span, uint64_t begin_ns, uint64_t end_ns)
{
	if (span->from_ns == span->to_ns)
		return span->to_ns > begin_ns && span->to_ns <= end_ns;
	uint64_t from_ns = span->from_ns > begin_ns ? span->from_ns : begin_ns;
	uint64_t to_ns = span->to_ns < end_ns ? span->to_ns : end_ns;

	return from_ns < to_ns ? (double)(to_ns - from_ns) / (double)(span->to_ns - span->from_ns)
			       : 0;
}

/** The number of the part of length @part_ns that the moment @at_ns belongs to. */
static inline uint64_t span_number(uint64_t at_ns, uint64_t part_ns)
{
	return at_ns ? (at_ns - 1) / part_ns : 0;
}
