/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read: a whole flow-log file, or standard input, as flows; for recorded input.
 *
 * One thread. Following files as they grow: ingest/flowlog/watch.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "ingest/flowlog/flowlog.h"

struct flowlog_reader;

/** What to read. */
struct flowlog_request {
	const char *path; /**< "-" for standard input */
	FILE *stream; /**< where it is open already, and @path only its name: closed at the end */
	enum flowlog_format format;
	/** The clock of the log, as struct flowlog_input has it. May be NULL. */
	void (*time)(void *self, uint64_t now_ns);
	/** Now and then: bytes of the file read so far, and in all; 0: unknown. May be NULL. */
	void (*progress)(void *self, uint64_t done_bytes, uint64_t total_bytes);
	/** Asked now and then: shall it end here? What came before is used. May be NULL. */
	bool (*stop)(void *self);
	void *self;
};

/** flowlog_reader_new() - its clock and counters go on from file to file. NULL: no memory. */
struct flowlog_reader *flowlog_reader_new(void);

/** flowlog_reader_free() - NULL is fine. */
void flowlog_reader_free(struct flowlog_reader *reader);

/**
 * flowlog_read() - all flows of a file.
 * @error: on failure one line for people: file, place, what is wrong, what to do
 *
 * Lines that cannot be used are counted and passed over. Return: 0; -WEIR_EFORMAT when nothing of
 * it is a flow log, -WEIR_ETRUNC when a packed file ends early (what came before is used), -EINTR
 * when it was stopped, negative errno.
 */
WEIR_CHECK int flowlog_read(struct flowlog_reader *reader, const struct flowlog_request *request,
			    struct decode_state *state, const struct flow_sink *sink,
			    struct text *error);

/** flowlog_reader_counts() - of the latest file. */
struct flowlog_counts flowlog_reader_counts(const struct flowlog_reader *reader);

/** flowlog_reader_totals() - of all files. */
const struct flowlog_counts *flowlog_reader_totals(const struct flowlog_reader *reader);

/** flowlog_is() - does the file, or what standard input begins with, look like a flow log? */
bool flowlog_is(const char *path);

/** flowlog_is_stream() - the same of an open stream that can be read only once: by its first byte. */
bool flowlog_is_stream(FILE *stream);

/** flowlog_format_find() - by name. Return: false if there is none. */
bool flowlog_format_find(const char *name, enum flowlog_format *ret_format);
