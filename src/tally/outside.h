/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside: the outside addresses that own hosts send to, in bounded memory.
 *
 * Nobody can tell how many there are, so this is a sketch: SpaceSaving (Metwally,
 * Agrawal, El Abbadi 2005) in sets of eight places. An address, class, vantage
 * and age that is new to a full set takes the place of the lightest, and says
 * how much of its own may be missing for that. Weights halve every second.
 * What was touched in a tick is handed over as rows of kind TALLY_OUTSIDE.
 * Memory is taken at open, 64 bytes a place. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/flow.h"
#include "tally/batch.h"

/** Places of a set. */
#define OUTSIDE_WAYS 8

/** What decides about the places of a set, on one cache line. */
struct outside_set {
	uint32_t tag[OUTSIDE_WAYS];    /**< of the key; 0: free */
	uint32_t weight[OUTSIDE_WAYS]; /**< packets, inherited ones as well; saturating */
};

/** One place. */
struct outside_entry {
	struct ip ip;
	uint64_t packets; /**< in this tick, as all counts; scaled */
	uint64_t bytes;
	uint32_t flows;
	uint32_t sampled;
	uint32_t vantage;
	uint32_t error;     /**< packets it may have had before it took the place */
	uint16_t begin_age; /**< in steps of 8 s */
	uint16_t end_age;
	uint32_t next : 24; /**< touched after it in this tick, plus one */
	uint32_t class : 7;
	uint32_t listed : 1; /**< touched in this tick */
};

/** The sketch. */
struct outside {
	struct outside_set *sets;
	struct outside_entry *entries; /**< OUTSIDE_WAYS for each set */
	void *memory;                  /**< what `sets` was aligned in */
	size_t mask;                   /**< of the sets */
	uint32_t first;                /**< touched in this tick, plus one */
	uint32_t last;
	size_t cursor;      /**< next set to halve */
	uint64_t halved_ns; /**< up to when weights were halved */
	uint64_t seed;
	uint64_t used;     /**< places taken */
	uint64_t replaced; /**< times that an entry had to go for another */
};

/** outside_places() - how many places a limit becomes: whole sets, a power of two of them. */
size_t outside_places(uint64_t limit);

/** outside_open() - room for at least @limit entries. Return: 0 or -ENOMEM. */
WEIR_CHECK int outside_open(struct outside *outside, uint64_t limit, uint64_t seed);

/** outside_close() - give the memory back; harmless when repeated. */
void outside_close(struct outside *outside);

/** outside_aim() - the hash of an address; its set will be in cache a little later. */
uint64_t outside_aim(const struct outside *outside, const struct ip *ip);

/** outside_look() - have the address's entry in cache a little later, if it has one. */
void outside_look(const struct outside *outside, uint64_t hash);

/**
 * outside_add() - count traffic to an address.
 * @hash: outside_aim() of the same address
 * @ip: the address
 * @add: class, vantage, ages and counts of the flow
 */
void outside_add(struct outside *outside, uint64_t hash, const struct ip *ip,
		 const struct tally *add);

/** outside_rows() - append what was touched, in order of first touch, and begin anew. */
void outside_rows(struct outside *outside, struct tally_batch *batch, uint64_t tick_ns);
