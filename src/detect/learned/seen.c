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

void seen_put(struct seen *seen, uint64_t hash)
{
	uint64_t *block = &seen->waiting[seen->wait][(hash & seen->mask) * BLOCK_WORDS];

	for (unsigned i = 0; i < BITS; i++) {
		unsigned bit = hash >> (28 + 9 * i) & 511;
		block[bit / 64] |= (uint64_t)1 << bit % 64;
	}
}

/* What has waited long enough is known from now on. */
static void turn_waiting(struct seen *seen, uint64_t now_ns)
{
	uint64_t *ripe = seen->waiting[!seen->wait];

	for (uint64_t i = 0; i < (seen->mask + 1) * BLOCK_WORDS; i++) {
		if (ripe[i])
			seen->bits[seen->now][i] |= ripe[i];
		ripe[i] = 0;
	}
	seen->wait = !seen->wait;
	seen->waited_ns = now_ns;
}

void seen_tick(struct seen *seen, uint64_t now_ns)
{
	if (!seen->first_ns)
		seen->first_ns = seen->turned_ns = now_ns;
	if (now_ns >= seen->waited_ns + SEEN_WAIT_NS)
		turn_waiting(seen, now_ns);
	if (now_ns < seen->turned_ns + SEEN_TURN_NS)
		return;
	seen->turned_ns = now_ns;
	seen->now = !seen->now;
	memset(seen->bits[seen->now], 0, ((size_t)seen->mask + 1) * BLOCK_BYTES);
}
