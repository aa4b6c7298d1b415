/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window: what one host did in the last few seconds, by class.
 *
 * Five bins of a fifth of the window each, aligned to multiples of that time,
 * with running sums: adding and sliding cost the same however long the window
 * is. The newest bin is still filling, so that a sum never covers more than
 * the window, and a rate from it is never too high. No allocation, no clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/tally.h"

/** Parts of a window. */
#define WINDOW_BINS 5

/** Start it zeroed. */
struct window {
	uint64_t bin; /**< number of the newest bin */
	uint64_t sampled_sum;
	struct tally_count total;
	struct tally_count sum[CLASS_COUNT];
	uint64_t first_ns[WINDOW_BINS]; /**< end of the first tick in the bin; 0: none */
	uint64_t sampled[WINDOW_BINS];
	struct tally_count bins[WINDOW_BINS][CLASS_COUNT];
};

/** The number of the bin that a tick belongs to which ends at @tick_ns. */
static inline uint64_t window_bin_of(uint64_t tick_ns, uint64_t bin_ns)
{
	return tick_ns ? (tick_ns - 1) / bin_ns : 0;
}

/** window_slide() - forget what is older than the window that ends with bin @bin. */
void window_slide(struct window *window, uint64_t bin);

/** window_add() - count a row, sliding as needed. False: it is older than the window. */
bool window_add(struct window *window, const struct tally *row, uint64_t tick_ns, uint64_t bin_ns);

/** window_sum() - sums of the classes whose bits are set in @classes. */
struct tally_count window_sum(const struct window *window, uint32_t classes);

/** window_bin_sum() - the same of one bin, 0 the newest to WINDOW_BINS - 1. */
struct tally_count window_bin_sum(const struct window *window, unsigned age, uint32_t classes);

/** window_first_ns() - end of the first tick in a bin; 0 if it had none. */
uint64_t window_first_ns(const struct window *window, unsigned age);
