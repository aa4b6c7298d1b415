/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the state folder, its lock, and the SQLite file with a known layout.
 *
 * A folder in, an open and checked database out, or words that say what to do.
 * Knows nothing of incidents but the tables they live in. Control thread.
 */
#pragma once

#include <limits.h>

#include <sqlite3.h>

#include "base/err.h"
#include "base/text.h"

/** An open store. */
struct store {
	sqlite3 *db;
	int lock; /**< file that is flock()ed while the store is open */
	char path[PATH_MAX];
};

/** store_open() - as journal_open(). @ret_store: untouched on failure */
WEIR_CHECK int store_open(const char *folder, struct text *error, struct store *ret_store);

/** store_close() - close the database and let go of the lock. */
void store_close(struct store *store);

/**
 * store_error() - what an SQLite result means here.
 * @rc: as just returned for @db
 * @path: of the file, for the words
 * @error: gets one line that says what is wrong and what to do; may be NULL
 *
 * Return: a negative error.
 */
int store_error(sqlite3 *db, int rc, const char *path, struct text *error);
