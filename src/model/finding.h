/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding: "this host exceeds what is allowed", with the numbers that say so.
 *
 * A pure function of tallies, limits and `now`. Detectors make it, the
 * incident room turns it into a story.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"
#include "model/tally.h"

/** Longest name of a vector and longest list of them. */
#define VECTOR_NAME_MAX 32
#define FINDING_VECTORS 8
/** Longest "why" of a finding. */
#define FINDING_WHY_MAX 160

/** What a limit is about. */
enum metric { METRIC_PPS, METRIC_BPS, METRIC_FPS, METRIC_COUNT };

/** How serious; info never acts. */
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };

/** A named kind of attack traffic and its share of the packets. */
struct vector_share {
	char name[VECTOR_NAME_MAX];
	double share; /**< 0..1 */
};

/** One statement about one host. Borrowed by those who receive it. */
struct finding {
	struct ip host;
	uint8_t direction; /**< enum direction */
	uint8_t metric;    /**< enum metric: which limit */
	uint8_t severity;  /**< enum severity */
	bool first;        /**< nothing was found about the host at the tick before */
	bool above;     /**< above the limit; false: below it but not yet below the closing level */
	uint64_t limit; /**< in the metric's unit */
	uint64_t value; /**< measured, in the metric's unit */
	uint64_t pps;   /**< total of the host, packets per second */
	uint64_t bps;   /**< total of the host, bits per second */
	uint64_t sampled;  /**< packets the estimate rests on */
	uint64_t now_ns;   /**< time of the statement */
	uint64_t onset_ns; /**< first tick of the excess */
	uint64_t distinct; /**< estimated number of peers */
	unsigned vector_count;
	struct vector_share vectors[FINDING_VECTORS];
	const struct tally_detail *detail; /**< peers and ports; may be NULL */
	char why[FINDING_WHY_MAX];         /**< the numbers in words */
};

/** metric_name() - "pps", "bps", "flows/s". */
const char *metric_name(enum metric metric);
/** severity_name() - "info", "warning", "critical". */
const char *severity_name(enum severity severity);
