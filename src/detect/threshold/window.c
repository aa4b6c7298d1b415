/* SPDX-License-Identifier: Apache-2.0 */
/* window: a ring of bins with running sums. */
#include "detect/threshold/window.h"

#include <string.h>

/* No bin counts further, so that all bins of all classes together cannot wrap. */
#define BIN_MAX (1UL << 56)

static void take(uint64_t *from, uint64_t *bin)
{
	*from -= *bin;
	*bin = 0;
}

static void drop_bin(struct window *window, uint64_t bin)
{
	size_t at = bin % WINDOW_BINS;

	window->sampled_sum -= window->sampled[at];
	window->sampled[at] = 0;
	window->first_ns[at] = 0;
	for (size_t c = 0; c < CLASS_COUNT; c++) {
		struct tally_count *count = &window->bins[at][c];
		window->total.packets -= count->packets;
		window->total.bytes -= count->bytes;
		window->total.flows -= count->flows;
		take(&window->sum[c].packets, &count->packets);
		take(&window->sum[c].bytes, &count->bytes);
		take(&window->sum[c].flows, &count->flows);
	}
}

void window_slide(struct window *window, uint64_t bin)
{
	if (bin <= window->bin)
		return;
	if (bin - window->bin >= WINDOW_BINS) {
		*window = (struct window){ .bin = bin };
		return;
	}
	while (window->bin < bin)
		drop_bin(window, ++window->bin);
}

/* Raise a bin as far as its limit lets it. Return: by how much. */
static uint64_t raise(uint64_t *bin, uint64_t by)
{
	uint64_t room = BIN_MAX - *bin;

	if (by > room)
		by = room;
	*bin += by;
	return by;
}

bool window_add(struct window *window, const struct tally *row, uint64_t tick_ns, uint64_t bin_ns)
{
	uint64_t bin = window_bin_of(tick_ns, bin_ns);
	size_t at = bin % WINDOW_BINS;

	window_slide(window, bin);
	if (window->bin - bin >= WINDOW_BINS)
		return false;
	if (window->first_ns[at] == 0 || tick_ns < window->first_ns[at])
		window->first_ns[at] = tick_ns;
	window->sampled_sum += raise(&window->sampled[at], row->sampled);
	struct tally_count *count = &window->bins[at][row->class];
	struct tally_count real = { raise(&count->packets, row->packets),
				    raise(&count->bytes, row->bytes),
				    raise(&count->flows, row->flows) };
	tally_count_add(&window->sum[row->class], &real);
	tally_count_add(&window->total, &real);
	return true;
}

static struct tally_count sum_of(const struct tally_count counts[static CLASS_COUNT],
				 uint32_t classes)
{
	struct tally_count sum = { 0 };

	for (size_t c = 0; c < CLASS_COUNT; c++) {
		if (classes & 1U << c)
			tally_count_add(&sum, &counts[c]);
	}
	return sum;
}

struct tally_count window_sum(const struct window *window, uint32_t classes)
{
	return sum_of(window->sum, classes);
}

struct tally_count window_bin_sum(const struct window *window, unsigned age, uint32_t classes)
{
	if (age > window->bin)
		return (struct tally_count){ 0 };
	return sum_of(window->bins[(window->bin - age) % WINDOW_BINS], classes);
}

uint64_t window_first_ns(const struct window *window, unsigned age)
{
	return age > window->bin ? 0 : window->first_ns[(window->bin - age) % WINDOW_BINS];
}
