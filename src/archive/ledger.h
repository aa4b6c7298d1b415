/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: what each exporter delivered, minute by minute, and what it did not.
 *
 * Readings of struct exporter_stats in, about one a second and thread; one
 * struct coverage a minute and exporter out, and faults as they begin and end.
 * Pure logic: time is a parameter, so that a replay judges as the daemon does.
 * Minutes in which an exporter that should send was silent get a row as well;
 * times in which nobody called ledger_tick() were not watched, and show as such.
 *
 * Bounded: one entry for each exporter that ingest has room for. Exporters that
 * never gave a record and are on no list get no rows; they are counted. Control
 * thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "archive/faults.h"
#include "config/config.h"
#include "model/coverage.h"
#include "model/sketch.h"

struct ledger;

/** Where rows and faults go. */
struct ledger_sink {
	/** A row; @name is the exporter's of the configuration, or NULL. Both borrowed. */
	void (*row)(void *self, const struct coverage *row, const char *name);
	void (*fault)(void *self, const struct fault *fault);
	void *self;
};

/** One thread's counters at one moment; borrowed. */
struct ledger_reading {
	const struct exporter_stats *exporters;
	size_t count;
	uint64_t kernel_drops; /**< of the thread, since its start */
	/** Beside exporters: the flows of each in the minute that is over; mostly NULL. */
	const struct flow_sketch *sketches;
};

/** Counters of the ledger itself. */
struct ledger_stats {
	uint64_t rows;        /**< given to the sink */
	uint64_t strangers;   /**< minutes of exporters without a row: no record, no list */
	uint64_t turned_away; /**< listed exporters that are not watched for silence: too many */
	struct faults_stats faults;
};

/**
 * ledger_new() - an empty ledger.
 * @config: limits, names, the list of exporters; borrowed until ledger_reload()
 * @threads: ingest threads
 *
 * Return: owned by the caller; NULL when memory is short.
 */
struct ledger *ledger_new(const struct config *config, unsigned threads);

/** ledger_free() - NULL is fine. */
void ledger_free(struct ledger *ledger);

/** ledger_reload() - go on with another configuration; all that was learned stays. */
void ledger_reload(struct ledger *ledger, const struct config *config,
		   const struct ledger_sink *sink);

/** ledger_take() - counters of one thread as they stand now. */
void ledger_take(struct ledger *ledger, unsigned thread, const struct ledger_reading *reading,
		 const struct ledger_sink *sink);

/**
 * ledger_tick() - it is @now_ns: judge each second, close each minute.
 *
 * More than 5 s since the last call, or a clock that went back: the time between was not watched.
 */
void ledger_tick(struct ledger *ledger, uint64_t now_ns, const struct ledger_sink *sink);

/** ledger_finish() - the input ends at the latest tick: close the minute that has begun. */
void ledger_finish(struct ledger *ledger, const struct ledger_sink *sink);

/**
 * ledger_last() - the latest whole minute of an exporter, or so much as there is of the first.
 * @index: in the thread's reading
 * @ret_coverage: minutes is 0 when nothing is known yet
 */
void ledger_last(const struct ledger *ledger, unsigned thread, size_t index,
		 struct coverage *ret_coverage);

/** ledger_faults_of() - bits 1 << enum fault_kind of the open faults of an exporter. */
unsigned ledger_faults_of(const struct ledger *ledger, unsigned thread, size_t index);

/** ledger_faults() - as faults_list(). */
size_t ledger_faults(const struct ledger *ledger, const struct fault **ret_list);

/** ledger_doubt() - as faults_doubt(). */
bool ledger_doubt(const struct ledger *ledger);

/** ledger_stats() - copy of the counters. */
void ledger_stats(const struct ledger *ledger, struct ledger_stats *ret_stats);
