/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seen: who has talked to whom in about the last day.
 *
 * Pairs of addresses in, "seen before" out: two blocked Bloom filters (Putze, Sanders, Singler 2009)
 * that take turns. What is new to a host that is suddenly busy tells a crowd of strangers from its
 * own people. A filter that is half full gives way early, so that "known" keeps its meaning: of what
 * was never put at most one in eight is known then. Fixed memory; one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/** What is noted is known after one to two of these: an attack is not known by its own first packets. */
#define SEEN_WAIT_NS (60ULL * 1000000000ULL)
/** Time that one filter is written for. */
#define SEEN_TURN_NS (12ULL * 3600 * 1000000000ULL)

/** The filters. */
struct seen {
	uint64_t *bits[2];    /**< of about a day */
	uint64_t *waiting[2]; /**< of the last minutes: not yet said to be known */
	uint64_t mask;        /**< of blocks of 64 bytes */
	uint64_t seed;
	unsigned now;            /**< of `bits`, the one that is written */
	unsigned wait;           /**< of `waiting` likewise */
	uint64_t waited_ns;      /**< when these changed places */
	uint64_t turned_ns;      /**< when they changed places; 0: never */
	uint64_t first_ns;       /**< when it began to look; 0: not yet */
	uint64_t set[2];         /**< bits that are set in `bits` */
	uint64_t waiting_set[2]; /**< in `waiting` */
	uint64_t early;          /**< times that a filter gave way because it was half full */
};

/** seen_open() - two filters of @bytes each. Return: 0 or -ENOMEM. */
WEIR_CHECK int seen_open(struct seen *seen, uint64_t bytes, uint64_t seed);

/** seen_close() - give the memory back; harmless when repeated. */
void seen_close(struct seen *seen);

/** seen_hash() - of an ordered pair; with @b zero of @a alone. */
uint64_t seen_hash(const struct seen *seen, const struct ip *a, const struct ip *b);

/** seen_test() - has it been put, a minute ago or before? */
bool seen_test(const struct seen *seen, uint64_t hash);

/** seen_put() - note it. */
void seen_put(struct seen *seen, uint64_t hash);

/** seen_tick() - let the older filter begin anew when its time is over, or the newer one half full. */
void seen_tick(struct seen *seen, uint64_t now_ns);

/** seen_count() - count what is set; after `bits` were filled by somebody else. */
void seen_count(struct seen *seen);

/** seen_fill() - percent of the bits that are set, in the fuller one. */
unsigned seen_fill(const struct seen *seen);
