/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults: which faults of the telemetry are open, and the telling of each change.
 *
 * A rule says "bad" or "good" again and again; out comes one event when a fault
 * begins, one when it has ended, and now and then one between when it became
 * another in size. Bounded: so many open at once, so many told a minute; what
 * finds no room is counted. Where all places are taken, those of exporters on
 * the operator's list push out strangers', and the worse the lesser: the least,
 * and of those the oldest. Control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/fault.h"

/** Faults open at once. */
#define FAULTS_OPEN_MAX    256
/** Changes told in a minute, of exporters on the operator's list, and of all others. */
#define FAULTS_LISTED_MAX  240
#define FAULTS_UNKNOWN_MAX 60

/** Between two tellings of one open fault. */
#define FAULTS_CHANGE_NS 300000000000ULL

struct faults;

/** Takes changes of faults; they are borrowed. */
struct fault_sink {
	void (*fault)(void *self, const struct fault *fault);
	void *self;
};

/** Counters, and how many are open. */
struct faults_stats {
	size_t open;
	uint64_t begun;
	uint64_t turned_away; /**< that found no room, or had to give theirs to others */
	uint64_t untold;      /**< changes that were too many to be told */
};

/**
 * Where a rule keeps its fault between two looks; zero: there is none. It stays where it is
 * for as long as its fault is open.
 */
struct fault_slot {
	uint16_t place;   /**< 1 + place among the open ones; 0: not open */
	uint8_t good;     /**< looks in a row that found it mended */
	bool turned_away; /**< bad, but without a place; and counted as that */
};

/** faults_new() - none open. NULL when memory is short. */
struct faults *faults_new(void);

/** faults_free() - NULL is fine. */
void faults_free(struct faults *faults);

/** faults_begin_time() - the time of what is found from now on, and who is told. */
void faults_begin_time(struct faults *faults, uint64_t now_ns, const struct fault_sink *sink);

/**
 * faults_bad() - a rule finds it bad: begins the fault, or brings its words up to date. That is
 * told when its severity changed, its first numbers doubled, halved or changed sign, at most once
 * in FAULTS_CHANGE_NS.
 * @slot: of this exporter and kind
 * @fault: all but since_ns, time_ns and state; since_ns may be set to when it really began
 * @listed: the operator named this exporter
 */
void faults_bad(struct faults *faults, struct fault_slot *slot, const struct fault *fault,
		bool listed);

/**
 * faults_good() - a rule finds it good: the fault ends after @looks of them in a row.
 * @words: what is said at the end; NULL: what was said at the beginning
 */
void faults_good(struct faults *faults, struct fault_slot *slot, unsigned looks, const char *words);

/** faults_note() - something that has no end. */
void faults_note(struct faults *faults, const struct fault *fault, bool listed);

/**
 * faults_list() - the open ones, the worst first.
 * @ret_list: room for FAULTS_OPEN_MAX; gets pointers that are borrowed until the next change
 *
 * Return: how many there are.
 */
size_t faults_list(const struct faults *faults, const struct fault **ret_list);

/** faults_doubt() - is a critical one open: what is measured may be wrong by a factor? */
bool faults_doubt(const struct faults *faults);

/** faults_of() - the open fault of a slot; NULL if there is none. */
const struct fault *faults_of(const struct faults *faults, const struct fault_slot *slot);

/** faults_stats() - copy of the counters. */
void faults_stats(const struct faults *faults, struct faults_stats *ret_stats);
