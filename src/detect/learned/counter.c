/* SPDX-License-Identifier: Apache-2.0 */
/* counter: sets of four, two cache lines a place. */
#include "detect/learned/counter.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define CACHE_LINE 64
#define SECOND     1e-9F

static_assert(sizeof(struct counter) == 2UL * CACHE_LINE,
	      "what is touched with a row is two lines");

int counters_open(struct counters *counters, size_t max, uint64_t seed)
{
	size_t sets = 16;

	while (sets * COUNTER_WAYS < max)
		sets *= 2;
	/* calloc: what no row touches takes no memory. */
	void *memory = calloc(sets * COUNTER_WAYS + 1, sizeof(struct counter));
	uint32_t *tags = calloc(sets * COUNTER_WAYS, sizeof(*tags));
	if (!memory || !tags) {
		free(memory);
		free(tags);
		return -ENOMEM;
	}
	uintptr_t aligned = ((uintptr_t)memory + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1);
	*counters = (struct counters){ .at = (struct counter *)aligned,
				       .tags = tags,
				       .memory = memory,
				       .mask = (uint32_t)sets - 1,
				       .seed = seed };
	return 0;
}

void counters_close(struct counters *counters)
{
	free(counters->memory);
	free(counters->tags);
	memset(counters, 0, sizeof(*counters));
}

static uint64_t rest_of(const struct profile_key *key, uint32_t vantage)
{
	return (uint64_t)vantage << 32 | (uint64_t)key->len << 24 | (uint64_t)key->kind << 16 |
	       (uint64_t)key->direction << 8 | key->class;
}

static size_t first_of(const struct counters *counters, uint64_t set)
{
	return (size_t)(set & counters->mask) * COUNTER_WAYS;
}

static uint32_t tag_of(uint64_t set)
{
	return (uint32_t)(set >> 32) | 1;
}

uint64_t counters_set(const struct counters *counters, const struct profile_key *key,
		      uint32_t vantage)
{
	uint64_t hash = hash_mix(hash_ip(&key->ip, counters->seed),
				 rest_of(key, vantage) ^ 0x8ebc6af09c88c6e3U);

	__builtin_prefetch(&counters->tags[first_of(counters, hash)], 1);
	return hash;
}

void counters_look(const struct counters *counters, uint64_t set)
{
	size_t first = first_of(counters, set);

	for (unsigned i = 0; i < COUNTER_WAYS; i++) {
		if (counters->tags[first + i] != tag_of(set))
			continue;
		const struct counter *counter = &counters->at[first + i];
		__builtin_prefetch(counter, 1);
		__builtin_prefetch((const char *)counter + CACHE_LINE, 1);
	}
}

static bool is_it(const struct counter *counter, const struct profile_key *key, uint32_t vantage)
{
	return counter->last_ns && counter->vantage == vantage &&
	       ip_equal(&counter->key.ip, &key->ip) && rest_of(&counter->key, 0) == rest_of(key, 0);
}

struct counter *counters_find(const struct counters *counters, uint64_t set,
			      const struct profile_key *key, uint32_t vantage)
{
	size_t first = first_of(counters, set);

	for (unsigned i = 0; i < COUNTER_WAYS; i++) {
		struct counter *counter = &counters->at[first + i];
		if (counters->tags[first + i] == tag_of(set) && is_it(counter, key, vantage))
			return counter;
	}
	return NULL;
}

/* What an entry says: those that speak for a subject stay, then the evidence decides. */
static float weight_of(const struct counter *counter)
{
	if (!counter->last_ns)
		return -1;
	return (counter->subject ? 1e6F : 0) + (counter->late ? 1e3F : 0) +
	       bank_worst(&counter->bank) + counter->waiting +
	       (float)(counter->last_ns / 1000000000 % 4096) * 1e-6F;
}

struct counter *counters_take(struct counters *counters, uint64_t set,
			      const struct profile_key *key, uint32_t vantage)
{
	size_t first = first_of(counters, set);
	struct counter *ways = &counters->at[first];
	struct counter *found = counters_find(counters, set, key, vantage);
	unsigned least = 0;

	if (found)
		return found;
	for (unsigned i = 1; i < COUNTER_WAYS; i++) {
		if (weight_of(&ways[i]) < weight_of(&ways[least]))
			least = i;
	}
	struct counter *counter = &ways[least];
	if (!counter->last_ns)
		counters->used++;
	else
		counters->replaced += bank_worst(&counter->bank) >= 1;
	*counter = (struct counter){ .key = *key, .vantage = vantage };
	counters->tags[first + least] = tag_of(set);
	return counter;
}

/* As e^-x, by the first terms of e^x: near it where it matters, and ten times as fast. */
static float fade_of(float x)
{
	return 1 / (1 + x * (1 + x * (0.5F + x * (1 / 6.0F + x / 24))));
}

void counter_pass(struct counter *counter, uint64_t now_ns)
{
	if (now_ns <= counter->last_ns)
		return;
	float passed = (float)(now_ns - counter->last_ns) * SECOND;
	float fade = fade_of(passed / COUNTER_RATE_S);
	float samples = counter->allowed / (float)counter->sampling * passed;

	if (!counter->late && bank_worst(&counter->bank) > 0)
		bank_drain(&counter->bank, samples / counter->phi);
	if (bank_worst(&counter->bank) <= 0) {
		counter->rise_ns = 0;
		counter->since = 0;
	}
	counter->rate *= fade;
	counter->bytes *= fade;
	if (counter->waiting > 0)
		counter->waiting *= fade_of(passed / 16);
	counter->last_ns = now_ns;
}

void counter_add(struct counter *counter, float sampled, float packets, float bytes)
{
	bank_add(&counter->bank, sampled / counter->phi);
	if (!counter->rise_ns)
		counter->rise_ns = counter->last_ns;
	counter->since += packets;
	counter->rate += packets / COUNTER_RATE_S;
	counter->bytes += bytes / COUNTER_RATE_S;
	counter->bin_packets += packets;
}
