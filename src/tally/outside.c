/* SPDX-License-Identifier: Apache-2.0 */
/* outside: one line decides, one entry counts. */
#include "tally/outside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/pages.h"
#include "tally/row.h"

#define CACHE_LINE 64
/* Weights halve once in this time. */
#define HALVE_NS   1000000000U
/* Places that a list can name. */
#define PLACE_MASK 0xffffffU
static_assert(OUTSIDE_WAYS == 8, "a way is three bits");
static_assert(sizeof(struct outside_set) == CACHE_LINE, "a set is decided by one line");
static_assert(sizeof(struct outside_set) + OUTSIDE_WAYS * sizeof(struct outside_entry) ==
		      OUTSIDE_WAYS * (size_t)64,
	      "64 bytes a place");

size_t outside_places(uint64_t limit)
{
	size_t sets = 1;

	while (sets * OUTSIDE_WAYS < limit)
		sets *= 2;
	return sets * OUTSIDE_WAYS;
}

int outside_open(struct outside *outside, uint64_t limit, uint64_t seed)
{
	const size_t places = outside_places(limit);
	const size_t sets = places / OUTSIDE_WAYS;

	assert(places < PLACE_MASK);
	/* calloc: what no flow touches takes no memory. */
	void *memory = calloc(sets + 1, sizeof(struct outside_set)); /* banned-ok: at open */
	struct outside_entry *entries =
		calloc(places, sizeof(struct outside_entry)); /* banned-ok: at open */

	if (!memory || !entries) {
		free(memory);
		free(entries);
		return -ENOMEM;
	}
	uintptr_t aligned = ((uintptr_t)memory + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1);
	*outside = (struct outside){ .sets = (struct outside_set *)aligned,
				     .entries = entries,
				     .memory = memory,
				     .mask = sets - 1,
				     .seed = seed };
	return 0;
}

void outside_close(struct outside *outside)
{
	free(outside->memory);
	free(outside->entries);
	memset(outside, 0, sizeof(*outside));
}

uint64_t outside_aim(const struct outside *outside, const struct ip *ip)
{
	uint64_t hash = hash_ip(ip, outside->seed);

	__builtin_prefetch(&outside->sets[hash & outside->mask], 1);
	return hash;
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

void outside_look(const struct outside *outside, uint64_t hash)
{
	const size_t at = hash & outside->mask;
	const struct outside_set *set = &outside->sets[at];

	for (unsigned way = 0; way < OUTSIDE_WAYS; way++) {
		if (set->tag[way] == tag_of(hash))
			__builtin_prefetch(&outside->entries[at * OUTSIDE_WAYS + way], 1);
	}
}

static bool is_it(const struct outside_entry *entry, const struct tally *key)
{
	return ip_equal(&entry->ip, &key->host) && entry->vantage == key->vantage &&
	       entry->class == key->class && entry->begin_age == key->begin_age &&
	       entry->end_age == key->end_age;
}

/* The way that holds a key; OUTSIDE_WAYS: none does. */
static unsigned find_way(const struct outside *outside, const struct outside_set *set, uint32_t tag,
			 const struct tally *key)
{
	const struct outside_entry *entries =
		&outside->entries[(size_t)(set - outside->sets) * OUTSIDE_WAYS];
	unsigned alike = 0;

	/* All at once: a branch for each would be guessed wrong once a flow. */
	for (unsigned way = 0; way < OUTSIDE_WAYS; way++)
		alike |= (unsigned)(set->tag[way] == tag) << way;
	for (; alike; alike &= alike - 1) {
		unsigned way = (unsigned)__builtin_ctz(alike);
		if (is_it(&entries[way], key))
			return way;
	}
	return OUTSIDE_WAYS;
}

/* The lightest way; a free one before any other. */
static unsigned lightest_way(const struct outside_set *set)
{
	uint64_t least = UINT64_MAX;

	for (unsigned way = 0; way < OUTSIDE_WAYS; way++) {
		uint64_t weight = (uint64_t)set->weight[way] << 8 | way;
		weight |= set->tag[way] ? (uint64_t)1 << 40 : 0;
		least = weight < least ? weight : least;
	}
	return least & 7;
}

/* The way for a key that is new to its set: a free one, or the lightest entry's. */
static unsigned take_way(struct outside *outside, struct outside_set *set, uint32_t tag,
			 const struct tally *key)
{
	unsigned way = lightest_way(set);
	struct outside_entry *entry =
		&outside->entries[(size_t)(set - outside->sets) * OUTSIDE_WAYS + way];
	/* What stands in the list of this tick goes on there under its new name. */
	*entry = (struct outside_entry){ .ip = key->host,
					 .vantage = key->vantage,
					 .error = set->weight[way],
					 .begin_age = key->begin_age,
					 .end_age = key->end_age,
					 .next = entry->next,
					 .class = key->class,
					 .listed = entry->listed };
	if (set->tag[way])
		outside->replaced++;
	else
		outside->used++;
	set->tag[way] = tag;
	return way;
}

static void list(struct outside *outside, uint32_t place)
{
	struct outside_entry *entry = &outside->entries[place];

	entry->listed = true;
	entry->next = 0;
	if (outside->last)
		outside->entries[outside->last - 1].next = (place + 1) & PLACE_MASK;
	else
		outside->first = place + 1;
	outside->last = place + 1;
}

void outside_add(struct outside *outside, uint64_t hash, const struct ip *ip,
		 const struct tally *add)
{
	struct outside_set *set = &outside->sets[hash & outside->mask];
	const uint32_t tag = tag_of(hash);
	struct tally key = { .host = *ip, .vantage = add->vantage };

	row_set_word(&key, row_rounded(row_word(add)));
	unsigned way = find_way(outside, set, tag, &key);
	if (way == OUTSIDE_WAYS)
		way = take_way(outside, set, tag, &key);
	const uint32_t place = (uint32_t)(set - outside->sets) * OUTSIDE_WAYS + way;
	struct outside_entry *entry = &outside->entries[place];
	if (!entry->listed)
		list(outside, place);
	entry->packets = tally_sum(entry->packets, add->packets);
	entry->bytes = tally_sum(entry->bytes, add->bytes);
	entry->flows = row_sum(entry->flows, add->flows);
	entry->sampled = row_sum(entry->sampled, add->sampled);
	set->weight[way] = row_sum(set->weight[way], add->packets);
}

/* Halve the weights of as many sets as are due by now: all of them once a second. */
static void halve(struct outside *outside, uint64_t now_ns)
{
	const size_t sets = outside->mask + 1;
	uint64_t since_ns = now_ns - outside->halved_ns;
	size_t due = since_ns >= HALVE_NS ? sets : (size_t)(since_ns * sets / HALVE_NS);

	if (outside->used == 0 || due == 0) {
		outside->halved_ns = outside->used ? outside->halved_ns : now_ns;
		return;
	}
	outside->halved_ns = now_ns;
	for (size_t i = 0; i < due; i++) {
		struct outside_set *set = &outside->sets[outside->cursor];
		for (unsigned way = 0; way < OUTSIDE_WAYS; way++)
			set->weight[way] /= 2;
		outside->cursor = (outside->cursor + 1) & outside->mask;
	}
}

static struct tally row_of(const struct outside_entry *entry)
{
	return (struct tally){ .host = entry->ip,
			       .packets = entry->packets,
			       .bytes = entry->bytes,
			       .flows = entry->flows,
			       .sampled = entry->sampled,
			       .vantage = entry->vantage,
			       .error = entry->error,
			       .begin_age = entry->begin_age,
			       .end_age = entry->end_age,
			       .direction = DIRECTION_OUTBOUND,
			       .class = entry->class,
			       .len = 128,
			       .kind = TALLY_OUTSIDE };
}

void outside_rows(struct outside *outside, struct tally_batch *batch, uint64_t tick_ns)
{
	for (uint32_t place = outside->first; place;) {
		struct outside_entry *entry = &outside->entries[place - 1];
		/* A batch has room for all places. */
		assert(batch->count < batch->cap);
		batch->rows[batch->count++] = row_of(entry);
		place = entry->next;
		entry->packets = entry->bytes = 0;
		entry->flows = entry->sampled = entry->error = 0;
		entry->listed = false;
		if (place)
			__builtin_prefetch(&outside->entries[place - 1], 1);
	}
	outside->first = outside->last = 0;
	halve(outside, tick_ns);
}
