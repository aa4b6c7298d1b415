/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late: traffic that flow caches report afterwards, second by second, tested as a whole.
 *
 * Rows with ages in, evidence of an excess at some time of the last minutes out. A history of 256 s
 * for each counter that needs one; sums can still grow, so evidence holds from the moment it is
 * found. A pool of fixed size; the lightest makes room. One thread; allocates at open only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "detect/learned/counter.h"
#include "model/tally.h"

/** Seconds of a history. */
#define LATE_SECONDS 256

/** Seconds without reports that say something where reports came all the time. */
#define LATE_SILENCE_S 16
/** Seconds of reports that are counted as one. */
#define LATE_BIN_S     4
#define LATE_BINS      (LATE_SECONDS / LATE_BIN_S)

/** What went by in each second, as sampled packets. */
struct late {
	struct counter *owner; /**< NULL: free */
	uint64_t second;       /**< the newest */
	uint64_t told_s;       /**< what is older has been told of */
	uint64_t over_s;       /**< what is older is over, whatever its rate was */
	uint64_t scanned_s;
	float weight; /**< of all */
	float at[LATE_SECONDS];
	float came[LATE_BINS]; /**< the same by when it was reported */
	float lag[LATE_BINS];  /**< by how long after; what is old counts less */
};

/** The pool. */
struct lates {
	struct late *at; /**< numbered from 1 */
	uint32_t max;
	uint32_t cursor;
	uint64_t turned_away;
};

/** lates_open() - room for @max. Return: 0 or -ENOMEM. */
WEIR_CHECK int lates_open(struct lates *lates, size_t max);

/** lates_close() - give the memory back; harmless when repeated. */
void lates_close(struct lates *lates);

/**
 * late_add() - spread a row over the seconds that it is about.
 * @unit: packets that one of the row's counts for
 *
 * Its evidence goes into the counter's bank: the largest that the tests reach over the whole history.
 */
void late_add(struct lates *lates, struct counter *counter, const struct tally *row,
	      uint64_t tick_ns, float unit);

/** late_pass() - time goes on: what is too old goes, and the tests run once a second. */
void late_pass(struct lates *lates, struct counter *counter, uint64_t now_ns);

/** late_told() - what is in it by now has been told of and is over. */
void late_told(struct lates *lates, struct counter *counter, uint64_t now_ns);

/**
 * late_over() - has what was reported without a gap ceased to be?
 * @back_s: for how long it must have been so: the longest that a report takes
 * @level: sampled packets a second that tell it from the ordinary
 *
 * As long as an attack of many flows goes on, some of them are reported at any time, and as much of
 * it a second as there is of it. Silence after that ends it sooner than waiting until all that may
 * still be reported is. Flows that begin together are reported together; there, and where they are
 * few, it says no. What is over is left out of late_peak().
 */
bool late_over(struct lates *lates, const struct counter *counter, uint64_t back_s, float level);

/**
 * late_back() - seconds after which nearly all of what went by has been reported.
 * @most: for all that is reported: the longest that a report takes
 *
 * Flows of one packet are told of when the cache has found them silent, long ones piece by piece; a
 * counter where the former weigh the most need not be waited for as long as the latter.
 * Return: at most @most.
 */
uint64_t late_back(const struct lates *lates, const struct counter *counter, uint64_t most);

/**
 * late_peak() - the most of any @window seconds of the last @back_s and those before.
 *
 * Return: sampled packets a second; 0 without a history.
 */
float late_peak(const struct lates *lates, const struct counter *counter, uint64_t back_s,
		unsigned window);
