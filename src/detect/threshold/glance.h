/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glance: the little that is kept of every host, to tell which deserve a closer look.
 *
 * A cache line for each host and direction: upper bounds of its load, which is
 * the largest share of the lowest limit that is about it, in the five bins of
 * the window, and in stretches of 18 s for what was reported afterwards. A pool
 * that is filled from the front, with an index by (host, direction). All memory
 * is taken at open and touched as far as needed. One thread.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "detect/span.h"
#include "detect/threshold/window.h"

/** A load of one, which is a limit reached, in the units that a glance counts in. */
#define GLANCE_ONE       (1U << 17)
/** Stretches for what was reported afterwards, and their length: all that a trail remembers. */
#define GLANCE_STRETCHES 15
#define GLANCE_STRETCH_S 18
/** Most glances that an index entry can name. */
#define GLANCE_MAX       ((1U << 24) - 2)

/** What the number of a watch must fit in. */
#define GLANCE_WATCH_MASK ((1U << 24) - 1)

/** One host and direction. */
struct glance {
	struct ip host;
	uint32_t used : 1;
	uint32_t direction : 7; /**< enum direction */
	uint32_t watch : 24;    /**< its watch, plus one; 0: none; of an unused one the next */
	uint16_t bin;           /**< number of the newest bin, in a circle */
	uint16_t stretch;       /**< number of the newest stretch, in a circle */
	uint16_t now[WINDOW_BINS];
	uint16_t past[GLANCE_STRETCHES];
};
static_assert(sizeof(struct glance) == 64, "a glance is a cache line");

/** The table. */
struct glances {
	struct glance *pool;
	void *memory; /**< of the pool, which is aligned in it */
	uint32_t *index;
	size_t mask; /**< of the index */
	size_t max;
	size_t count;
	size_t fresh;    /**< places of the pool never used */
	uint32_t unused; /**< first of the list, plus one */
	size_t cursor;   /**< where the next sweep goes on */
	uint64_t seed;
};

/** glances_open() - room for @max hosts and directions. Return: 0 or -ENOMEM. */
WEIR_CHECK int glances_open(struct glances *glances, size_t max, uint64_t seed);

/** glances_close() - give the memory back; harmless when repeated. */
void glances_close(struct glances *glances);

/** glances_hash() - where a host is looked for, which will be in cache a little later. */
uint32_t glances_hash(const struct glances *glances, const struct ip *host, uint8_t direction);

/** glances_prefetch() - have what is found there in cache a little later. */
void glances_prefetch(const struct glances *glances, uint32_t hash);

/**
 * glances_take() - a host's place.
 * @hash: glances_hash() of the same host
 * @add: a new one if it has none
 *
 * Return: good until it is swept; NULL if it has none, or all are in use.
 */
struct glance *glances_take(struct glances *glances, const struct ip *host, uint8_t direction,
			    uint32_t hash, bool add);

/** glances_place() - the number of a glance, which it keeps until it is swept. */
static inline uint32_t glances_place(const struct glances *glances, const struct glance *glance)
{
	return (uint32_t)(glance - glances->pool);
}

/**
 * glance_add_now() - traffic of a tick.
 * @bin: number of the bin that the tick ends in
 *
 * Return: the load of the window; negative if the tick is older than that.
 */
float glance_add_now(struct glance *glance, uint64_t bin, float load);

/**
 * glance_add_past() - traffic that is spread over a span.
 * @now_s: the second that is now
 * @all: load of all of it in one window
 * @most: load of the part that can fall into one window
 *
 * Return: the largest load of the stretches touched.
 */
float glance_add_past(struct glance *glance, uint64_t now_s, const struct span *span, float all,
		      float most);

/** glance_clear() - forget the load. */
void glance_clear(struct glance *glance);

/** glances_sweep() - look at @budget places and free those without load and watch. */
void glances_sweep(struct glances *glances, uint64_t bin, uint64_t now_s, size_t budget);
