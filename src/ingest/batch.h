/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch: flows under construction, from the decoder's first byte to the sink.
 *
 * Slots of the batch are used again and again. What most flows have (the hot
 * part of struct flow) is written anew for each; its end, which few flows use,
 * is zeroed only where the last user of the slot wrote to it, so that nothing of
 * one flow is ever seen in another. Owned by one ingest thread; no allocation.
 */
#pragma once

#include "ingest/state.h"

/**
 * flow_pattern() - what all flows of a datagram have in common.
 * @ret_flow: written in full: zero but for the exporter's fields
 */
void flow_pattern(const struct exporter *exporter, const struct datagram *datagram,
		  struct flow *ret_flow);

/**
 * flow_begin() - a zeroed flow in the batch, exporter fields filled in.
 *
 * Flushes a full batch first. Return: never NULL; valid until flow_commit(). Whoever writes to
 * the cold part (model/flow.h) sets its bit in `has` before that.
 */
struct flow *flow_begin(struct decode_state *state, const struct exporter *exporter,
			const struct datagram *datagram);

/** flow_begin_like() - as flow_begin(), with a pattern already at hand. */
struct flow *flow_begin_like(struct decode_state *state, const struct flow *pattern);

/**
 * flow_commit() - the flow of flow_begin() is complete.
 * @rate: what the datagram or record says, 0 if nothing
 * @source: who says so
 *
 * Applies the order of enum sampling_source: the operator's override wins, then the record,
 * then options data, then the header. Sets vantage, ages and traffic class, counts the record.
 */
void flow_commit(struct decode_state *state, struct exporter *exporter, uint32_t rate,
		 enum sampling_source source);

/**
 * flow_begin_run() - several flows in a row, as many of @wanted as there is room for.
 * @pattern: from flow_pattern()
 * @ret_count: how many; at least one
 *
 * As flow_begin(), but src, dst, bytes, packets, start_ns and end_ns are still to be written.
 */
struct flow *flow_begin_run(struct decode_state *state, const struct flow *pattern, unsigned wanted,
			    unsigned *ret_count);

/** flow_begin_blank() - as flow_begin_run(), but all of the hot part is still to be written. */
struct flow *flow_begin_blank(struct decode_state *state, unsigned wanted, unsigned *ret_count);

/**
 * flow_commit_run() - all flows of flow_begin_run() are complete.
 * @count: as many as it gave
 *
 * As flow_commit(); rate and source are in each flow's `sampling` and `sampling_source`.
 */
void flow_commit_run(struct decode_state *state, struct exporter *exporter, unsigned count);

/** flow_settle_sampling() - which rate counts for flows of which only @pattern tells one. */
void flow_settle_sampling(struct flow *pattern, const struct exporter *exporter);

/**
 * flow_commit_alike() - as flow_commit_run(), where all flows have the same sampling.
 *
 * It comes from a pattern on which flow_settle_sampling() was called, so it is not looked at
 * again for each flow.
 */
void flow_commit_alike(struct decode_state *state, struct exporter *exporter, unsigned count);

/** flow_flush() - give the batch to the sink. */
void flow_flush(struct decode_state *state);
