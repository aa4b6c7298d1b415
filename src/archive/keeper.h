/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper: the thread that writes the coverage ledger to disk.
 *
 * Rows in by a mailbox of fixed size, an SQLite file out. The control thread
 * only copies a row; whatever the disk does, it does to this thread. A disk
 * that is full degrades: rows wait and are tried again each second; those that
 * find the mailbox full are counted, and so is nothing lost silently.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "model/coverage.h"

/** Longest reason. */
#define KEEPER_REASON_MAX 256
/** Rows that can wait, however many exporters there may be. */
#define KEEPER_ROWS_MAX   16384
#define KEEPER_ROWS_MIN   1024

struct keeper;

/** How it is doing. */
struct keeper_stats {
	bool degraded;                  /**< the last write failed */
	char reason[KEEPER_REASON_MAX]; /**< why; "" when all is well */
	uint64_t written;               /**< rows on disk since the start */
	uint64_t waiting;               /**< rows in the mailbox */
	uint64_t lost;                  /**< rows that found it full, or were left at the end */
	uint64_t failed;                /**< writes that failed, and were tried again */
	uint64_t kept;                  /**< rows in the file */
};

/**
 * keeper_start() - open the file and begin to wait for rows.
 * @folder: the state folder
 * @keep_ns: rows older than this are let go
 * @rows: that can wait; between KEEPER_ROWS_MIN and KEEPER_ROWS_MAX, else the nearer of them
 *
 * A file that cannot be opened degrades it from the start: detection is worth more than the
 * ledger. Return: owned by the caller; NULL when memory or threads are short.
 */
struct keeper *keeper_start(const char *folder, uint64_t keep_ns, size_t rows);

/** keeper_put() - a row to be kept; never waits for the disk. @name: may be NULL. */
void keeper_put(struct keeper *keeper, const struct coverage *row, const char *name);

/** keeper_stats() - copy of the counters. */
void keeper_stats(struct keeper *keeper, struct keeper_stats *ret_stats);

/** keeper_path() - of the file. Borrowed. */
const char *keeper_path(const struct keeper *keeper);

/** keeper_stop() - write what waits, once more, and end; NULL is fine. */
void keeper_stop(struct keeper *keeper);
