/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: rows of cells in, aligned columns out.
 *
 * Cells come from outside (names, reasons), so control characters in them are
 * shown as '?': nobody can play with the reader's terminal. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define TABLE_COLUMNS_MAX 16

/** A table under construction; start with table_begin(), end with table_end(). */
struct table {
	struct text cells;               /**< each with its terminating zero, row after row */
	int columns;                     /**< in a row */
	int column;                      /**< the next cell's */
	size_t width[TABLE_COLUMNS_MAX]; /**< in characters */
	bool right[TABLE_COLUMNS_MAX];   /**< numbers stand on the right */
};

/** table_begin() - with its heading, "NAME|RATE>|NOTE": '>' at the end of what stands right. */
void table_begin(struct table *table, const char *heading);

/** table_cell() - the next cell of the row; NULL or "" shows as "-". */
void table_cell(struct table *table, const char *value);

/** table_cellf() - the next cell, as printf would write it. */
__attribute__((format(printf, 2, 3))) void table_cellf(struct table *table, const char *format,
						       ...);

/** table_end() - append the aligned table to @out and release it. */
void table_end(struct table *table, struct text *out);

/** plain_add() - append @value with its control characters shown as '?'. */
void plain_add(struct text *out, const char *value);
