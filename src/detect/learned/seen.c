/* SPDX-License-Identifier: Apache-2.0 */
/* seen: four bits in one cache line a key. */
#include "detect/learned/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define BLOCK_WORDS 8
#define BLOCK_BYTES 64
#define BITS        4

int seen_open(struct seen *seen, uint64_t bytes, uint64_t seed)
{
	uint64_t blocks = 64;

	while (blocks * BLOCK_BYTES < bytes)
		blocks *= 2;
	*seen = (struct seen){ .mask = blocks - 1, .seed = seed };
	for (unsigned i = 0; i < 2; i++) {
		seen->bits[i] = calloc(blocks, BLOCK_BYTES);
		seen->waiting[i] = calloc(blocks, BLOCK_BYTES);
	}
	if (seen->bits[0] && seen->bits[1] && seen->waiting[0] && seen->waiting[1])
		return 0;
	seen_close(seen);
	return -ENOMEM;
}

void seen_close(struct seen *seen)
{
	for (unsigned i = 0; i < 2; i++) {
		free(seen->bits[i]);
		free(seen->waiting[i]);
	}
	memset(seen, 0, sizeof(*seen));
}

uint64_t seen_hash(const struct seen *seen, const struct ip *a, const struct ip *b)
{
	return hash_mix(hash_ip(a, seen->seed), hash_ip(b, ~seen->seed) | 1);
}

static const uint64_t *block_of(const struct seen *seen, unsigned filter, uint64_t hash)
{
	return &seen->bits[filter][(hash & seen->mask) * BLOCK_WORDS];
}

static bool has(const uint64_t *block, uint64_t hash)
{
	for (unsigned i = 0; i < BITS; i++) {
		unsigned bit = hash >> (28 + 9 * i) & 511;
		if (!(block[bit / 64] >> bit % 64 & 1))
			return false;
	}
	return true;
}

bool seen_test(const struct seen *seen, uint64_t hash)
{
	return has(block_of(seen, seen->now, hash), hash) ||
	       has(block_of(seen, !seen->now, hash), hash);
}

static uint64_t words_of(const struct seen *seen)
{
	return (seen->mask + 1) * BLOCK_WORDS;
}

/* So many bits may be set in one filter: half of them. */
static uint64_t most_of(const struct seen *seen)
{
	return words_of(seen) * 64 / 2;
}

static unsigned bits_of(uint64_t word)
{
	return (unsigned)__builtin_popcountll(word);
}

void seen_put(struct seen *seen, uint64_t hash)
{
	uint64_t *block = &seen->waiting[seen->wait][(hash & seen->mask) * BLOCK_WORDS];

	for (unsigned i = 0; i < BITS; i++) {
		unsigned bit = hash >> (28 + 9 * i) & 511;
		uint64_t one = (uint64_t)1 << bit % 64;
		seen->waiting_set[seen->wait] += !(block[bit / 64] & one);
		block[bit / 64] |= one;
	}
}

static void turn(struct seen *seen, uint64_t now_ns)
{
	seen->turned_ns = now_ns;
	seen->now = !seen->now;
	seen->set[seen->now] = 0;
	memset(seen->bits[seen->now], 0, words_of(seen) * sizeof(uint64_t));
}

/* What has waited long enough is known from now on; what would fill a filter by itself never is. */
static void turn_waiting(struct seen *seen, uint64_t now_ns)
{
	uint64_t *ripe = seen->waiting[!seen->wait];
	uint64_t *more = &seen->waiting_set[!seen->wait];
	bool use = *more <= most_of(seen);

	if (seen->set[seen->now] + *more > most_of(seen)) {
		seen->early++;
		turn(seen, now_ns);
	}
	uint64_t *bits = seen->bits[seen->now];
	for (uint64_t i = 0; i < words_of(seen); i++) {
		if (ripe[i] && use) {
			seen->set[seen->now] += bits_of(ripe[i] & ~bits[i]);
			bits[i] |= ripe[i];
		}
		ripe[i] = 0;
	}
	*more = 0;
	seen->wait = !seen->wait;
	seen->waited_ns = now_ns;
}

void seen_tick(struct seen *seen, uint64_t now_ns)
{
	if (!seen->first_ns)
		seen->first_ns = seen->turned_ns = now_ns;
	if (now_ns >= seen->waited_ns + SEEN_WAIT_NS)
		turn_waiting(seen, now_ns);
	if (now_ns >= seen->turned_ns + SEEN_TURN_NS)
		turn(seen, now_ns);
}

void seen_count(struct seen *seen)
{
	for (unsigned filter = 0; filter < 2; filter++) {
		seen->set[filter] = 0;
		for (uint64_t i = 0; i < words_of(seen); i++)
			seen->set[filter] += bits_of(seen->bits[filter][i]);
	}
}

unsigned seen_fill(const struct seen *seen)
{
	uint64_t most = seen->set[0] > seen->set[1] ? seen->set[0] : seen->set[1];

	return (unsigned)(most * 100 / (words_of(seen) * 64));
}
