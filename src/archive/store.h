/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: rows of the coverage ledger in an SQLite file, and back.
 *
 * coverage.db in the state folder, write-ahead log, a known layout; one writer,
 * any number of readers with connections of their own. One transaction a batch:
 * after a crash a batch is there as a whole or not at all. Not for the control
 * thread: every call may wait for the disk.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "model/coverage.h"

/** Rows kept at most; the oldest go first. */
#define STORE_ROWS_MAX 20000000

struct coverage_store;

/** A row on its way to the disk. */
struct coverage_item {
	struct coverage row;
	char name[COVERAGE_NAME_MAX]; /**< "": none */
};

/**
 * coverage_store_open() - open or make the file, for writing.
 * @path: of the file; its folder is there
 * @error: gets one line that says what is wrong and what to do
 * @ret_store: owned by the caller; untouched on failure
 *
 * Return: 0, -WEIR_ESCHEMA (of a newer Weir), -WEIR_EFORMAT (damaged, foreign), -EACCES, -ENOSPC,
 * -EIO, -ENOMEM.
 */
WEIR_CHECK int coverage_store_open(const char *path, struct text *error,
				   struct coverage_store **ret_store);

/** coverage_store_close() - NULL is fine. */
void coverage_store_close(struct coverage_store *store);

/**
 * coverage_store_write() - all of these rows, or none.
 * @error: as coverage_store_open()
 *
 * A row of a minute that has one already (before a restart) is added to it.
 */
WEIR_CHECK int coverage_store_write(struct coverage_store *store, const struct coverage_item *items,
				    size_t count, struct text *error);

/**
 * coverage_store_prune() - let go of rows from before @before_ns, and of what is too much.
 *
 * Return: rows let go, or a negative error.
 */
WEIR_CHECK int64_t coverage_store_prune(struct coverage_store *store, uint64_t before_ns,
					struct text *error);

/** coverage_store_rows() - how many there are. */
uint64_t coverage_store_rows(const struct coverage_store *store);

/**
 * coverage_read() - give out what is kept, exporter by exporter, in order of time.
 * @path: of the file; opened for reading and closed again
 * @each: gets each row and the exporter's name or NULL; both borrowed
 *
 * Return: rows given, query->limit + 1 when there were more; or a negative error.
 */
WEIR_CHECK int64_t coverage_read(const char *path, const struct coverage_query *query,
				 void (*each)(void *self, const struct coverage *row,
					      const char *name),
				 void *self, struct text *error);
