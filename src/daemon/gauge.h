/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gauge: rows about one address or prefix in, its traffic of the last seconds out.
 *
 * Second by second and apart by vantage: several vantages may have seen the same packets, so the
 * largest counts, and those that the operator calls disjoint are added. A row with ages counts
 * in each second with the part that went by then; what is older than the gauge is left out.
 * Pure; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/tally.h"

/** Whole seconds that are added up. */
#define GAUGE_WINDOW_S 5
/** And the one that is not over yet. */
#define GAUGE_BINS     (GAUGE_WINDOW_S + 1)
/** Vantages that are kept apart; the first place is that of all disjoint ones together. */
#define GAUGE_VIEWS    5

/** So much traffic. */
struct gauge_sum {
	double packets;
	double bytes;
};

/** What one vantage saw. */
struct gauge_view {
	uint32_t vantage;
	bool used;
	uint64_t second; /**< of the newest bin */
	struct gauge_sum bins[GAUGE_BINS];
};

/** One address or prefix, in one direction; all zero at first. */
struct gauge {
	struct gauge_view views[GAUGE_VIEWS];
};

/** gauge_second() - the number of the second that a moment belongs to: its end does, too. */
static inline uint64_t gauge_second(uint64_t at_ns)
{
	return at_ns ? (at_ns - 1) / 1000000000U : 0;
}

/** gauge_part() - the share of a row that is not older than a gauge, 0 to 1. */
static inline double gauge_part(const struct tally *row)
{
	const unsigned oldest = GAUGE_WINDOW_S * 1000 / TALLY_AGE_MS;

	if (row->begin_age <= oldest)
		return 1;
	if (row->end_age >= oldest)
		return 0;
	return (double)(oldest - row->end_age) / (row->begin_age - row->end_age);
}

/**
 * gauge_add() - count a row.
 * @row: its address, direction and class are not looked at
 * @tick_ns: end of its tick
 *
 * Of more vantages than there is room for, one that saw nothing lately goes, or one whose whole
 * window is lighter than the row; else the row is left out: it would hardly be the largest.
 */
void gauge_add(struct gauge *gauge, const struct tally *row, uint64_t tick_ns);

/** gauge_total() - what went by in the @seconds whole seconds before @second. */
struct gauge_sum gauge_total(const struct gauge *gauge, uint64_t second, unsigned seconds);
