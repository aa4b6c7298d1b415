/* SPDX-License-Identifier: Apache-2.0 */
/* window: a ring of bins with a running sum. */
#include "detect/threshold/window.h"

#include <string.h>

/* No bin counts further, so that all bins of all lanes together cannot wrap. */
#define BIN_MAX (1UL << 54)

static void drop_bin(struct window *window, uint64_t bin)
{
	struct window_count *gone = &window->bins[bin % WINDOW_BINS];

	window->sum.count.packets -= gone->count.packets;
	window->sum.count.bytes -= gone->count.bytes;
	window->sum.count.flows -= gone->count.flows;
	window->sum.sampled -= gone->sampled;
	*gone = (struct window_count){ 0 };
}

void window_slide(struct window *window, uint64_t from, uint64_t to)
{
	if (to <= from)
		return;
	if (to - from >= WINDOW_BINS) {
		*window = (struct window){ 0 };
		return;
	}
	while (from < to)
		drop_bin(window, ++from);
}

/* Raise a bin as far as its limit lets it, and the sum with it. */
static void raise(uint64_t *bin, uint64_t *sum, uint64_t by)
{
	uint64_t room = BIN_MAX - *bin;

	if (by > room)
		by = room;
	*bin += by;
	*sum += by;
}

void window_add(struct window *window, uint64_t bin, const struct tally *row)
{
	struct window_count *to = &window->bins[bin % WINDOW_BINS];
	struct window_count *sum = &window->sum;

	raise(&to->count.packets, &sum->count.packets, row->packets);
	raise(&to->count.bytes, &sum->count.bytes, row->bytes);
	raise(&to->count.flows, &sum->count.flows, row->flows);
	raise(&to->sampled, &sum->sampled, row->sampled);
}
