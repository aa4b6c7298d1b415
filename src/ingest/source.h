/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source: anything an ingest thread reads telemetry or packets from.
 *
 * A kind fills in a struct source_kind and embeds a struct source at the start
 * of its own struct. The thread that owns a source waits for `fd`, or calls it
 * every `period_ns`, or both; it knows nothing else about it. A source gives
 * datagrams to decode_datagram(), or makes flows itself with flow_begin() and
 * flow_commit() (ingest/batch.h).
 *
 * Opened by the control thread before the ingest thread starts, closed after
 * it ended, read by the ingest thread alone. Allocates at open only.
 */
#pragma once

#include <stdint.h>

#include "ingest/decoder.h"
#include "model/source.h"

struct source;

/** What a kind of source can do; constant. */
struct source_kind {
	const char *name; /**< as in the status: "udp" */

	/**
	 * read() - take what is there, one bounded batch at the most.
	 * @now_ns: time of receipt, wall clock
	 * @state: of the calling thread
	 * @sink: gets the flows; all of them before read() returns
	 *
	 * Return: above 0 when more may wait, 0 when nothing does, negative errno when it failed;
	 * the caller counts that, and calls again when the source is next ready.
	 */
	int (*read)(struct source *source, uint64_t now_ns, struct decode_state *state,
		    const struct flow_sink *sink);

	/**
	 * refresh() - bring `stats` up to date; called about once a second. May be NULL.
	 * @now_ns: monotonic
	 */
	void (*refresh)(struct source *source, uint64_t now_ns);

	/**
	 * handed() - all flows given so far are with the control thread. May be NULL.
	 * @now_ns: monotonic
	 */
	void (*handed)(struct source *source, uint64_t now_ns);

	/** close() - release everything, the source itself too. */
	void (*close)(struct source *source);
};

/** One source; at the start of the struct of its kind. */
struct source {
	const struct source_kind *kind;
	int fd; /**< readable when there is something to read; -1: only by time. Never changes */
	uint64_t period_ns; /**< read at least so often; 0: only when `fd` is readable */
	struct source_stats stats;
};

/** source_init() - the common part. @name is copied, and cut if it is too long. */
void source_init(struct source *source, const struct source_kind *kind, const char *name, int fd);

/** source_close() - NULL is fine. */
void source_close(struct source *source);
