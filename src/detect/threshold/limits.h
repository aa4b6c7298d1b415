/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits: a host's window in, which configured limits it exceeds out.
 *
 * A rule is one limit of one threshold (its pps, its bps, …), numbered in the
 * order of the configuration. Rates are exact integers, rounded down. Pure; no
 * allocation.
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
	/** Sums over a window below which no rule can be exceeded. */
	uint64_t least[DIRECTION_COUNT][METRIC_COUNT];
};

/** One rule and what was measured against it. */
struct measure {
	const struct config_threshold *threshold;
	enum metric metric;
	uint64_t limit;
	uint64_t value;
	uint64_t sampled; /**< packets behind the value */
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

/** limits_rate() - a sum over the window as a rate in the unit of @metric. */
uint64_t limits_rate(const struct limits *limits, enum metric metric,
		     const struct tally_count *sum);

/** limits_are_near() - could a rule be exceeded by @percent % of its limit? Errs towards yes. */
bool limits_are_near(const struct limits *limits, enum direction direction,
		     const struct window *window, unsigned percent);

/**
 * limits_judge() - compare a host with every rule that is about it.
 * @window: slid up to now
 * @held: bits of rules exceeded earlier and not yet done with
 * @ret_verdict: untouched if there is nothing to say
 *
 * Return: there is something to say.
 */
bool limits_judge(const struct limits *limits, const struct ip *host, enum direction direction,
		  const struct window *window, uint64_t held, struct verdict *ret_verdict);
