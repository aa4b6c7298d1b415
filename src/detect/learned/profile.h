/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: what is normal for an entity, direction and class: its learned envelope.
 *
 * Rates of whole 10 s in, the rate that is allowed out: margin times the greater of the 99.9 %
 * quantile of about a week and what this hour of the week usually brings. Only those have a
 * profile whose rates come near the floor; for all others the floor is the envelope. Growth is
 * limited, so that an attack cannot teach that it is normal. Fixed memory; one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/** Length of the time that a rate is taken over. */
#define PROFILE_BIN_S  10
/** Bins of the histogram of rates: four to a doubling, from 1 pps on. */
#define PROFILE_BINS   112
#define PROFILE_HOURS  168
/** Bins of time until a profile is no longer young: an hour's. */
#define PROFILE_YOUNG  360
/** Bins after which envelopes are worth something: five minutes' (promise of a fresh start). */
#define PROFILE_USEFUL 30
/** Bins of time of a week. */
#define PROFILE_WEEK   60480
/** profiles_find(): none. */
#define PROFILE_NONE   0

/** Whose it is. */
struct profile_key {
	struct ip ip;
	uint8_t len;
	uint8_t kind; /**< enum tally_kind */
	uint8_t direction;
	uint8_t class; /**< enum traffic_class; CLASS_COUNT: all together, + 16: bytes */
};

/** What is normal. */
struct profile {
	struct profile_key key;
	uint32_t next;                /**< in its bucket */
	uint32_t bins;                /**< of time that it has seen */
	uint32_t last_bin;            /**< number of the latest */
	float ceiling;                /**< largest rate that may be learned now */
	uint16_t rates[PROFILE_BINS]; /**< times that a rate was seen */
	uint8_t hours[PROFILE_HOURS]; /**< 8 log2 of the usual rate of each hour of the week */
};

/** All of them. */
struct profiles {
	struct profile *at; /**< numbered from 1 */
	uint32_t *buckets;
	uint32_t mask;
	uint32_t max;
	uint32_t count;
	uint32_t hand; /**< where one that is not used any more is looked for next */
	uint32_t bin;  /**< number of the 10 s that are now; whoever adds keeps it */
	uint64_t replaced;
	uint64_t turned_away;
	uint64_t seed;
};

/** profiles_open() - room for @max. Return: 0 or -ENOMEM. */
WEIR_CHECK int profiles_open(struct profiles *profiles, size_t max, uint64_t seed);

/** profiles_close() - give the memory back; harmless when repeated. */
void profiles_close(struct profiles *profiles);

/** profiles_find() - number of a profile; PROFILE_NONE. */
uint32_t profiles_find(const struct profiles *profiles, const struct profile_key *key);

/**
 * profiles_add() - a new, empty one.
 *
 * When all are taken it gets the place of one that nothing was heard of for over a week, if one of a
 * few that are looked at is so; else PROFILE_NONE and counted. Whoever remembers a number has to ask
 * profiles_renew().
 */
uint32_t profiles_add(struct profiles *profiles, const struct profile_key *key);

/** profiles_is() - is @number still that of @key? False for PROFILE_NONE. */
bool profiles_is(const struct profiles *profiles, uint32_t number, const struct profile_key *key);

/** profiles_renew() - @number if it is still that of @key, else as profiles_find(). */
uint32_t profiles_renew(const struct profiles *profiles, uint32_t number,
			const struct profile_key *key);

/** A profile by number. */
static inline struct profile *profiles_at(const struct profiles *profiles, uint32_t number)
{
	return &profiles->at[number - 1];
}

/** How much a rate may teach. */
enum profile_trust {
	PROFILE_ANSWERED,   /**< both sides talk: what it is may be learned */
	PROFILE_UNANSWERED, /**< one side only: grows by little, as attacks look like that */
};

/**
 * profile_learn() - 10 s have passed at this rate.
 * @bin: number of these 10 s since the epoch
 * @pps: packets a second in them
 * @start: what an entity may have from the first; its envelope's floor over the margin
 */
void profile_learn(struct profile *profile, uint32_t bin, float pps, enum profile_trust trust,
		   float start);

/** profile_rate() - the rate that is usual at most at @bin: quantile or hour of the week. */
float profile_rate(const struct profile *profile, uint32_t bin);
