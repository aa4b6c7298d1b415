/* SPDX-License-Identifier: Apache-2.0 */
/* render_coverage: rows of the coverage ledger in, a table and a picture of the gaps out. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"

#define MINUTE_NS   (60 * NS_PER_S)
/* Columns of a picture; a longer one is cut and says so. */
#define COLUMNS_MAX 240
#define LABEL_WIDTH 18
/* From here on a loss, or what cannot be decoded, is drawn. */
#define LOST_DRAWN  0.01
#define RATE_DRAWN  0.3

/* One exporter: its rows are neighbours in the answer. */
struct strip {
	const json_t *first; /* says who it is */
	double covered;      /* sum over its rows */
	double minutes;
	uint64_t expected, lost, silent, kernel, undecoded, restarts;
	char picture[COLUMNS_MAX + 1];
};

static bool is_same(const json_t *a, const json_t *b)
{
	return strcmp(string_at(a, "address"), string_at(b, "address")) == 0 &&
	       strcmp(string_at(a, "protocol"), string_at(b, "protocol")) == 0 &&
	       strcmp(string_at(a, "agent"), string_at(b, "agent")) == 0 &&
	       count_at(a, "odid") == count_at(b, "odid");
}

static bool lies_about_rate(const json_t *row)
{
	const json_t *sampling = json_object_get(row, "sampling");
	double announced = number_at(sampling, "announced");
	double measured = number_at(sampling, "measured");
	double off = announced > 0 && measured > 0 ? measured / announced - 1 : 0;

	return off > RATE_DRAWN || off < -RATE_DRAWN;
}

/* The worst that there is to say about a row, in one character. */
static char sign_of(const json_t *row)
{
	uint64_t undecoded = sum_of(json_object_get(row, "undecodable"));
	uint64_t records = count_at(row, "records");
	double lost = number_at(row, "lost_share");

	if (count_at(row, "silent_minutes"))
		return '-';
	if (lost > LOST_DRAWN)
		return (char)('0' + (lost >= 0.9 ? 9 : (int)(lost * 10) + (lost < 0.1)));
	if (lies_about_rate(row))
		return 's';
	if (undecoded && (double)undecoded > LOST_DRAWN * (double)(records + undecoded))
		return 'u';
	if (count_at(row, "kernel_dropped"))
		return 'k';
	return count_at(row, "restarts") ? 'r' : '.';
}

static void add_to(struct strip *strip, const json_t *row, size_t column)
{
	double minutes = (double)count_at(row, "minutes");

	strip->covered += number_at(row, "coverage") * minutes;
	strip->minutes += minutes;
	strip->expected += count_at(row, "expected");
	strip->lost += count_at(row, "lost");
	strip->silent += count_at(row, "silent_minutes");
	strip->kernel += count_at(row, "kernel_dropped");
	strip->restarts += count_at(row, "restarts");
	strip->undecoded += sum_of(json_object_get(row, "undecodable"));
	if (column < COLUMNS_MAX)
		strip->picture[column] = sign_of(row);
}

static double share_of(const struct strip *strip)
{
	return strip->minutes > 0 ? strip->covered / strip->minutes : 0;
}

static int compare(const void *left, const void *right)
{
	const struct strip *a = left, *b = right;

	if (share_of(a) != share_of(b))
		return share_of(a) < share_of(b) ? -1 : 1;
	return strcmp(string_at(a->first, "address"), string_at(b->first, "address"));
}

static size_t columns_of(const json_t *answer)
{
	uint64_t from_ns = time_at(answer, "from"), to_ns = time_at(answer, "to");
	uint64_t step_ns = count_at(answer, "step_minutes") * MINUTE_NS;
	uint64_t columns =
		step_ns && to_ns > from_ns ? (to_ns - from_ns + step_ns - 1) / step_ns : 0;

	return columns < COLUMNS_MAX ? (size_t)columns : COLUMNS_MAX;
}

static size_t column_of(const json_t *answer, const json_t *row)
{
	uint64_t step_ns = count_at(answer, "step_minutes") * MINUTE_NS;
	uint64_t from_ns = time_at(answer, "from"), begin_ns = time_at(row, "begin");

	return step_ns && begin_ns >= from_ns ? (size_t)((begin_ns - from_ns) / step_ns)
					      : COLUMNS_MAX;
}

/* Return: how many exporters there are. */
static size_t gather(const json_t *answer, struct strip *strips)
{
	json_t *rows = json_object_get(answer, "rows");
	size_t columns = columns_of(answer);
	size_t count = 0;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		if (count == 0 || !is_same(strips[count - 1].first, row)) {
			strips[count] = (struct strip){ .first = row };
			memset(strips[count++].picture, ' ', columns);
		}
		add_to(&strips[count - 1], row, column_of(answer, row));
	}
	return count;
}

static void name_cell(struct table *table, const struct strip *strip)
{
	uint64_t odid = count_at(strip->first, "odid");

	if (odid)
		table_cellf(table, "%s/%" PRIu64, string_at(strip->first, "address"), odid);
	else
		table_cell(table, string_at(strip->first, "address"));
	table_cell(table, string_at(strip->first, "name"));
}

static void add_table(const struct strip *strips, size_t count, const struct render_layout *layout,
		      struct text *out)
{
	struct table table;

	table_begin(&table, "EXPORTER|NAME~|PROTOCOL?2|COVERED>|LOST>|SILENT MIN>|UNDECODED>?3|"
			    "KERNEL>?1|RESTARTS>?4");
	for (size_t i = 0; i < count; i++) {
		const struct strip *s = &strips[i];
		name_cell(&table, s);
		table_cell(&table, string_at(s->first, "protocol"));
		table_cellf(&table, "%.2f%%", share_of(s) * 100);
		table_cellf(&table, "%.2f%%",
			    s->expected ? (double)s->lost * 100 / (double)s->expected : 0);
		table_cellf(&table, "%" PRIu64, s->silent);
		table_cellf(&table, "%" PRIu64, s->undecoded);
		table_cellf(&table, "%" PRIu64, s->kernel);
		table_cellf(&table, "%" PRIu64, s->restarts);
	}
	render_table(&table, layout, out);
}

static void add_label(const struct strip *strip, struct text *out)
{
	const char *name = string_at(strip->first, "name");
	char cut[LABEL_WIDTH];
	struct text label = text_heap();

	snprintf(cut, sizeof(cut), "%s", *name ? name : string_at(strip->first, "address"));
	plain_add(&label, cut);
	text_addf(out, "%-*s", LABEL_WIDTH, text_string(&label));
	text_done(&label);
}

static void add_picture(const json_t *answer, const struct strip *strips, size_t count,
			struct text *out)
{
	uint64_t step = count_at(answer, "step_minutes");
	const char *from = string_at(answer, "from"), *to = string_at(answer, "to");

	text_addf(out, "\n%.10s %.5s to ", from, strlen(from) > 16 ? from + 11 : "");
	text_addf(out, "%.10s %.5s UTC, %" PRIu64 " minute%s a character\n", to,
		  strlen(to) > 16 ? to + 11 : "", step, step == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		add_label(&strips[i], out);
		text_addf(out, "|%s|\n", strips[i].picture);
	}
	text_add(out, "\n. all is there   1-9 so many tenths lost at most   - silent   blank not "
		      "watched\ns sampling rate contradicted   u undecoded   k kernel drops   r "
		      "restarted\n");
}

void render_coverage(const json_t *answer, const struct render_layout *layout, struct text *out)
{
	size_t size = json_array_size(json_object_get(answer, "rows"));
	struct strip *strips = size ? calloc(size, sizeof(*strips)) : NULL;

	if (size == 0) {
		text_add(out, "nothing is kept about this time\n");
		return;
	}
	if (!strips) {
		out->failed = true;
		return;
	}
	size_t count = gather(answer, strips);
	qsort(strips, count, sizeof(*strips), compare);
	add_table(strips, count, layout, out);
	add_picture(answer, strips, count, out);
	if (json_is_true(json_object_get(answer, "more")))
		text_add(out, "there is more than one answer holds: ask for less time, or one "
			      "--exporter\n");
	free(strips);
}
