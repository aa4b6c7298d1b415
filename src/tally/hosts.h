/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts: the exact table of a shard, from (host, direction) to a row of this tick.
 *
 * Open addressing with linear probing, at most half full, slots of half a
 * cache line: one miss a look-up, and the caller hides that one by hashing
 * and prefetching a whole run of flows first. Memory is taken at open. Hosts
 * that stay silent are swept out, a bounded number of slots a tick. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/ip.h"

/** A host in one direction. */
struct host_slot {
	struct ip ip;
	uint32_t row;      /**< its first in this tick, if `tick` is the current one */
	uint32_t tick;     /**< of the last flow; 0: none yet */
	uint32_t sampled;  /**< packets in `second`, before scaling */
	uint16_t second;   /**< of the last flow; wraps after 18 hours */
	uint8_t direction; /**< enum direction */
	bool used : 1;
	bool busy : 1;    /**< had more than the floor in the second before */
	bool refused : 1; /**< no detail was left for it in this tick */
};

/** The table. */
struct hosts {
	struct host_slot *slots;
	void *memory; /**< what `slots` was aligned in */
	size_t mask;
	size_t count;
	size_t max;
	size_t cursor; /**< where the next sweep goes on */
	uint64_t seed;
};

/** hosts_open() - room for @max hosts. Return: 0 or -ENOMEM. */
WEIR_CHECK int hosts_open(struct hosts *hosts, size_t max, uint64_t seed);

/** hosts_close() - give the memory back; harmless when repeated. */
void hosts_close(struct hosts *hosts);

/** Where the search for a host begins. */
static inline size_t hosts_home(const struct hosts *hosts, const struct ip *ip, uint8_t direction)
{
	return hash_ip(ip, hosts->seed + direction) & hosts->mask;
}

/** Have the host's slot in cache a little later. */
static inline void hosts_prefetch(const struct hosts *hosts, size_t home)
{
	__builtin_prefetch(&hosts->slots[home], 1);
}

/**
 * hosts_take() - the slot of a host, a new one if it has none.
 * @home: hosts_home() of the same host
 *
 * Return: good until the next hosts_sweep(); NULL when the table is full.
 */
struct host_slot *hosts_take(struct hosts *hosts, const struct ip *ip, uint8_t direction,
			     size_t home);

/**
 * hosts_sweep() - look at @budget slots and drop hosts that were silent for more than @idle_s.
 * @second: now
 */
void hosts_sweep(struct hosts *hosts, uint16_t second, uint16_t idle_s, size_t budget);
