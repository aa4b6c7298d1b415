/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew: all that is wanted in, what each actuator really holds out.
 *
 * One thread for each configured actuator, with a mailbox for the latest wanted set: slow outside
 * work never waits in a tick, and of sets that come faster than an actuator works only the newest
 * counts. A failure is tried again, later and later; a set that is in force is looked at again, so
 * that what an outside program lost comes back. Without threads (replay) nothing is ever touched.
 * All calls: control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actuate/actuator.h"

/** Actuators, with the one that only observes. */
#define CREW_MEMBERS 17
/** Plans in force at one actuator, and sources of all their sets. */
#define CREW_PLANS   64
#define CREW_SOURCES 16384

struct crew;
struct caught;

/** One actuator, as configured. */
struct crew_member {
	const char *name; /**< its own; "observe" for the one that is always there */
	const char *kind;
	const char *profile; /**< NULL: matches nothing */
	uint32_t caps;       /**< enum actuator_caps */
};

/** How one is doing. */
struct crew_report {
	bool ready;   /**< the newest set was worked on; effects are about it */
	bool failing; /**< the last try failed; `why` says what to do */
	char why[256];
	uint64_t failures; /**< tries that failed, ever */
	uint64_t tries;
	uint64_t added; /**< rules or routes, ever */
	uint64_t removed;
	uint64_t took_ns;            /**< of the last try */
	struct actuator_peers peers; /**< after the last try; not known after one that failed */
	struct drop_counts drops;
	unsigned count; /**< of effects */
	struct effect effects[CREW_PLANS];
};

/**
 * crew_open() - open all actuators of the configuration.
 * @act: false: only the one that observes, whatever is configured
 * @error: on failure gets one line
 */
WEIR_CHECK int crew_open(const struct config *config, bool act, struct text *error,
			 struct crew **ret_crew);

/**
 * crew_reload() - from now on the networks and `protect` of @config count.
 * @config: borrowed until the next one
 *
 * The one before is read until crew_is_behind() says no. The actuators themselves stay those of
 * crew_open().
 */
void crew_reload(struct crew *crew, const struct config *config);

/** crew_is_behind() - may an actuator still read the configuration of before? */
bool crew_is_behind(struct crew *crew);

/** crew_close() - what is held stays; NULL is fine. */
void crew_close(struct crew *crew);

/** crew_count() - at least 1: number 0 only observes. */
size_t crew_count(const struct crew *crew);

/** crew_member() - what is known of one. Borrowed. */
const struct crew_member *crew_member(const struct crew *crew, size_t index);

/** crew_check() - could this one put it in force? Return: 0 or negative error, @why says. */
int crew_check(const struct crew *crew, size_t index, const struct wanted *wanted,
	       struct text *why);

/**
 * crew_want() - from now on exactly this.
 * @set: copied; at most CREW_PLANS plans with CREW_SOURCES sources in all
 *
 * Return: 0 or -WEIR_EFULL (nothing changed).
 */
WEIR_CHECK int crew_want(struct crew *crew, size_t index, const struct wanted_set *set);

/** crew_report() - how it is doing. Return: true when that is newer than what was told last. */
bool crew_report(struct crew *crew, size_t index, struct crew_report *ret_report);

/** crew_caught() - what one catches of what it drops, for caught_next(); NULL: nothing, ever. */
struct caught *crew_caught(struct crew *crew, size_t index);
