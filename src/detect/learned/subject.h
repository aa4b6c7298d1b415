/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject: an entity that is looked at closely: what is suspected of it, and the samples that tell.
 *
 * Counters whose evidence rises name subjects; samples of these are kept, the newest of a fixed
 * number; judges make suspects and attacks of them. A pool of fixed size: the one that says least
 * makes room. One thread; allocates at open only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "model/finding.h"
#include "model/flow.h"
#include "model/sample.h"

/** Samples kept of a subject. */
#define SUBJECT_SAMPLES 256
/** Counters that may speak for one. */
#define SUBJECT_LANES   16

/** So many of a full pool make room for others in a tick: looking for them is not free. */
#define SUBJECT_SWAPS   32
/** Alarm below which one that only rises may have to. */
#define SUBJECT_LIGHT   0.5F
/** Evidence below which a suspect may have to, in nats, after it was looked at for so long. */
#define SUBJECT_NATS    3.0F
#define SUBJECT_LOOK_NS 2000000000ULL

/** How far it is. */
enum subject_state {
	SUBJECT_FREE,
	SUBJECT_RISING,    /**< evidence rises: samples are kept */
	SUBJECT_SUSPECT,   /**< above its envelope, for certain; what it is, is being found out */
	SUBJECT_CONFIRMED, /**< it is an attack */
	SUBJECT_ARMED,     /**< it was; quiet, and found again at once when it comes back */
};

/** A counter that speaks for the subject. */
struct subject_lane {
	uint32_t counter; /**< place in the table, plus one; whose it is must be looked at anew */
	uint32_t vantage;
	uint8_t class; /**< as in profile_key */
};

/** A sample with when it was, and whether its two ends were known to talk. */
struct subject_sample {
	struct sample sample;
	uint64_t time_ns;
	bool known_pair; /**< seen before in about a day */
	bool known_peer; /**< the outside address was */
};

/** What the reasons add up to. */
struct subject_verdict {
	float nats;
	uint8_t kind; /**< enum attack_kind */
	char why[FINDING_WHY_MAX];
};

/** The entity. */
struct subject {
	struct ip ip;
	uint8_t len;
	uint8_t kind; /**< enum tally_kind */
	uint8_t direction;
	uint8_t state;    /**< enum subject_state */
	uint32_t classes; /**< bit 1 << enum traffic_class of those that rise by themselves */
	uint32_t lane_count;
	struct subject_lane lanes[SUBJECT_LANES];
	float alarm;         /**< of the worst lane, 1 is certain */
	float alarm_most;    /**< since it rises */
	float peak;          /**< largest rate of a lane while it was an attack, packets a second */
	uint64_t rise_ns;    /**< first sign */
	uint64_t suspect_ns; /**< 0: not yet */
	uint64_t confirm_ns; /**< 0: not yet */
	uint64_t above_ns;   /**< last above its envelope */
	uint64_t judged_ns;  /**< evidence was last weighed */
	uint64_t told_ns;    /**< last finding */
	uint32_t fresh;      /**< samples since it was judged */
	float back;          /**< of a place outside: packets that came from it, fading over 4 s */
	uint64_t back_ns;    /**< when that was brought up to date */
	uint64_t bulk_key;   /**< finding.story it is told under, for information; 0: it is not */
	uint64_t bulk_ns;    /**< last such finding */
	uint32_t story;      /**< number of the attack it is part of; 0: none */
	bool sudden;         /**< the tests for large changes were the first to fire */
	bool up;             /**< confirmed, and above half of its envelope */
	uint32_t pulses;     /**< times it came back */
	uint64_t pulse_ns;   /**< last begin */
	uint64_t period_ns;  /**< between begins, the latest */
	struct subject_verdict verdict;
	uint32_t head;  /**< next place in the samples */
	uint32_t count; /**< of the samples */
	uint32_t next;  /**< in its bucket */
	struct subject_sample samples[SUBJECT_SAMPLES];
};

/** All of them. */
struct subjects {
	struct subject *at; /**< numbered from 1 */
	uint32_t *buckets;
	uint32_t *active; /**< numbers of those in use */
	uint32_t active_count;
	uint32_t *unused;
	uint32_t unused_count;
	uint32_t mask;
	uint32_t max;
	uint16_t len_count[2][129];
	uint32_t light
		[SUBJECT_SWAPS]; /**< of those that may make room in this tick, the least last */
	float light_weight[SUBJECT_SWAPS];
	uint32_t light_count;
	uint64_t light_ns; /**< the tick that the list is of */
	uint64_t turned_away;
	uint64_t seed;
};

/** subjects_open() - room for @max. Return: 0 or -ENOMEM. */
WEIR_CHECK int subjects_open(struct subjects *subjects, size_t max, uint64_t seed);

/** subjects_close() - give the memory back; harmless when repeated. */
void subjects_close(struct subjects *subjects);

/** A subject by number. */
static inline struct subject *subjects_at(const struct subjects *subjects, uint32_t number)
{
	return &subjects->at[number - 1];
}

/** Classes that are looked at: those that rise, or all when only their sum does. */
static inline uint32_t subject_classes(const struct subject *subject)
{
	/* Of a place outside nothing but what our hosts send there is known: all of it counts. */
	return subject->classes && subject->kind == TALLY_OWN ? subject->classes
							      : (1U << CLASS_COUNT) - 1;
}

/** subjects_find() - number of an entity's subject; 0. */
uint32_t subjects_find(const struct subjects *subjects, const struct ip *ip, uint8_t len,
		       uint8_t kind, uint8_t direction);

/** subjects_take() - the same, a new one if need be; 0 and counted when the pool is full. */
uint32_t subjects_take(struct subjects *subjects, const struct subject *like, uint64_t now_ns);

/** subjects_lightest() - one that says so little that it may make room; 0, or none left in this tick. */
uint32_t subjects_lightest(struct subjects *subjects, uint64_t now_ns);

/** subjects_free() - forget one. */
void subjects_free(struct subjects *subjects, uint32_t number);

/** subject_put() - keep a sample, the oldest goes. */
void subject_put(struct subject *subject, const struct subject_sample *sample);

/** subject_lane() - a counter speaks for it; what is beyond SUBJECT_LANES is left out. */
void subject_lane(struct subject *subject, uint32_t counter, uint32_t vantage, uint8_t class);
