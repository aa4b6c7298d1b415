/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch: the rows of one shard and one tick, handed from thread to thread.
 *
 * An ingest thread fills its shard, shard_tick() swaps the shard's memory with
 * an empty batch's, and the full one travels to the control thread and back
 * (base/ring.h). A batch owns all it points to, so the two threads share
 * nothing; a fixed number of them is made at open.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "model/tally.h"

/** Counters of a shard; they only grow, but for what is said to be of now. */
struct shard_stats {
	uint64_t flows[DIRECTION_COUNT];   /**< records; a biflow's answer is another one */
	uint64_t packets[DIRECTION_COUNT]; /**< estimated, as all the following */
	uint64_t bytes[DIRECTION_COUNT];
	uint64_t unknown_sampling;     /**< flows whose rate nobody named: counted as they are */
	uint64_t late;                 /**< flows marked so (model/flow.h): not tallied */
	uint64_t turned_away;          /**< flows of hosts for which a table had no room */
	uint64_t replaced;             /**< silent hosts that made room for others */
	uint64_t prefixes_turned_away; /**< sums of a prefix for which a tick had no row */
	uint64_t outside_replaced;     /**< outside addresses that had to go for others */
	uint64_t details_turned_away;  /**< busy hosts whose peers found no room, each tick anew */
	uint64_t hosts;                /**< hosts and directions followed now */
	uint64_t hosts_limit;          /**< room for so many now */
	uint64_t outside;              /**< outside addresses, by class and vantage, followed now */
	uint64_t samples;              /**< flows handed on as evidence */
	uint64_t sample_each;          /**< one flow in so many is, now */
	uint64_t detail_floor;         /**< sampled packets a second that make a host busy now */
};

/** One tick of one shard. */
struct tally_batch {
	/** Hosts in order of first touch, then prefixes, then outside addresses. */
	struct tally *rows;
	size_t count;
	size_t host_cap;   /**< the most of them for hosts */
	size_t prefix_cap; /**< the most of them for hosts and prefixes */
	size_t cap;
	struct tally_detail *details;
	size_t detail_count;
	size_t detail_cap;
	struct sample *samples;
	size_t sample_count;
	size_t sample_cap;
	struct tally_vantage vantages[TALLY_VANTAGES];
	size_t vantage_count;
	uint32_t sample_each;     /**< one flow in so many is among them */
	uint64_t tick_ns;         /**< end of the tick */
	struct shard_stats stats; /**< the shard's counters at the end of the tick */
};

/** tally_batch_set() - what detectors get to see of it; good as long as the batch. */
static inline struct tally_set tally_batch_set(const struct tally_batch *batch)
{
	return (struct tally_set){
		.rows = batch->rows,
		.count = batch->count,
		.details = batch->details,
		.detail_count = batch->detail_count,
		.tick_ns = batch->tick_ns,
		.samples = batch->samples,
		.sample_count = batch->sample_count,
		.vantages = batch->vantages,
		.vantage_count = batch->vantage_count,
		.sample_each = batch->sample_each,
	};
}

/**
 * tally_batch_new() - an empty batch for shards opened with the same limits.
 * @config: max_hosts and max_details are read; borrowed for the call
 *
 * Its memory is only touched as far as ticks fill it.
 * Return: owned by the caller; NULL when memory is short.
 */
struct tally_batch *tally_batch_new(const struct config *config);

/** tally_batch_free() - NULL is fine. */
void tally_batch_free(struct tally_batch *batch);

/** tally_batch_init() - as tally_batch_new(), in place. Return: 0 or -ENOMEM. */
WEIR_CHECK int tally_batch_init(struct tally_batch *batch, const struct config *config);

/** tally_batch_done() - release what tally_batch_init() took; harmless when repeated. */
void tally_batch_done(struct tally_batch *batch);
