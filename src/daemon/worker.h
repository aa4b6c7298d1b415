/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker: one ingest thread; what its sources give in, finished ticks out.
 *
 * Owns its sources, decode state and tally shard; shares nothing. Finished
 * ticks go to the control thread through a ring of a few fixed parcels and
 * come back empty. When no parcel is free the tick stays open and the next
 * one carries both: nothing is lost, only later. A tick whose rows are full ends
 * early and wakes the control thread.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/ring.h"
#include "config/config.h"
#include "ingest/interfaces.h"
#include "ingest/source.h"
#include "model/exporter.h"
#include "model/sketch.h"
#include "tally/shard.h"

/** Length of a tick. */
#define TICK_NS     (100 * NS_PER_MS)
/** Length of a tick while something is suspected. */
#define TICK_HOT_NS (10 * NS_PER_MS)

/** Most sources of one thread. */
#define WORKER_SOURCES 128

/** Interfaces whose counter samples are kept, for each thread. */
#define WORKER_INTERFACES 4096

/** What a worker hands over at the end of a tick. */
struct parcel {
	struct tally_batch *batch;
	/* Counters, refreshed about once a second; `fresh` says that they were. */
	bool fresh;
	struct exporter_stats *exporters; /**< max_exporters of them */
	unsigned exporter_count;
	/**
	 * Beside exporters: the flows of each in the minute that is over; NULL but in one fresh
	 * parcel a minute. All threads change minutes at once.
	 */
	struct flow_sketch *sketches;
	struct exporter_gone gone;
	struct interface_rate *interfaces; /**< WORKER_INTERFACES of them */
	size_t interface_count;
	uint64_t interfaces_turned_away;
	uint64_t undecodable[REASON_COUNT_OF]; /**< of no exporter */
	struct source_stats sources[WORKER_SOURCES];
	unsigned source_count;
	struct shard_stats shard;
	int cpu; /**< the thread stays on; -1: any */
	uint64_t datagrams;
	uint64_t records;
	uint64_t ticks_late; /**< ticks that had to wait for a parcel */
};

struct worker;

/**
 * worker_new() - take all memory of one ingest thread.
 * @config: borrowed until replaced by worker_reload()
 * @seed: for its hash tables
 *
 * Return: owned by the caller; NULL when memory is short.
 */
struct worker *worker_new(const struct config *config, unsigned number, uint64_t seed);

/**
 * worker_source() - let it read from a source; before worker_start().
 * @source: taken on success
 *
 * Return: 0, -WEIR_EFULL when it has WORKER_SOURCES, or negative errno.
 */
WEIR_CHECK int worker_source(struct worker *worker, struct source *source);

/** worker_start() - let the thread run. Return: 0 or negative errno. */
WEIR_CHECK int worker_start(struct worker *worker);

/** worker_stop() - let it finish its tick, join it. */
void worker_stop(struct worker *worker);

/** worker_free() - release everything; NULL is fine. */
void worker_free(struct worker *worker);

/** worker_early_fd() - readable when a tick ended early and waits; an eventfd, reset by reading. */
int worker_early_fd(const struct worker *worker);

/** worker_take() - the oldest finished tick, NULL when there is none. Control thread. */
struct parcel *worker_take(struct worker *worker);

/** worker_give_back() - a parcel the control thread is done with. */
void worker_give_back(struct worker *worker, struct parcel *parcel);

/** worker_reload() - go on with another configuration from the next turn of the loop. */
void worker_reload(struct worker *worker, const struct config *config);

/** worker_tick() - length of ticks from the next on. Control thread. */
void worker_tick(struct worker *worker, uint64_t tick_ns);

/** worker_config() - the configuration the thread uses now; the former one is free then. */
const struct config *worker_config(struct worker *worker);
