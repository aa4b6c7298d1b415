/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: rows of cells in, aligned columns out.
 *
 * Cells come from outside (names, reasons), so control characters in them are
 * shown as '?': nobody can play with the reader's terminal. Where the terminal
 * is narrow, columns that can be missed are left out. Pure.
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
	char drop[TABLE_COLUMNS_MAX];    /**< '1' is left out first; 0: never */
	bool cut[TABLE_COLUMNS_MAX];     /**< may be cut short */
	bool absent[TABLE_COLUMNS_MAX];  /**< left out */
};

/**
 * table_begin() - with its heading, "NAME|RATE>|NOTE?1|WORDS~".
 *
 * Behind a name: '>' stands on the right; '?' and a digit from 1 to 9 may be left out, the
 * lowest digit first; '~' may be cut short when that is not enough.
 */
void table_begin(struct table *table, const char *heading);

/** table_cell() - the next cell of the row; NULL or "" shows as "-". */
void table_cell(struct table *table, const char *value);

/** table_cellf() - the next cell, as printf would write it. */
__attribute__((format(printf, 2, 3))) void table_cellf(struct table *table, const char *format,
						       ...);

/**
 * table_fit() - leave out and cut columns, as the heading allows, until a row fits.
 * @width: in characters; 0: whatever it takes
 *
 * After the last cell. Return: how many columns are left out.
 */
int table_fit(struct table *table, size_t width);

/** table_end() - append the aligned table to @out and release it. */
void table_end(struct table *table, struct text *out);

/** plain_add() - append @value with its control characters shown as '?'. */
void plain_add(struct text *out, const char *value);
