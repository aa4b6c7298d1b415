/* SPDX-License-Identifier: Apache-2.0 */
/* table: cells in, aligned text out. */
#include "cli/table.h"

#include <assert.h>
#include <string.h>

/* Between two columns. */
#define GAP "  "

/* Characters, not bytes: continuation bytes of UTF-8 take no place. */
static size_t width_of(const char *value)
{
	size_t width = 0;

	for (; *value; value++)
		width += ((unsigned char)*value & 0xc0) != 0x80;
	return width;
}

void plain_add(struct text *out, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		text_add_n(out, c < 0x20 || c == 0x7f ? "?" : value, 1);
	}
}

void table_cell(struct table *table, const char *value)
{
	size_t begin = table->cells.len;
	int column = table->column;

	table->column = (column + 1) % table->columns;
	plain_add(&table->cells, value && *value ? value : "-");
	text_add_n(&table->cells, "", 1);
	if (table->cells.failed)
		return;
	size_t width = width_of(table->cells.data + begin);
	if (width > table->width[column])
		table->width[column] = width;
}

void table_cellf(struct table *table, const char *format, ...)
{
	char buffer[256];
	struct text cell = text_fixed(buffer, sizeof(buffer));
	va_list args;

	va_start(args, format);
	text_vaddf(&cell, format, args);
	va_end(args);
	table_cell(table, text_string(&cell));
}

void table_begin(struct table *table, const char *heading)
{
	const char *at = heading;

	assert(heading);
	*table = (struct table){ .cells = text_heap() };
	table->columns = 1;
	for (const char *bar = strchr(at, '|'); bar; bar = strchr(bar + 1, '|'))
		table->columns++;
	assert(table->columns <= TABLE_COLUMNS_MAX);
	for (int i = 0; i < table->columns; i++) {
		size_t len = strcspn(at, "|");
		table->right[i] = len > 0 && at[len - 1] == '>';
		table_cellf(table, "%.*s", (int)len - table->right[i], at);
		at += len + (at[len] == '|');
	}
}

static void pad(struct text *out, size_t count)
{
	while (count-- > 0)
		text_add_n(out, " ", 1);
}

static void put_cell(const struct table *table, int column, const char *cell, struct text *out)
{
	size_t space = table->width[column] - width_of(cell);
	bool last = column == table->columns - 1;

	if (column)
		text_add(out, GAP);
	if (table->right[column])
		pad(out, space);
	text_add(out, cell);
	if (!table->right[column] && !last)
		pad(out, space);
	if (last)
		text_add(out, "\n");
}

void table_end(struct table *table, struct text *out)
{
	int column = 0;

	assert(table->column == 0);
	out->failed |= table->cells.failed;
	for (size_t at = 0; !out->failed && at < table->cells.len;) {
		const char *cell = table->cells.data + at;
		put_cell(table, column, cell, out);
		column = (column + 1) % table->columns;
		at += strlen(cell) + 1;
	}
	text_done(&table->cells);
}
