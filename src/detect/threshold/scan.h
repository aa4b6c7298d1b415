/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan: a watch's trails in, the largest sums over any window that can still grow out.
 *
 * A window of whole seconds is moved over all places that are not final, or have
 * just become so, second by second; vantages are brought together at each place.
 * What it finds raises an excess at once and ends none: while any place is
 * above, the host is. Pure; no allocation.
 */
#pragma once

#include "detect/threshold/lane.h"

/** The sums at every place; as evidence, the most of them. */
struct scan {
	struct evidence evidence;
	const struct limits *limits;
	const struct watches *watches;
	const struct watch *watch;
	uint64_t first_s; /**< last second of the window at the first place */
	unsigned places;
	unsigned seconds; /**< of a window */
	double factor;    /**< from a sum over that to one over the configured window */
	uint32_t classes; /**< bits of those that have sums */
	struct trail_bin sums[CLASS_COUNT][TRAIL_S];
};

/**
 * scan_fill() - look through the trails of a watch, slid up to now.
 * @horizon_s: how many of the last seconds can still grow
 * @ret_scan: borrows the others
 */
void scan_fill(const struct limits *limits, const struct watches *watches,
	       const struct watch *watch, uint64_t horizon_s, struct scan *ret_scan);

/** scan_load() - the largest load at any place. */
float scan_load(const struct scan *scan);

/** scan_excess() - what there is to say of it, to a subject with these rules held. */
void scan_excess(const struct scan *scan, uint64_t held, struct excess *ret_excess);
