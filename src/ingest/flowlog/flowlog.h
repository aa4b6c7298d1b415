/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowlog: the text of cloud flow logs in, flows out.
 *
 * Pure and streaming: bytes of a log are given piece by piece, whole records are used, the rest
 * stays with the caller. One thread; all memory of its own is taken by flowlog_new(). (JSON is
 * read by jansson, which allocates for one value at a time, of FLOWLOG_VALUE_MAX bytes at most.)
 *
 * Formats, by the documentation of their makers:
 *  - "Flow log records", Amazon VPC User Guide: fields of versions 2 to 10, default and custom
 *    formats, files in S3 with a header line, lines out of CloudWatch Logs (aws.c);
 *  - "Flow logs for network security groups" (versions 1 and 2) and "Virtual network flow logs"
 *    (version 4), Azure Network Watcher (azure.c);
 *  - "About VPC Flow Logs records", Google Cloud, as exported by Cloud Logging (gcp.c).
 *
 * A log's clock: records come in bundles, minutes late. Ages of flows (model/flow.h) are counted
 * from the clock of the log, not from their arrival; see struct flowlog_input.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/decoder.h"
#include "model/flowlog.h"

/** Longest line of a text log. */
#define FLOWLOG_LINE_MAX  ((size_t)64 << 10)
/** Longest JSON value: one log entry, or all flows of one interface in a minute. */
#define FLOWLOG_VALUE_MAX ((size_t)8 << 20)
/** Deepest nesting of a JSON value. */
#define FLOWLOG_DEPTH_MAX 32

struct flowlog;

/** What one log is, and where its flows go. */
struct flowlog_input {
	enum flowlog_format format;
	uint32_t sampling; /**< the operator's rate, 1:N; 0: as the cloud says */
	struct decode_state *state;
	const struct flow_sink *sink;
	bool dry; /**< only look at times: no flows, no counts */
	/**
	 * Time of receipt, and how far the clock of the log is behind it; a newer flow brings it
	 * nearer. 0: the log itself is the clock; it stands at the newest end of a flow and never
	 * goes back.
	 */
	uint64_t now_ns;
	uint64_t lag_ns;
	/** With now_ns 0: the clock moves; all flows of before are with the sink. May be NULL. */
	void (*time)(void *self, uint64_t now_ns);
	void *self;
};

/** flowlog_new() - a parser; NULL when memory is short. */
struct flowlog *flowlog_new(void);

/** flowlog_free() - NULL is fine. */
void flowlog_free(struct flowlog *log);

/**
 * flowlog_begin() - a new file or stream; what was learned of the former is forgotten, but for
 * its clock.
 * @input: copied; what it points to is borrowed until the next call
 */
void flowlog_begin(struct flowlog *log, const struct flowlog_input *input);

/**
 * flowlog_learn() - read on in the middle of a log: take its layout from its beginning.
 * @head: the first bytes of the log
 * @offset: where reading goes on, at the end of a record
 */
void flowlog_learn(struct flowlog *log, const char *head, size_t len, uint64_t offset);

/** flowlog_clock() - go on with other times of receipt; see struct flowlog_input. */
void flowlog_clock(struct flowlog *log, uint64_t now_ns, uint64_t lag_ns);

/**
 * flowlog_take() - use the whole records at the front of @data.
 * @last: nothing comes after these bytes, so that a last line needs no end
 * @records_max: stop after so many lines or values
 *
 * All flows are with the sink when it returns. What is not used must be there again, at the front
 * and with more behind it, in the next call; a piece of FLOWLOG_VALUE_MAX bytes is always used.
 *
 * Return: bytes used.
 */
size_t flowlog_take(struct flowlog *log, const char *data, size_t len, bool last,
		    unsigned records_max);

/**
 * flowlog_whole() - of the bytes the latest flowlog_take() used, those up to the end of a record.
 *
 * What ends a list may be taken away again when the log grows: go on from here after a stop.
 */
size_t flowlog_whole(const struct flowlog *log);

/** flowlog_counts() - since flowlog_new(). */
const struct flowlog_counts *flowlog_counts(const struct flowlog *log);

/** flowlog_newest_ns() - newest end of a flow since flowlog_begin(); 0: none. */
uint64_t flowlog_newest_ns(const struct flowlog *log);

/** flowlog_lag_ns() - how far the log's clock is behind now. */
uint64_t flowlog_lag_ns(const struct flowlog *log);

/** flowlog_line() - lines used since flowlog_begin(). */
uint64_t flowlog_line(const struct flowlog *log);

/**
 * flowlog_probe() - do these first bytes look like a flow log?
 * @len: a few hundred are enough
 */
bool flowlog_probe(const char *head, size_t len);
