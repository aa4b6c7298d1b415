/* SPDX-License-Identifier: Apache-2.0 */
/* table: cells in, aligned text out. */
#include "cli/table.h"

#include <assert.h>
#include <string.h>

/* Between two columns. */
#define GAP "  "

/* What stands for the rest of a cell that was cut, and the least that is left of a column. */
#define CUT_MARK  ".."
#define WIDTH_MIN 8

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

/* Return: the beginning of the next heading. */
static const char *read_marks(struct table *table, int column, const char *at)
{
	for (; *at && *at != '|'; at++) {
		if (*at == '>')
			table->right[column] = true;
		else if (*at == '~')
			table->cut[column] = true;
		else if (*at != '?')
			table->drop[column] = *at;
	}
	return *at ? at + 1 : at;
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
		size_t len = strcspn(at, "|>?~");
		table_cellf(table, "%.*s", (int)len, at);
		at = read_marks(table, i, at + len);
	}
}

static void pad(struct text *out, size_t count)
{
	while (count-- > 0)
		text_add_n(out, " ", 1);
}

static size_t row_width(const struct table *table)
{
	size_t width = 0;

	for (int i = 0; i < table->columns; i++) {
		if (!table->absent[i])
			width += table->width[i] + (width ? strlen(GAP) : 0);
	}
	return width;
}

/* The column that is missed least. Return: -1 when none may be left out any more. */
static int find_droppable(const struct table *table)
{
	int least = -1;

	for (int i = 0; i < table->columns; i++) {
		if (table->drop[i] && !table->absent[i] &&
		    (least < 0 || table->drop[i] < table->drop[least]))
			least = i;
	}
	return least;
}

static void cut_columns(struct table *table, size_t width)
{
	for (int i = 0; i < table->columns; i++) {
		size_t now = row_width(table);
		if (!table->cut[i] || now <= width || table->width[i] <= WIDTH_MIN)
			continue;
		size_t spare = table->width[i] - WIDTH_MIN;
		table->width[i] -= now - width < spare ? now - width : spare;
	}
}

int table_fit(struct table *table, size_t width)
{
	int left_out = 0;
	int column;

	if (!width)
		return 0;
	while (row_width(table) > width && (column = find_droppable(table)) >= 0) {
		table->absent[column] = true;
		left_out++;
	}
	cut_columns(table, width);
	return left_out;
}

/* Bytes that @width characters take. */
static size_t bytes_of(const char *value, size_t width)
{
	size_t len = 0;

	while (value[len] && (width > 0 || ((unsigned char)value[len] & 0xc0) == 0x80)) {
		width -= ((unsigned char)value[len] & 0xc0) != 0x80;
		len++;
	}
	return len;
}

static void put_cell(const struct table *table, int column, const char *cell, struct text *out)
{
	size_t width = width_of(cell);
	size_t space = width < table->width[column] ? table->width[column] - width : 0;

	if (table->right[column])
		pad(out, space);
	if (width > table->width[column]) {
		text_add_n(out, cell, bytes_of(cell, table->width[column] - strlen(CUT_MARK)));
		text_add(out, CUT_MARK);
	} else {
		text_add(out, cell);
	}
	if (!table->right[column])
		pad(out, space);
}

/* Return: the beginning of the next row. */
static const char *put_row(const struct table *table, const char *cell, struct text *out)
{
	size_t begin = out->len;

	for (int i = 0; i < table->columns; i++) {
		if (!table->absent[i]) {
			if (out->len > begin)
				text_add(out, GAP);
			put_cell(table, i, cell, out);
		}
		cell += strlen(cell) + 1;
	}
	while (!out->failed && out->len > begin && out->data[out->len - 1] == ' ')
		out->len--;
	text_add(out, "\n");
	return cell;
}

void table_end(struct table *table, struct text *out)
{
	const char *cell = table->cells.data;

	assert(table->column == 0);
	out->failed |= table->cells.failed;
	while (!out->failed && cell < table->cells.data + table->cells.len)
		cell = put_row(table, cell, out);
	text_done(&table->cells);
}
