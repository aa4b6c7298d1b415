/* SPDX-License-Identifier: Apache-2.0 */
/* sketch: flows of exporters, compared; see sketch.h. Pure; any thread. */
#include "model/sketch.h"

#include <string.h>

/* The first place whose hash is not below @hash. */
static uint32_t place_of(const struct flow_sketch *sketch, uint32_t hash)
{
	uint32_t low = 0;
	uint32_t high = sketch->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (sketch->hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void sketch_add(struct flow_sketch *sketch, uint32_t hash)
{
	if (hash >= sketch_bound(sketch))
		return;
	uint32_t at = place_of(sketch, hash);
	if (at < sketch->count && sketch->hashes[at] == hash)
		return;
	if (sketch->count < SKETCH_SIZE)
		sketch->count++;
	memmove(&sketch->hashes[at + 1], &sketch->hashes[at],
		(sketch->count - at - 1) * sizeof(sketch->hashes[0]));
	sketch->hashes[at] = hash;
}

double sketch_share(const struct flow_sketch *a, const struct flow_sketch *b)
{
	uint32_t bound = sketch_bound(a) < sketch_bound(b) ? sketch_bound(a) : sketch_bound(b);
	uint32_t all = 0;
	uint32_t both = 0;

	for (uint32_t i = 0, j = 0; i < a->count && a->hashes[i] < bound; i++) {
		while (j < b->count && b->hashes[j] < a->hashes[i])
			j++;
		both += j < b->count && b->hashes[j] == a->hashes[i];
		all++;
	}
	return all < SKETCH_LEAST ? -1 : (double)both / all;
}
