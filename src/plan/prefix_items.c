/* SPDX-License-Identifier: Apache-2.0 */
/* prefix_items: sources in; the longest prefixes that have much of the excess out. */
#include <stdlib.h>
#include <string.h>

#include "plan/work.h"

#define PREFIXES 10
#define LENGTHS  7

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

/* One run of equal prefixes of the sorted sources. Return: where the next one begins. */
static uint32_t add_run(struct synth *synth, uint32_t from, uint32_t n, unsigned step,
			uint64_t *claimed)
{
	const struct ip *first = &synth->now.src[synth->order[from]];
	uint8_t len = ip_is_v4(first) ? lengths_v4[step] : lengths_v6[step];
	struct cond cond = { .field = FIELD_SRC, .src = prefix_around(first, len) };
	unsigned before = synth->item_count;
	double weight = 0;
	uint32_t to = from;
	static const struct ip mapped = { .b = { [10] = 0xff, [11] = 0xff } };

	for (; to < n && prefix_has_ip(&cond.src, &synth->now.src[synth->order[to]]); to++) {
		if (!bitmap_has(claimed, synth->order[to]))
			weight += synth->now.weight[synth->order[to]];
	}
	if (!(len < 96 && prefix_has_ip(&cond.src, &mapped)) &&
	    weight / synth->train_total >= synth->least * (1 - synth->usual))
		items_add(synth, &cond);
	for (uint32_t i = from; i < to && synth->item_count > before; i++)
		bitmap_add(claimed, synth->order[i]);
	return to;
}

void prefix_items(struct synth *synth)
{
	uint64_t claimed[NOW_WORDS] = { 0 };
	unsigned before = synth->item_count;
	bool v4 = prefix_is_v4(&synth->input->scope.own);
	uint32_t n = 0;

	if (synth->input->scope.direction == DIRECTION_OUTBOUND)
		return;
	/* Only of the target's family: no rule can have both, and ::/64 would hold all of IPv4. */
	for (uint32_t i = 0; i < synth->now.count; i++) {
		if (bitmap_has(synth->active, i) && ip_is_v4(&synth->now.src[i]) == v4)
			synth->order[n++] = i;
	}
	qsort_r(synth->order, n, sizeof(synth->order[0]), source_order, synth->now.src);
	for (unsigned step = 0; step < LENGTHS; step++) {
		for (uint32_t at = 0; at < n && synth->item_count - before < PREFIXES;)
			at = add_run(synth, at, n, step, claimed);
	}
}
