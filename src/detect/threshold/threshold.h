/* SPDX-License-Identifier: Apache-2.0 */
/* threshold: what the parts of this detector share. See threshold.c. */
#pragma once

#include "detect/detector.h"
#include "detect/threshold/glance.h"
#include "detect/horizon.h"
#include "detect/threshold/limits.h"
#include "detect/threshold/scan.h"
#include "detect/threshold/watch.h"

/** An open detector. */
struct threshold {
	struct limits limits;
	float past_level; /**< load of a stretch from which on a host is watched */
	struct glances glances;
	struct watches watches;
	struct horizons horizons;
	struct watch **listed; /**< touched in this tick, or open */
	size_t listed_count;
	uint64_t bin;    /**< of the rows being observed */
	uint64_t second; /**< likewise */
	uint64_t turned_away;
	uint64_t late;
	struct scan scan; /**< of the watch being looked at */
};

/** judge_all() - compare every listed watch with the limits, say what is found. */
void judge_all(struct threshold *threshold, uint64_t now_ns, const struct finding_sink *sink);
