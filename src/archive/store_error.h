/* SPDX-License-Identifier: Apache-2.0 */
/* store_error: what an SQLite result means to people. Inside the archive room only. */
#pragma once

#include <sqlite3.h>

#include "base/text.h"

/**
 * store_failed() - say what is wrong with a file, and what to do.
 * @rc: as just returned for @db
 *
 * Return: a negative error.
 */
int store_failed(sqlite3 *db, int rc, const char *path, struct text *error);
