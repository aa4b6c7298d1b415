/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lane: rows in, a watch's traffic by vantage and class; out of that, sums.
 *
 * Prompt traffic goes to the windows, what was reported afterwards to the
 * trails; once a watch has trails, all of it goes there as well, so that both
 * add up wherever they meet. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/threshold/watch.h"

/** A row on its way into a watch. */
struct arrival {
	const struct tally *row;
	uint64_t tick_ns;
	float load; /**< the most that it adds to the load of a window */
};

/**
 * lane_count() - add a row to a watch.
 *
 * Return: false if it is older than all that is looked at.
 */
bool lane_count(struct watches *watches, struct watch *watch, const struct arrival *arrival);

/** The vantage that a row counts under: disjoint ones are one. */
static inline uint32_t lane_vantage(const struct tally *row)
{
	return row->vantage & WATCH_DISJOINT ? WATCH_DISJOINT : row->vantage;
}

/** lane_sums() - of each class the most that a vantage saw, and what disjoint ones add; in all bins. */
void lane_sums(const struct watches *watches, const struct watch *watch, struct sums *ret_sums);

/** lane_bin_sums() - the same in one bin, 0 the newest to WINDOW_BINS - 1. */
void lane_bin_sums(const struct watches *watches, const struct watch *watch, unsigned age,
		   struct sums *ret_sums);

/** lane_vantages() - how many vantages, disjoint ones apart, have these classes in the window. */
unsigned lane_vantages(const struct watches *watches, const struct watch *watch, uint32_t classes);
