/* SPDX-License-Identifier: Apache-2.0 */
/* watch: pools with lists of unused places, and an index by linear probing. */
#include "detect/threshold/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Bins without new peers after which a detail is given back: four windows. */
#define DETAIL_IDLE_BINS (4UL * WINDOW_BINS)

struct watch_index {
	uint32_t hash;
	uint32_t watch; /* in the pool, plus one; 0: unused */
};

int watches_open(struct watches *watches, size_t max, size_t max_details, uint64_t seed)
{
	size_t slots = 64;

	while (slots < 2 * max)
		slots *= 2;
	struct watches fresh = {
		.max = max, .max_details = max_details, .mask = slots - 1, .seed = seed
	};
	fresh.pool = calloc(max + 1, sizeof(*fresh.pool));
	fresh.details = calloc(max_details + 1, sizeof(*fresh.details));
	fresh.index = calloc(slots, sizeof(*fresh.index));
	if (!fresh.pool || !fresh.details || !fresh.index) {
		watches_close(&fresh);
		return -ENOMEM;
	}
	*watches = fresh;
	return 0;
}

void watches_close(struct watches *watches)
{
	free(watches->pool);
	free(watches->details);
	free(watches->index);
	memset(watches, 0, sizeof(*watches));
}

static uint32_t hash_of(const struct watches *watches, const struct ip *host, uint8_t direction)
{
	return (uint32_t)hash_ip(host, watches->seed + direction);
}

uint32_t watches_hash(const struct watches *watches, const struct ip *host, uint8_t direction)
{
	uint32_t hash = hash_of(watches, host, direction);

	__builtin_prefetch(&watches->index[hash & watches->mask]);
	return hash;
}

void watches_prefetch(const struct watches *watches, uint32_t hash)
{
	uint32_t place = watches->index[hash & watches->mask].watch;

	if (!place)
		return;
	const struct watch *watch = &watches->pool[place - 1];
	__builtin_prefetch(watch, 1);
	__builtin_prefetch(&watch->window, 1);
	__builtin_prefetch(&watch->window.sum, 1);
	__builtin_prefetch(&watch->window.first_ns, 1);
}

static struct watch *watch_new(struct watches *watches)
{
	struct watch *watch;

	if (watches->count == watches->max)
		return NULL;
	if (watches->unused) {
		watch = &watches->pool[watches->unused - 1];
		watches->unused = watch->next;
		memset(watch, 0, sizeof(*watch));
	} else {
		watch = &watches->pool[watches->fresh++];
	}
	watches->count++;
	watch->used = true;
	return watch;
}

struct watch *watches_take(struct watches *watches, const struct ip *host, uint8_t direction,
			   uint32_t hash)
{
	size_t at = hash & watches->mask;

	for (; watches->index[at].watch; at = (at + 1) & watches->mask) {
		struct watch *watch = &watches->pool[watches->index[at].watch - 1];
		if (watches->index[at].hash == hash && watch->direction == direction &&
		    ip_equal(&watch->host, host))
			return watch;
	}
	struct watch *watch = watch_new(watches);
	if (!watch)
		return NULL;
	watch->host = *host;
	watch->direction = direction;
	watches->index[at].hash = hash;
	watches->index[at].watch = (uint32_t)(watch - watches->pool) + 1;
	return watch;
}

struct watch_detail *watches_detail_of(struct watches *watches, struct watch *watch)
{
	if (watch->detail)
		return &watches->details[watch->detail - 1];
	uint32_t place = watches->unused_details;
	if (place)
		watches->unused_details = watches->details[place - 1].next;
	else if (watches->fresh_details < watches->max_details)
		place = (uint32_t)++watches->fresh_details;
	else
		return NULL;
	watch->detail = place;
	struct watch_detail *detail = &watches->details[place - 1];
	memset(detail, 0, sizeof(*detail));
	detail->faded_bin = watch->window.bin;
	return detail;
}

static void free_detail(struct watches *watches, struct watch *watch)
{
	if (!watch->detail)
		return;
	watches->details[watch->detail - 1].next = watches->unused_details;
	watches->unused_details = watch->detail;
	watch->detail = 0;
}

/* Pull later entries of the run over the hole, as far as each may go towards its home. */
static void index_remove(struct watches *watches, uint32_t place, uint32_t hash)
{
	struct watch_index *index = watches->index;
	size_t hole = hash & watches->mask;

	while (index[hole].watch != place)
		hole = (hole + 1) & watches->mask;
	for (size_t at = (hole + 1) & watches->mask; index[at].watch;
	     at = (at + 1) & watches->mask) {
		size_t from_home = (at - index[at].hash) & watches->mask;
		if (from_home < ((at - hole) & watches->mask))
			continue;
		index[hole] = index[at];
		hole = at;
	}
	index[hole].watch = 0;
}

static void watch_free(struct watches *watches, struct watch *watch)
{
	uint32_t place = (uint32_t)(watch - watches->pool) + 1;

	free_detail(watches, watch);
	index_remove(watches, place, hash_of(watches, &watch->host, watch->direction));
	watch->used = false;
	watch->next = watches->unused;
	watches->unused = place;
	watches->count--;
}

static void sweep_one(struct watches *watches, struct watch *watch, uint64_t bin)
{
	if (!watch->used || watch->listed)
		return;
	const struct tally_count *total = &watch->window.total;
	bool empty = (total->packets | total->bytes | total->flows) == 0;
	if (empty || watch->window.bin + WINDOW_BINS <= bin) {
		watch_free(watches, watch);
		return;
	}
	const struct watch_detail *detail = watches_detail(watches, watch);
	if (detail && detail->faded_bin + DETAIL_IDLE_BINS <= bin)
		free_detail(watches, watch);
}

void watches_sweep(struct watches *watches, uint64_t bin, size_t budget)
{
	if (budget > watches->fresh)
		budget = watches->fresh;
	for (size_t i = 0; i < budget; i++) {
		sweep_one(watches, &watches->pool[watches->cursor], bin);
		if (++watches->cursor >= watches->fresh)
			watches->cursor = 0;
	}
}
