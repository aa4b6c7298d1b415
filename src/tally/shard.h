/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard: flows in, rows out; one for each ingest thread.
 *
 * Counts what every own host received (inbound, internal) and sent (outbound)
 * in the current tick, by traffic class, vantage and age, multiplied by the
 * sampling rate; folds that into sums by prefix (fold.h) and follows where own
 * hosts send to (outside.h). A biflow counts in both directions. Transit is
 * counted as such and not tallied. Hosts above a floor of sampled packets a
 * second also get a detail with their heaviest peers and ports; when details
 * run out, the floor rises until the busiest hosts have them. Of many flows to
 * one host in one tick, one in eight stands for eight in the lists of its
 * detail, and in nothing else.
 *
 * A run of flows is counted when the next one comes, or the tick ends: by then
 * what it touches has come from memory. Nothing is allocated after open, no
 * clock is read, and the order of rows depends on the flows alone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "model/flow.h"
#include "tally/batch.h"

struct shard;

/**
 * shard_open() - take all memory.
 * @config: max_hosts and max_details are limits until close; borrowed until shard_reload()
 *	or shard_close()
 * @seed: for the table; no output depends on it while the table has room
 * @ret_shard: owned by the caller, for one thread; untouched on failure
 *
 * Return: 0 or -ENOMEM.
 */
WEIR_CHECK int shard_open(const struct config *config, uint64_t seed, struct shard **ret_shard);

/** shard_close() - NULL is fine. */
void shard_close(struct shard *shard);

/** shard_reload() - go on with other networks; hosts no longer own fade out by themselves. */
void shard_reload(struct shard *shard, const struct config *config);

/**
 * shard_add() - count flows, as many as this tick has rows for.
 * @flows: classified (flow.class); gets flow.direction set; borrowed for the call
 *
 * Return: how many were counted, from the first on. When fewer than @count, the tick is
 * full: end it with shard_tick(), then come with the rest.
 */
WEIR_CHECK size_t shard_add(struct shard *shard, struct flow *flows, size_t count);

/** shard_squeeze() - as shard_add(), but flows without a row are turned away and counted. */
void shard_squeeze(struct shard *shard, struct flow *flows, size_t count);

/**
 * shard_tick() - end the tick: give what was touched in it, and start the next.
 * @tick_end_ns: end of the tick, any clock that does not go back
 * @batch: made with the same limits; what was in it is overwritten
 *
 * The memory is swapped, not copied. With no batch at hand, leave the call out:
 * the tick then simply lasts longer, and nothing is lost while it has rows.
 */
void shard_tick(struct shard *shard, uint64_t tick_end_ns, struct tally_batch *batch);

/** shard_stats() - the counters now; for the shard's own thread, others read the batch's. */
void shard_stats(const struct shard *shard, struct shard_stats *ret_stats);
