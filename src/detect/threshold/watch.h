/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: the hosts that the detector follows, each direction apart.
 *
 * A pool of fixed size with an index by (host, direction), and a smaller pool
 * of details. All memory is taken at open. A host whose window has run empty
 * is nothing to remember and makes room. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "detect/threshold/window.h"

/** The peers of a host, fading out. */
struct watch_detail {
	struct tally_detail detail;
	uint64_t faded_bin;       /**< when counts were halved last */
	uint64_t distinct_before; /**< peers counted until then */
	uint32_t next;            /**< in the list of unused ones, plus one */
};

/** One host and direction. */
struct watch {
	struct ip host;
	uint8_t direction; /**< enum direction */
	bool used;
	bool listed;       /**< waits to be judged at the tick's end */
	bool open;         /**< above a limit, or was and is not yet far below */
	bool fresh;        /**< open since this tick */
	uint32_t detail;   /**< in the pool, plus one; 0: none */
	uint32_t next;     /**< in the list of unused ones, plus one */
	uint64_t held;     /**< rules exceeded since it is open */
	uint64_t onset_ns; /**< since it is open */
	struct window window;
};

/** The table. */
struct watches {
	struct watch *pool;
	struct watch_detail *details;
	struct watch_index *index;
	size_t mask; /**< of the index */
	size_t max;
	size_t count;
	size_t fresh; /**< places of the pool never used */
	size_t max_details;
	size_t fresh_details;
	uint32_t unused; /**< first of the list, plus one */
	uint32_t unused_details;
	size_t cursor; /**< where the next sweep goes on */
	uint64_t seed;
};

/** watches_open() - room for @max hosts, details for @max_details. Return: 0 or -ENOMEM. */
WEIR_CHECK int watches_open(struct watches *watches, size_t max, size_t max_details, uint64_t seed);

/** watches_close() - give the memory back; harmless when repeated. */
void watches_close(struct watches *watches);

/** watches_hash() - where a host is looked for, which will be in cache a little later. */
uint32_t watches_hash(const struct watches *watches, const struct ip *host, uint8_t direction);

/** watches_prefetch() - have what is found there in cache a little later. */
void watches_prefetch(const struct watches *watches, uint32_t hash);

/**
 * watches_take() - a host's place, a new one if it has none.
 * @hash: watches_hash() of the same host
 *
 * Return: good until it is swept; NULL when all places are in use.
 */
struct watch *watches_take(struct watches *watches, const struct ip *host, uint8_t direction,
			   uint32_t hash);

/** watches_detail_of() - a host's detail, a new one if it has none; NULL when all are in use. */
struct watch_detail *watches_detail_of(struct watches *watches, struct watch *watch);

/** The host's detail; NULL if it has none. */
static inline const struct watch_detail *watches_detail(const struct watches *watches,
							const struct watch *watch)
{
	return watch->detail ? &watches->details[watch->detail - 1] : NULL;
}

/** watches_sweep() - look at @budget places and free hosts and details without recent traffic. */
void watches_sweep(struct watches *watches, uint64_t bin, size_t budget);
