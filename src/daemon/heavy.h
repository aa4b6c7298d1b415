/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heavy: rows about many addresses in, the heaviest addresses out, by bytes.
 *
 * Rows come by the hundred thousand, places are few. An address takes a place when one of its
 * rows (a tick, class and vantage) is at or above a floor; from then on all its rows count, and
 * what came before is missing. Where places run out the floor rises by a quarter for every so
 * many that are turned away, and sinks again when nobody is. Once a second those that are silent
 * go, and when places are scarce all but the heaviest half. So with a crowd of equal hosts it
 * is left to chance who of them is listed; who sends a quarter more than the crowd is found
 * within a few seconds. Memory is taken at open. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "daemon/gauge.h"

/** Addresses that are followed. */
#define HEAVY_PLACES 256
#define HEAVY_SLOTS  1024
#define HEAVY_FILTER 16384

/** One of them. */
struct heavy_entry {
	struct ip ip;
	struct gauge gauge;
};

/** The table. */
struct heavy {
	struct heavy_entry *entries;
	size_t count;
	double floor;    /**< bytes of a row */
	uint64_t second; /**< of the latest sweep */
	size_t refused;  /**< since then */
	uint64_t seed;
	uint64_t filter[HEAVY_FILTER / 64]; /**< bit of each address followed, by hash */
	uint16_t index[HEAVY_SLOTS];        /**< by hash: place + 1; 0: free */
};

/** An address with what is said of it. */
struct heavy_pick {
	struct ip ip;
	struct gauge_sum sum;
};

/** heavy_open() - an empty table. Return: 0 or -ENOMEM. */
WEIR_CHECK int heavy_open(struct heavy *heavy, uint64_t seed);

/** heavy_close() - give the memory back; harmless when repeated. */
void heavy_close(struct heavy *heavy);

/** heavy_count() - count a row of an address that is followed, or that should be; for heavy_add(). */
void heavy_count(struct heavy *heavy, const struct tally *row, uint64_t hash, uint64_t tick_ns);

/** heavy_add() - take a row: a hash, a bit and a comparison for most. */
static inline void heavy_add(struct heavy *heavy, const struct tally *row, uint64_t tick_ns)
{
	uint64_t hash = hash_mix(row->host.w[0] ^ heavy->seed, row->host.w[1] ^ ~heavy->seed);

	if ((heavy->filter[hash % HEAVY_FILTER / 64] >> hash % 64 & 1) ||
	    (double)row->bytes >= heavy->floor)
		heavy_count(heavy, row, hash, tick_ns);
}

/** heavy_tick() - time went on: once a second make room. */
void heavy_tick(struct heavy *heavy, uint64_t second);

/**
 * heavy_top() - the heaviest by bytes of the @seconds whole seconds before @second.
 * @ret_picks: gets up to @most, the heaviest first; equal ones by address
 *
 * Return: how many there are; none without traffic.
 */
size_t heavy_top(const struct heavy *heavy, uint64_t second, unsigned seconds,
		 struct heavy_pick *ret_picks, size_t most);
