/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo: what detectors have learned, in a file that outlives a restart.
 *
 * Bytes in, a file out, by a thread of its own: the control thread hands over a buffer and goes on.
 * Written beside the old one and renamed, with a checksum, so that a crash leaves the old or the new
 * one and nothing in between.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

struct memo;

/** What became of it. */
struct memo_stats {
	uint64_t written; /**< times */
	uint64_t failed;  /**< times; the old file is still there */
	uint64_t skipped; /**< times that the one before was not done */
	uint64_t last_ns; /**< of the latest that was written, as memo_put() said */
	uint64_t bytes;   /**< of the latest */
	int error;        /**< of the latest try, negative errno; 0: it worked */
};

/** memo_start() - a thread that writes @path. NULL when memory or threads are short. */
struct memo *memo_start(const char *path);

/**
 * memo_put() - have bytes written.
 * @bytes: a heap text; emptied, its memory swapped with the thread's
 *
 * Return: false when the thread is still busy with the last; then nothing is taken.
 */
bool memo_put(struct memo *memo, struct text *bytes, uint64_t now_ns);

/** memo_stats() - copy of the counters. */
void memo_stats(struct memo *memo, struct memo_stats *ret_stats);

/** memo_stop() - write what waits, end the thread; NULL is fine. */
void memo_stop(struct memo *memo);

/** memo_write() - the same at once, by the caller; for programs that end. Return: 0 or errno. */
WEIR_CHECK int memo_write(const char *path, const struct text *bytes);

/**
 * memo_read() - what was written last.
 * @bytes: a heap text that gets it
 *
 * Return: 0; -ENOENT when there is none; -WEIR_EFORMAT when the checksum is wrong; other errno.
 */
WEIR_CHECK int memo_read(const char *path, struct text *bytes);
