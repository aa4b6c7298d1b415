/* SPDX-License-Identifier: Apache-2.0 */
/* render_top: the answer to GET /api/v1/top in, headline and table of `weir top` out. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"

/* Cells of a bar; all of them are the envelope. */
#define BAR     10
/* The daemon answers anew each second: an older answer is worth a word. */
#define STALE_S 3

static void add_load(const json_t *top, const char *key, struct text *out)
{
	const json_t *load = json_object_get(top, key);
	char pps[32], bps[32];

	text_addf(out, "   %s %s, %s", key,
		  quantity_format(count_at(load, "pps"), QUANTITY_PPS, pps),
		  quantity_format(count_at(load, "bps"), QUANTITY_BPS, bps));
}

static void add_faults(const json_t *faults, struct text *out)
{
	uint64_t open = count_at(faults, "open");
	uint64_t of_worst = count_at(faults, "of_worst");

	if (!open) {
		text_add(out, "no fault of the telemetry");
		return;
	}
	text_addf(out, "%" PRIu64 " ", of_worst ? of_worst : open);
	plain_add(out, string_at(faults, "worst"));
	text_addf(out, " fault%s of the telemetry", (of_worst ? of_worst : open) == 1 ? "" : "s");
	if (of_worst && open > of_worst)
		text_addf(out, ", %" PRIu64 " lesser", open - of_worst);
}

static void add_head(const json_t *top, uint64_t now_ns, struct text *out)
{
	uint64_t time_ns = time_at(top, "time");
	uint64_t open = count_at(top, "incidents_open");
	char time[TIME_TEXT_MAX];

	time_format(time_ns, time);
	text_addf(out, "weir %.8s UTC", time + 11);
	add_load(top, "in", out);
	add_load(top, "out", out);
	text_addf(out, "\n%" PRIu64 " incident%s open; ", open, open == 1 ? "" : "s");
	add_faults(json_object_get(top, "faults"), out);
	if (time_ns && now_ns > time_ns + STALE_S * NS_PER_S)
		text_addf(out, "; %" PRIu64 " s old", (uint64_t)((now_ns - time_ns) / NS_PER_S));
	text_add(out, "\n");
}

static void rate_cell(struct table *table, const json_t *row, const char *pps, const char *bps)
{
	bool bits = strcmp(string_at(row, "class"), "bits") == 0;
	char words[32];

	table_cell(table, quantity_format(count_at(row, bits ? bps : pps),
					  bits ? QUANTITY_BPS : QUANTITY_PPS, words));
}

/* "######----": as much of its envelope as it takes; "##########>": more. */
static void bar_cell(struct table *table, double times)
{
	char bar[BAR + 2] = "";
	int full = times >= 1 ? BAR : (int)(times * BAR);

	memset(bar, '-', BAR);
	memset(bar, '#', (size_t)full);
	if (times > 1)
		bar[BAR] = '>';
	table_cell(table, bar);
}

/* How sure it is: that it is above at all, and then that it is an attack. */
static void evidence_cell(struct table *table, const json_t *row)
{
	const char *state = string_at(row, "state");

	if (!*state)
		table_cell(table, "");
	else if (strcmp(state, "rising") == 0)
		table_cellf(table, "%.0f%% sure", 100 * number_at(row, "alarm"));
	else
		table_cellf(table, "%+.1f nats", number_at(row, "nats"));
}

static void add_row(struct table *table, const json_t *row)
{
	bool outside = strcmp(string_at(row, "kind"), "outside") == 0;
	double times = number_at(row, "times");

	table_cell(table, string_at(row, "target"));
	table_cell(table, outside ? "to outside" : string_at(row, "direction"));
	table_cell(table, string_at(row, "class"));
	rate_cell(table, row, "pps", "bps");
	rate_cell(table, row, "usual_pps", "usual_bps");
	rate_cell(table, row, "envelope_pps", "envelope_bps");
	table_cellf(table, times < 100 ? "%.2fx" : "%.0fx", times);
	bar_cell(table, times);
	table_cell(table, string_at(row, "state"));
	evidence_cell(table, row);
}

void render_top(const json_t *top, uint64_t now_ns, size_t limit,
		const struct render_layout *layout, struct text *out)
{
	const json_t *rows = json_object_get(top, "rows");
	size_t count = json_array_size(rows);
	struct table table;

	add_head(top, now_ns, out);
	text_add(out, "\n");
	if (!count) {
		text_add(out, "nothing is near its envelope\n");
		return;
	}
	table_begin(&table, "TARGET~|DIRECTION?4|CLASS?6|RATE>|USUAL>?3|ENVELOPE>?5|OF IT>|BAR?2|"
			    "STATE|EVIDENCE?1");
	for (size_t i = 0; i < count && i < limit; i++)
		add_row(&table, json_array_get(rows, i));
	table_fit(&table, layout->width);
	table_end(&table, out);
}
