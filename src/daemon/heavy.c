/* SPDX-License-Identifier: Apache-2.0 */
/* heavy: a table behind a floor, made anew every second. */
#include "daemon/heavy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* When so many were turned away the floor is too low. */
#define REFUSED_MAX 64
#define FLOOR_UP    1.25
#define FLOOR_DOWN  2.0
#define FLOOR_LEAST 1.0
/* Places are scarce from here on, and then so many are kept. */
#define SCARCE      (HEAVY_PLACES * 3 / 4)
#define KEPT        (HEAVY_PLACES / 2)

int heavy_open(struct heavy *heavy, uint64_t seed)
{
	struct heavy_entry *entries = calloc(HEAVY_PLACES, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	*heavy = (struct heavy){ .entries = entries,
				 .floor = FLOOR_LEAST,
				 .seed = hash_words(seed, 0, seed) };
	return 0;
}

void heavy_close(struct heavy *heavy)
{
	free(heavy->entries);
	memset(heavy, 0, sizeof(*heavy));
}

static uint64_t hash_of(const struct heavy *heavy, const struct ip *ip)
{
	return hash_mix(ip->w[0] ^ heavy->seed, ip->w[1] ^ ~heavy->seed);
}

/* Where the address stands in the index, or would. */
static uint16_t *slot_of(struct heavy *heavy, const struct ip *ip, uint64_t hash)
{
	size_t at = (hash >> 32) % HEAVY_SLOTS;

	while (heavy->index[at] && !ip_equal(&heavy->entries[heavy->index[at] - 1].ip, ip))
		at = (at + 1) % HEAVY_SLOTS;
	return &heavy->index[at];
}

static void list(struct heavy *heavy, size_t place, uint64_t hash)
{
	*slot_of(heavy, &heavy->entries[place].ip, hash) = (uint16_t)(place + 1);
	heavy->filter[hash % HEAVY_FILTER / 64] |= (uint64_t)1 << hash % 64;
}

static void refuse(struct heavy *heavy)
{
	if (++heavy->refused % REFUSED_MAX == 0)
		heavy->floor *= FLOOR_UP;
}

void heavy_count(struct heavy *heavy, const struct tally *row, uint64_t hash, uint64_t tick_ns)
{
	uint16_t place = *slot_of(heavy, &row->host, hash);

	if (!place) {
		if ((double)row->bytes * gauge_part(row) < heavy->floor)
			return;
		if (heavy->count == HEAVY_PLACES) {
			refuse(heavy);
			return;
		}
		place = (uint16_t)++heavy->count;
		heavy->entries[place - 1] = (struct heavy_entry){ .ip = row->host };
		list(heavy, place - 1, hash);
	}
	gauge_add(&heavy->entries[place - 1].gauge, row, tick_ns);
}

struct weight {
	struct ip ip;
	struct gauge_sum sum;
	size_t place;
};

static int compare_weights(const void *left, const void *right)
{
	const struct weight *a = left, *b = right;

	if (a->sum.bytes != b->sum.bytes)
		return a->sum.bytes > b->sum.bytes ? -1 : 1;
	return ip_compare(&a->ip, &b->ip);
}

/* All that are not silent, the heaviest first. Return: how many. */
static size_t weigh(const struct heavy *heavy, uint64_t second, unsigned seconds,
		    struct weight ret_weights[HEAVY_PLACES])
{
	size_t count = 0;

	for (size_t i = 0; i < heavy->count; i++) {
		struct weight *weight = &ret_weights[count];
		weight->ip = heavy->entries[i].ip;
		weight->sum = gauge_total(&heavy->entries[i].gauge, second, seconds);
		weight->place = i;
		count += weight->sum.bytes > 0;
	}
	qsort(ret_weights, count, sizeof(ret_weights[0]), compare_weights);
	return count;
}

static void keep(struct heavy *heavy, const struct weight *weights, size_t count)
{
	bool kept[HEAVY_PLACES] = { false };
	size_t to = 0;

	for (size_t i = 0; i < count; i++)
		kept[weights[i].place] = true;
	for (size_t from = 0; from < heavy->count; from++) {
		if (!kept[from])
			continue;
		if (to < from)
			heavy->entries[to] = heavy->entries[from];
		to++;
	}
	heavy->count = to;
	memset(heavy->filter, 0, sizeof(heavy->filter));
	memset(heavy->index, 0, sizeof(heavy->index));
	for (size_t i = 0; i < to; i++)
		list(heavy, i, hash_of(heavy, &heavy->entries[i].ip));
}

void heavy_tick(struct heavy *heavy, uint64_t second)
{
	struct weight weights[HEAVY_PLACES];

	if (second <= heavy->second)
		return;
	heavy->second = second;
	/* With the second that has just begun: who came in it is not silent. */
	size_t count = weigh(heavy, second + 1, GAUGE_BINS, weights);
	keep(heavy, weights, count > SCARCE ? KEPT : count);
	/* The floor stays for a second in which heavier ones find room before it sinks. */
	if (!heavy->refused && heavy->floor > FLOOR_LEAST)
		heavy->floor /= FLOOR_DOWN;
	if (heavy->floor < FLOOR_LEAST)
		heavy->floor = FLOOR_LEAST;
	heavy->refused = 0;
}

size_t heavy_top(const struct heavy *heavy, uint64_t second, unsigned seconds,
		 struct heavy_pick *ret_picks, size_t most)
{
	struct weight weights[HEAVY_PLACES];
	size_t count = weigh(heavy, second, seconds, weights);

	if (count > most)
		count = most;
	for (size_t i = 0; i < count; i++)
		ret_picks[i] = (struct heavy_pick){ weights[i].ip, weights[i].sum };
	return count;
}
