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

static_assert(sizeof(struct counter) == 2 * CACHE_LINE, "what is touched with a row is two lines");

int counters_open(struct counters *counters, size_t max, uint64_t seed)
{
	size_t sets = 16;

	while (sets * COUNTER_WAYS < max)
		sets *= 2;
	/* calloc: what no row touches takes no memory. */
	void *memory = calloc(sets * COUNTER_WAYS + 1, sizeof(struct counter));
	if (!memory)
		return -ENOMEM;
	uintptr_t aligned = ((uintptr_t)memory + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1);
	*counters = (struct counters){ .at = (struct counter *)aligned,
				       .memory = memory,
				       .mask = (uint32_t)sets - 1,
				       .seed = seed };
	return 0;
}

void counters_close(struct counters *counters)
{
	free(counters->memory);
	memset(counters, 0, sizeof(*counters));
}

static uint64_t rest_of(const struct profile_key *key, uint32_t vantage)
{
	return (uint64_t)vantage << 32 | (uint64_t)key->len << 24 | (uint64_t)key->kind << 16 |
	       (uint64_t)key->direction << 8 | key->class;
}

uint32_t counters_set(const struct counters *counters, const struct profile_key *key,
		      uint32_t vantage)
{
	uint64_t hash = hash_mix(hash_ip(&key->ip, counters->seed),
				 rest_of(key, vantage) ^ 0x8ebc6af09c88c6e3U);
	uint32_t set = (uint32_t)hash & counters->mask;

	__builtin_prefetch(&counters->at[(size_t)set * COUNTER_WAYS], 1);
	return set;
}

static bool is_it(const struct counter *counter, const struct profile_key *key, uint32_t vantage)
{
	return counter->last_ns && counter->vantage == vantage &&
	       ip_equal(&counter->key.ip, &key->ip) && rest_of(&counter->key, 0) == rest_of(key, 0);
}

struct counter *counters_find(const struct counters *counters, uint32_t set,
			      const struct profile_key *key, uint32_t vantage)
{
	struct counter *ways = &counters->at[(size_t)set * COUNTER_WAYS];

	for (unsigned i = 0; i < COUNTER_WAYS; i++) {
		if (is_it(&ways[i], key, vantage))
			return &ways[i];
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

struct counter *counters_take(struct counters *counters, uint32_t set,
			      const struct profile_key *key, uint32_t vantage)
{
	struct counter *ways = &counters->at[(size_t)set * COUNTER_WAYS];
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
	return counter;
}

void counter_pass(struct counter *counter, uint64_t now_ns)
{
	if (now_ns <= counter->last_ns)
		return;
	float passed = (float)(now_ns - counter->last_ns) * SECOND;
	float fade = expf(-passed / COUNTER_RATE_S);
	float samples = counter->allowed / (float)counter->sampling * passed;

	if (!counter->late && bank_worst(&counter->bank) > 0)
		bank_drain(&counter->bank, samples / counter->phi);
	if (bank_worst(&counter->bank) <= 0) {
		counter->rise_ns = 0;
		counter->since = 0;
	}
	counter->rate *= fade;
	counter->bytes *= fade;
	counter->waiting *= expf(-passed / 16);
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
