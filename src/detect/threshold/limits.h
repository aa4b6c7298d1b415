/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits: a host's sums over the window in, which configured limits it exceeds out.
 *
 * A rule is one limit of one threshold (its pps, its bps, …), numbered in the
 * order of the configuration. Rates are exact integers, rounded down. Where a
 * host can be looked at over several windows, each rule takes the one in which
 * there is the most. Pure; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "detect/threshold/window.h"

/** Rules named besides the worst one. */
#define VERDICT_OTHERS 3

/** The configuration, prepared for one look at every host and tick. */
struct limits {
	const struct config *config;
	uint64_t window_ns; /**< a multiple of WINDOW_BINS */
	/** What one unit is of the lowest limit that counts the class; 0: none does. */
	float share[DIRECTION_COUNT][CLASS_COUNT][METRIC_COUNT];
	uint32_t directions; /**< bits 1 << enum direction of those with a limit */
};

/** Traffic by class over a window. */
struct sums {
	struct window_count by_class[CLASS_COUNT];
};

/** The most of something that any window had, and when. */
struct peak {
	uint64_t amount;
	uint64_t sampled; /**< packets behind it */
	uint64_t second;  /**< that the window ends with; 0 if there is but one window */
};

/** Where rules look: one window or several. */
struct evidence {
	/**
	 * Find the largest sum of a metric over the classes whose bits are set, and the largest
	 * with at least @min_sampled packets behind it; zeros if there is none.
	 */
	void (*peaks)(const struct evidence *self, uint32_t classes, enum metric metric,
		      uint64_t min_sampled, struct peak ret_peaks[static 2]);
};

/** Of the two peaks. */
enum { PEAK_MOST, PEAK_SURE };

/** One window as evidence. */
struct sums_evidence {
	struct evidence evidence;
	const struct sums *sums;
};

/** Who is compared. */
struct subject {
	const struct ip *host;
	enum direction direction;
	uint64_t held; /**< bits of rules exceeded earlier and not yet done with */
};

/** One rule and what was measured against it. */
struct measure {
	const struct config_threshold *threshold;
	enum metric metric;
	uint64_t limit;
	uint64_t value;
	uint64_t sampled; /**< packets behind the value */
	uint64_t second;  /**< as in struct peak */
};

/** What is to be said of one host. */
struct verdict {
	bool above;           /**< a limit is exceeded; else one that was is not yet far below */
	struct measure worst; /**< the largest share of its limit */
	uint64_t rules;       /**< rules exceeded now, as bits of their number modulo 64 */
	uint32_t classes;     /**< classes of all these rules */
	unsigned other_count;
	struct measure others[VERDICT_OTHERS]; /**< further rules exceeded, in their order */
};

/** The length of a bin. */
static inline uint64_t limits_bin_ns(const struct limits *limits)
{
	return limits->window_ns / WINDOW_BINS;
}

/** limits_of() - prepare a configuration, which stays borrowed. */
struct limits limits_of(const struct config *config);

/** limits_rate() - an amount of a window as a rate in the unit of @metric. */
uint64_t limits_rate(const struct limits *limits, enum metric metric, uint64_t amount);

/** limits_part() - the part of a sum that @metric is about. */
uint64_t limits_part(enum metric metric, const struct tally_count *sum);

/**
 * limits_load() - the largest share that an amount of one class makes of a limit about it.
 *
 * Loads add up to an upper bound: below 1 in all, no rule is exceeded.
 */
static inline float limits_load(const struct limits *limits, enum direction direction,
				enum traffic_class class, const float amount[static METRIC_COUNT])
{
	const float *share = limits->share[direction][class];
	float most = 0;

	for (unsigned m = 0; m < METRIC_COUNT; m++) {
		float part = amount[m] * share[m];
		most = part > most ? part : most;
	}
	return most;
}

/** limits_sums_load() - the load of a whole window. */
float limits_sums_load(const struct limits *limits, enum direction direction,
		       const struct sums *sums);

/** limits_evidence() - one window as evidence; @sums stays borrowed. */
struct sums_evidence limits_evidence(const struct sums *sums);

/**
 * limits_judge() - compare a host with every rule that is about it.
 * @ret_verdict: untouched if there is nothing to say
 *
 * Return: there is something to say.
 */
bool limits_judge(const struct limits *limits, const struct subject *subject,
		  const struct evidence *evidence, struct verdict *ret_verdict);

/** limits_worse() - is @a of more weight than @b? */
bool limits_worse(const struct verdict *a, const struct verdict *b);
