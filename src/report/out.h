/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out: a file, pipe or terminal that gets one text for each event.
 *
 * What sinks that write share. A text arrives as a whole or is dropped and
 * counted: a file that a full disk cut short is cut back. Writing to a pipe or
 * terminal waits OUT_PATIENCE_MS for its reader, once: after that nothing is
 * waited for until it reads again. SIGPIPE is the program's business; where it
 * is ignored, a reader that has gone is counted like a full disk. Control
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "report/sink.h"

/** Longest wait for a reader that does not keep up. */
#define OUT_PATIENCE_MS 10

/** The log tells of a failing destination at most once in so many seconds. */
#define OUT_LOG_EVERY_S 60U

/** An open destination; the state of a sink that writes. */
struct out {
	struct sink_stats stats;
	struct text text; /**< of the event at hand; filled by the sink */
	const char *path; /**< for the log; borrowed from the configuration */
	int fd;
	bool is_file;     /**< what was written can be taken back */
	bool torn;        /**< a pipe got part of a text: the next one begins on a new line */
	bool failing;     /**< the latest text was dropped */
	bool said;        /**< the log says that it fails */
	uint64_t said_ns; /**< when the log said so, the last time; monotonic, 0: never */
};

/**
 * out_open() - open for appending; the `open` of a sink.
 * @config: its path is a file, made if missing, or "-" for standard output. Borrowed until closed
 * @ret_out: a struct out; untouched on failure
 *
 * Return: 0, or what the system said; -ENXIO for a named pipe without a reader.
 */
WEIR_CHECK int out_open(const struct config_sink *config, void **ret_out);

/** out_send() - write out->text and empty it; counts what becomes of it. */
void out_send(struct out *out);

/** out_stats() - the `stats` of a sink. */
void out_stats(const void *out, struct sink_stats *ret_stats);

/** out_close() - the `close` of a sink; NULL is fine. */
void out_close(void *out);
