/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts: the exact index of a shard, from (host, direction) to its rows of this tick.
 *
 * One path for all hosts: hosts_aim() says where to look and has it in cache a
 * little later, hosts_find() and hosts_take() give the slot. Hosts of IPv4
 * networks that the configuration gave fixed places (config_network.dense) are
 * found by index, direction by direction, so that a direction or network
 * without traffic takes no memory. All others share a table by open addressing
 * with linear probing, at most half full. Memory is taken at open. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/ip.h"
#include "config/config.h"
#include "model/tally.h"

/** Directions in which hosts are followed: all but transit. */
#define HOSTS_DIRECTIONS 3

/** What is known of a host in one direction. */
struct host_slot {
	uint32_t row;     /**< its first in this tick, if `tick` is the current one */
	uint32_t tick;    /**< of the last flow; 0: none yet */
	uint32_t sampled; /**< packets in `second`, before scaling; saturating */
	uint16_t second;  /**< of the last flow; wraps after 18 hours */
	uint8_t direction;
	bool used : 1;
	bool busy : 1;    /**< had more than the floor in the second before */
	bool refused : 1; /**< no detail was left for it in this tick */
};

/** A host that is looked up by hashing: half a cache line. */
struct host_entry {
	struct ip ip;
	struct host_slot slot;
};

/** The index. */
struct hosts {
	struct host_slot *dense; /**< `max` for each direction */
	struct host_entry *entries;
	void *memory; /**< what `entries` was aligned in */
	size_t mask;
	size_t max;
	size_t count;        /**< entries in use */
	size_t dense_count;  /**< fixed places in use */
	size_t cursor;       /**< where the next sweep of entries goes on */
	size_t dense_cursor; /**< likewise of fixed places */
	uint64_t seed;
	uint64_t replaced; /**< hosts that had to go for others while they were idle */
};

/** Where a host is looked for. */
struct host_aim {
	struct host_slot *dense; /**< its slot; NULL: it is among the entries */
	size_t home;
};

/** hosts_open() - room for @max hosts of each kind. Return: 0 or -ENOMEM. */
WEIR_CHECK int hosts_open(struct hosts *hosts, size_t max, uint64_t seed);

/** hosts_close() - give the memory back; harmless when repeated. */
void hosts_close(struct hosts *hosts);

/** The last 32 bits of an address: all of an IPv4 one. */
static inline uint32_t hosts_low_word(const struct ip *ip)
{
	uint32_t be;
	memcpy(&be, &ip->b[12], sizeof(be));
	return __builtin_bswap32(be);
}

/** Where the search among the entries begins. */
static inline size_t hosts_home(const struct hosts *hosts, const struct ip *ip, uint8_t direction)
{
	return hash_ip(ip, hosts->seed + direction) & hosts->mask;
}

/**
 * hosts_aim() - where to look for a host; what is there will be in cache a little later.
 * @network: around the host; NULL: none is configured
 * @direction: not transit
 */
static inline struct host_aim hosts_aim(const struct hosts *hosts,
					const struct config_network *network, const struct ip *ip,
					uint8_t direction)
{
	if (network && network->dense) {
		uint32_t place = network->dense - 1 + hosts_low_word(ip) -
				 hosts_low_word(&network->prefix.ip);
		/* A reload may bring more places than were opened. */
		if (place < hosts->max) {
			struct host_slot *slot = &hosts->dense[direction * hosts->max + place];
			__builtin_prefetch(slot, 1);
			return (struct host_aim){ .dense = slot };
		}
	}
	size_t home = hosts_home(hosts, ip, direction);
	__builtin_prefetch(&hosts->entries[home], 1);
	return (struct host_aim){ .home = home };
}

/** hosts_probe() - hosts_find() among the entries. */
struct host_slot *hosts_probe(const struct hosts *hosts, size_t home, const struct ip *ip,
			      uint8_t direction);

/** hosts_find() - the host's slot, NULL if it has none; good until the next hosts_take(). */
static inline struct host_slot *hosts_find(const struct hosts *hosts, const struct host_aim *aim,
					   const struct ip *ip, uint8_t direction)
{
	return aim->dense ? aim->dense : hosts_probe(hosts, aim->home, ip, direction);
}

/** hosts_add() - hosts_take() for a host that is new, or not known to be there. */
struct host_slot *hosts_add(struct hosts *hosts, const struct host_aim *aim, const struct ip *ip,
			    uint8_t direction, uint16_t second);

/** The slot, found before, is still this host's: it may have moved or gone since. */
static inline bool hosts_still(const struct host_aim *aim, const struct host_slot *slot,
			       const struct ip *ip, uint8_t direction)
{
	if (!slot || !slot->used)
		return false;
	const struct host_entry *entry =
		(const struct host_entry *)((const char *)slot - offsetof(struct host_entry, slot));
	return aim->dense || (slot->direction == direction && ip_equal(&entry->ip, ip));
}

/**
 * hosts_take() - the slot of a row's host, a new one if it has none.
 * @found: what hosts_find() said a while ago; NULL: nothing
 * @second: now; hosts silent since the second before last make room when all is full
 *
 * Return: good until the next call; NULL when there is no room.
 */
static inline struct host_slot *hosts_take(struct hosts *hosts, const struct host_aim *aim,
					   struct host_slot *found, const struct tally *of,
					   uint16_t second)
{
	if (hosts_still(aim, found, &of->host, of->direction))
		return found;
	return hosts_add(hosts, aim, &of->host, of->direction, second);
}

/**
 * hosts_sweep() - look at a part of all slots and drop hosts that were silent for long.
 * @second: now
 * @idle_s: the longest silence of an entry that may stay
 * @part: one in so many is looked at
 */
void hosts_sweep(struct hosts *hosts, uint16_t second, uint16_t idle_s, size_t part);
