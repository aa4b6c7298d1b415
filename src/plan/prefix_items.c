/* SPDX-License-Identifier: Apache-2.0 */
/* prefix_items: sources in; the longest prefixes that have much of the excess out. */
#include <stdlib.h>

#include "plan/work.h"

#define PREFIXES 10
#define LENGTHS  7
#define RUNS     256
/* A prefix that has hardly more than a longer one inside it says no more. */
#define ALIKE    0.8

/* From the longest; in the 128-bit form. Below a site's /64 nothing of IPv6 stays the same. */
static const uint8_t lengths_v4[LENGTHS] = { 128, 124, 120, 116, 112, 108, 104 };
static const uint8_t lengths_v6[LENGTHS] = { 64, 60, 56, 52, 48, 44, 40 };

static int source_order(const void *a, const void *b, void *self)
{
	const struct ip *src = self;
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;
	int order = ip_compare(&src[x], &src[y]);

	return order ? order : x < y ? -1 : x > y;
}

static struct prefix prefix_around(const struct ip *ip, uint8_t len)
{
	struct prefix prefix = { .ip = *ip, .len = len };

	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = len > i * 8 ? len - i * 8 : 0;
		if (kept < 8)
			prefix.ip.b[i] &= (uint8_t)(0xff00 >> kept);
	}
	return prefix;
}

/* A prefix with what its sources send. */
struct run {
	struct prefix prefix;
	double weight;
};

/* Prefixes from the longest to the shortest; those that say no more than a longer one left out. */
struct runs {
	struct run run[RUNS];
	unsigned count;
};

static bool says_more(const struct runs *runs, const struct prefix *prefix, double weight)
{
	for (unsigned i = 0; i < runs->count; i++) {
		const struct run *inner = &runs->run[i];
		if (prefix_has_ip(prefix, &inner->prefix.ip) && inner->weight >= ALIKE * weight)
			return false;
	}
	return true;
}

/* One run of equal prefixes of the sorted sources. Return: where the next one begins. */
static uint32_t add_run(struct synth *synth, struct runs *runs, uint32_t from, uint32_t n,
			unsigned step)
{
	static const struct ip mapped = { .b = { [10] = 0xff, [11] = 0xff } };
	const struct ip *first = &synth->now.src[synth->order[from]];
	uint8_t len = ip_is_v4(first) ? lengths_v4[step] : lengths_v6[step];
	struct prefix prefix = prefix_around(first, len);
	double weight = 0;
	uint32_t to = from;

	for (; to < n && prefix_has_ip(&prefix, &synth->now.src[synth->order[to]]); to++)
		weight += synth->now.weight[synth->order[to]];
	if (weight / synth->train_total < synth->least * (1 - synth->usual) ||
	    (len < 96 && prefix_has_ip(&prefix, &mapped)) || !says_more(runs, &prefix, weight))
		return to;
	if (runs->count == RUNS)
		synth->cut = true;
	else
		runs->run[runs->count++] = (struct run){ prefix, weight };
	return to;
}

/* The heaviest first; of equals the longer. */
static void add_heaviest(struct synth *synth, struct runs *runs)
{
	for (unsigned k = 0; k < PREFIXES && k < runs->count; k++) {
		struct run *best = &runs->run[0];
		for (unsigned i = 1; i < runs->count; i++)
			best = runs->run[i].weight > best->weight ? &runs->run[i] : best;
		items_add(synth, &(struct cond){ .field = FIELD_SRC, .src = best->prefix });
		best->weight = 0;
	}
}

void prefix_items(struct synth *synth)
{
	bool v4 = prefix_is_v4(&synth->input->scope.own);
	struct runs runs = { 0 };
	uint32_t n = 0;

	/* Where there are sets of sources, these go first: they spare the neighbours. */
	if (synth->input->scope.direction == DIRECTION_OUTBOUND || !synth->prefixes)
		return;
	/* Only of the target's family: no rule can have both, and ::/64 would hold all of IPv4. */
	for (uint32_t i = 0; i < synth->now.count; i++) {
		if (bitmap_has(synth->active, i) && ip_is_v4(&synth->now.src[i]) == v4)
			synth->order[n++] = i;
	}
	qsort_r(synth->order, n, sizeof(synth->order[0]), source_order, synth->now.src);
	for (unsigned step = 0; step < LENGTHS; step++) {
		for (uint32_t at = 0; at < n;)
			at = add_run(synth, &runs, at, n, step);
	}
	add_heaviest(synth, &runs);
}
