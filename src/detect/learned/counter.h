/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter: what one entity gets of one class as one vantage sees it, tested all the time.
 *
 * Rows in, evidence that they are above the envelope out. A set-associative table of fixed size:
 * the entry that says least makes room. What an entry forgets when it goes is a few seconds of a
 * quiet entity; what was learned stands in profiles. One thread; allocates at open only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "detect/learned/bank.h"
#include "detect/learned/profile.h"
#include "model/tally.h"

/** Places of a set. */
#define COUNTER_WAYS     4
/** Counter of all classes together. */
#define COUNTER_TOTAL    CLASS_COUNT
/** Added to a class: the counter is of bytes, in packets of COUNTER_BYTES. */
#define COUNTER_OF_BYTES 16
/** Bytes that weigh as a packet: the floors of packets and bits meet there. */
#define COUNTER_BYTES    1250
/** Largest dispersion that is assumed. */
#define COUNTER_PHI_MOST 10.0F
/** Longest silence that rates are remembered over. */
#define COUNTER_RATE_S   2.0F

/** One entity, direction, class and vantage. */
struct counter {
	struct bank bank;
	uint64_t last_ns;  /**< up to when it is drained; 0: the place is free */
	uint64_t rise_ns;  /**< when the evidence began to rise from nothing */
	float allowed;     /**< envelope: packets a second */
	float phi;         /**< dispersion: variance of counts over their mean */
	uint32_t profile;  /**< number; 0: none, its floor is its envelope */
	uint32_t sampling; /**< 1:N of its latest row */
	uint32_t late;     /**< number of its history of seconds; 0: none */
	uint32_t subject;  /**< number of the subject it speaks for; 0: none */
	struct profile_key key;
	uint32_t vantage;
	uint32_t bin;      /**< number of the 10 s being added up */
	float bin_packets; /**< in them */
	float rate;        /**< packets a second of the last seconds, fading */
	float bytes;       /**< bytes a second likewise */
	float usual;       /**< packets a second of the last minutes, what is suspected left out */
	float usual_bytes; /**< bytes a second likewise */
	float waiting;     /**< sampled packets reported afterwards lately, fading */
	float since;       /**< packets since then */
};

/** All of them. */
struct counters {
	struct counter *at;
	uint32_t *tags; /**< of each place, from its hash; what is not there is told by one line */
	void *memory;
	uint32_t mask; /**< of sets */
	uint64_t seed;
	uint64_t used;
	uint64_t replaced; /**< that had to go for others while they still said something */
};

/** counters_open() - room for at least @max. Return: 0 or -ENOMEM. */
WEIR_CHECK int counters_open(struct counters *counters, size_t max, uint64_t seed);

/** counters_close() - give the memory back; harmless when repeated. */
void counters_close(struct counters *counters);

/** counters_set() - hash of a key; where it points to is asked for early, to be in cache later. */
uint64_t counters_set(const struct counters *counters, const struct profile_key *key,
		      uint32_t vantage);

/** counters_look() - have the counter of a hash in cache a little later, if it has one. */
void counters_look(const struct counters *counters, uint64_t set);

/** counters_find() - the counter of a key; NULL if it has none. */
struct counter *counters_find(const struct counters *counters, uint64_t set,
			      const struct profile_key *key, uint32_t vantage);

/**
 * counters_take() - the counter of a key, a fresh one if need be: zero but for key and vantage.
 *
 * Return: never NULL; `last_ns` of a fresh one is 0.
 */
struct counter *counters_take(struct counters *counters, uint64_t set,
			      const struct profile_key *key, uint32_t vantage);

/** counter_pass() - bring it up to @now_ns: evidence drains, rates fade. */
void counter_pass(struct counter *counter, uint64_t now_ns);

/** counter_add() - @sampled packets of a row that stand for @packets; after counter_pass(). */
void counter_add(struct counter *counter, float sampled, float packets, float bytes);
