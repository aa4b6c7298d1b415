/* SPDX-License-Identifier: Apache-2.0 */
/* columns: which member of struct coverage is which column. Inside the archive room only. */
#pragma once

#include <sqlite3.h>

#include "base/text.h"
#include "model/coverage.h"

/** columns_list() - append "minutes, seconds, …": all columns but exporter and minute. */
void columns_list(struct text *out);

/** columns_define() - append "minutes INTEGER NOT NULL, …" for CREATE TABLE. */
void columns_define(struct text *out);

/** columns_marks() - append "?3, ?4, …" as many as there are columns, beginning with ?@first. */
void columns_marks(int first, struct text *out);

/** columns_bind() - the row's values from ?@first on. @scratch: outlives the statement's step. */
void columns_bind(sqlite3_stmt *stmt, int first, const struct coverage *row, struct text *scratch);

/** columns_read() - the other way round, from result column @first on. */
void columns_read(sqlite3_stmt *stmt, int first, struct coverage *ret_row);
