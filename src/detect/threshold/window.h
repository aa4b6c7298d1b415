/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window: what one class of a host's traffic did in the last few seconds.
 *
 * Five bins of a fifth of the window each, aligned to multiples of that time,
 * with a running sum: adding and sliding cost the same however long the window
 * is. The newest bin is still filling, so that a sum never covers more than
 * the window, and a rate from it is never too high. The watch that has the
 * window knows which bin is the newest. No allocation, no clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/tally.h"

/** Parts of a window. */
#define WINDOW_BINS 5

/** An amount of traffic and the packets it rests on. */
struct window_count {
	struct tally_count count;
	uint64_t sampled;
};

/** Start it zeroed. */
struct window {
	struct window_count sum;
	struct window_count bins[WINDOW_BINS]; /**< bin n is in n modulo WINDOW_BINS */
};

/** window_slide() - forget what leaves when the newest bin becomes @to instead of @from. */
void window_slide(struct window *window, uint64_t from, uint64_t to);

/** window_add() - count a row in a bin, which must be one of the last WINDOW_BINS. */
void window_add(struct window *window, uint64_t bin, const struct tally *row);
