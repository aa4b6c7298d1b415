/* SPDX-License-Identifier: Apache-2.0 */
/* render_exporters: the exporters of the status JSON in, their table out, trouble on top. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"
#include "model/reason.h"

/* Rows that still can be read; a forged thousand must not push the page off the screen. */
#define ROWS_MAX          40
/* Losing this much of an exporter's datagrams makes rates wrong enough to speak of it. */
#define LOST_SHARE_NOTED  0.01
/* Clocks this far apart put flows into the wrong tick of a report. */
#define CLOCK_NOTED_S     5.0
/* Announced and measured sampling rate that differ by more than this: one of them lies. */
#define RATE_NOTED        0.3
/* Of its flows, so many that another exporter reports too are worth a word. */
#define TWIN_NOTED        0.1
/* What fits an integer, whoever answers at the socket. */
#define NUMBER_MAX        1e18
/* Farther off, days say more than seconds. */
#define CLOCK_SECONDS_MAX 120.0

/* What decides about an exporter's place in the table. */
struct place {
	const json_t *exporter;
	unsigned trouble;
	double rate;
	size_t index;
};

static bool has_fault(const json_t *exporter, const char *kind)
{
	const json_t *faults = json_object_get(exporter, "faults");

	for (size_t i = 0; i < json_array_size(faults); i++) {
		const char *name = json_string_value(json_array_get(faults, i));
		if (name && strcmp(name, kind) == 0)
			return true;
	}
	return false;
}

/* Over the last minute, if one is over; a loss of last week is no news. */
static double lost_lately(const json_t *exporter)
{
	const json_t *minute = json_object_get(exporter, "last_minute");

	return minute ? number_at(minute, "lost_share")
		      : number_at(json_object_get(exporter, "lost"), "share");
}

/* Those that are told of under "to look after" with the hint to look here. */
static bool has_template_trouble(const json_t *exporter)
{
	const json_t *reasons = json_object_get(exporter, "undecodable");

	return count_at(reasons, reason_name(REASON_TEMPLATE_BAD)) ||
	       count_at(reasons, reason_name(REASON_TEMPLATE_FULL)) ||
	       count_at(reasons, reason_name(REASON_NO_TEMPLATE));
}

unsigned exporter_trouble(const json_t *exporter)
{
	const json_t *sampling = json_object_get(exporter, "sampling");
	const json_t *lost = json_object_get(exporter, "lost");
	unsigned trouble = 0;

	if (has_fault(exporter, "sampling"))
		trouble |= TROUBLE_RATE;
	if (has_fault(exporter, "silent"))
		trouble |= TROUBLE_SILENT;
	if (count_at(sampling, "unknown_records"))
		trouble |= TROUBLE_SAMPLING;
	if (number_at(lost, "share") > LOST_SHARE_NOTED ||
	    lost_lately(exporter) > LOST_SHARE_NOTED || has_fault(exporter, "loss"))
		trouble |= TROUBLE_LOST;
	if (sum_of(json_object_get(exporter, "undecodable")))
		trouble |= TROUBLE_UNDECODED;
	/* Without a record there is nothing that a wrong clock could misplace. */
	if (count_at(exporter, "records") &&
	    fabs(number_at(exporter, "clock_offset_s")) > CLOCK_NOTED_S)
		trouble |= TROUBLE_CLOCK;
	return trouble;
}

/* An agent tells apart what one sender passes on for several; most are their own. */
static void exporter_cell(struct table *table, const json_t *exporter)
{
	const char *address = string_at(exporter, "address");
	const char *agent = string_at(exporter, "agent");
	uint64_t odid = count_at(exporter, "odid");
	char buffer[160];
	struct text cell = text_fixed(buffer, sizeof(buffer));

	if (strcmp(address, "::") == 0 && *string_at(exporter, "name")) {
		table_cell(table, string_at(exporter, "name"));
		return;
	}
	text_add(&cell, address);
	if (*agent && strcmp(agent, address) != 0)
		text_addf(&cell, "/%s", agent);
	if (odid)
		text_addf(&cell, "/%" PRIu64, odid);
	table_cell(table, text_string(&cell));
}

static void rate_cell(struct table *table, const json_t *exporter)
{
	char buffer[32];
	struct text cell = text_fixed(buffer, sizeof(buffer));

	render_rate(json_object_get(exporter, "records_per_s"), "10s", &cell);
	table_cell(table, text_string(&cell));
}

/* The worst that is wrong with it, in words; "ok" when nothing is. */
static void health_cell(struct table *table, const json_t *exporter)
{
	static const struct {
		const char *kind;
		const char *words;
	} known[] = {
		{ "sampling", "WRONG RATE" }, { "silent", "SILENT" },
		{ "loss", "LOSING" },         { "templates", "NO TEMPLATE" },
		{ "undecodable", "GARBLED" }, { "clock", "CLOCK OFF" },
		{ "repeated", "REPEATED" },   { "duplicates", "TWIN" },
	};
	const json_t *faults = json_object_get(exporter, "faults");
	size_t more = json_array_size(faults);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!has_fault(exporter, known[i].kind))
			continue;
		table_cellf(table, more > 1 ? "%s +%zu" : "%s", known[i].words, more - 1);
		return;
	}
	unsigned trouble = exporter_trouble(exporter);
	table_cell(table, trouble & TROUBLE_SAMPLING       ? "NO RATE"
			  : trouble & TROUBLE_LOST         ? "LOST"
			  : has_template_trouble(exporter) ? "NO TEMPLATE"
			  : trouble & TROUBLE_CLOCK        ? "CLOCK OFF"
							   : "ok");
}

static bool is_contradicted(double announced, double measured)
{
	return announced > 0 && measured > 0 && fabs(measured / announced - 1) > RATE_NOTED;
}

static void sampling_cell(struct table *table, const json_t *exporter)
{
	const json_t *sampling = json_object_get(exporter, "sampling");
	const json_t *minute =
		json_object_get(json_object_get(exporter, "last_minute"), "sampling");
	uint64_t rate = count_at(sampling, "rate");
	double measured = number_at(minute, "measured");

	if (rate && count_at(sampling, "announced") && has_fault(exporter, "sampling") &&
	    count_at(sampling, "announced") != rate)
		table_cellf(table, "1:%" PRIu64 ", SAYS 1:%" PRIu64, rate,
			    count_at(sampling, "announced"));
	else if (is_contradicted((double)rate, measured))
		table_cellf(table, "1:%" PRIu64 ", REAL 1:%.0f", rate, measured);
	else if (json_is_null(json_object_get(sampling, "rate")))
		table_cell(table, count_at(exporter, "records") ? "UNKNOWN" : "");
	else
		table_cellf(table, "1:%" PRIu64 " (%s)", count_at(sampling, "rate"),
			    string_at(sampling, "source"));
}

/* Seconds while they can be compared by eye; a clock that was never set is days off. */
static void clock_cell(struct table *table, const json_t *exporter)
{
	const json_t *offset = json_object_get(exporter, "clock_offset_s");
	double seconds = json_number_value(offset);
	char words[32];

	if (!offset)
		table_cell(table, "");
	else if (fabs(seconds) < CLOCK_SECONDS_MAX)
		table_cellf(table, "%+.1f s", seconds);
	else
		table_cellf(table, "%c%s", seconds < 0 ? '-' : '+',
			    quantity_format((uint64_t)fmin(fabs(seconds) * NS_PER_S, NUMBER_MAX),
					    QUANTITY_DURATION, words));
}

static void seen_cell(struct table *table, const json_t *exporter, uint64_t at_ns)
{
	char buffer[48];
	struct text cell = text_fixed(buffer, sizeof(buffer));
	uint64_t seen_ns = time_at(exporter, "last_seen");
	char words[32];

	if (seen_ns)
		text_addf(&cell, "%s ago",
			  quantity_format(at_ns > seen_ns ? at_ns - seen_ns : 0, QUANTITY_DURATION,
					  words));
	table_cell(table, text_string(&cell));
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->trouble != b->trouble)
		return a->trouble > b->trouble ? -1 : 1;
	if (a->rate != b->rate)
		return a->rate > b->rate ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Return: the array of places, to be freed; NULL when memory is short. */
static struct place *sort_exporters(const json_t *exporters)
{
	size_t count = json_array_size(exporters);
	struct place *places = calloc(count, sizeof(*places));

	for (size_t i = 0; places && i < count; i++) {
		const json_t *exporter = json_array_get(exporters, i);
		places[i] = (struct place){
			.exporter = exporter,
			.trouble = exporter_trouble(exporter),
			.rate = number_at(json_object_get(exporter, "records_per_s"), "10s"),
			.index = i,
		};
	}
	if (places)
		qsort(places, count, sizeof(*places), compare_places);
	return places;
}

/* "60/15 s": what its flow cache waits before it reports. */
static void timeouts_cell(struct table *table, const json_t *exporter)
{
	double active = number_at(exporter, "active_timeout_s");
	double inactive = number_at(exporter, "inactive_timeout_s");

	if (active > 0 && inactive > 0)
		table_cellf(table, "%.0f/%.0f s", active, inactive);
	else if (active > 0 || inactive > 0)
		table_cellf(table, active > 0 ? "%.0f/? s" : "?/%.0f s",
			    active > 0 ? active : inactive);
	else
		table_cell(table, "");
}

static void twin_cell(struct table *table, const json_t *exporter)
{
	const json_t *twin =
		json_object_get(json_object_get(exporter, "last_minute"), "duplicates");
	double share = number_at(twin, "share");

	if (share >= TWIN_NOTED)
		table_cellf(table, "%.0f%% %s", share * 100, string_at(twin, "with"));
	else
		table_cell(table, "");
}

static void add_row(struct table *table, const json_t *exporter, uint64_t at_ns)
{
	health_cell(table, exporter);
	exporter_cell(table, exporter);
	table_cell(table, strcmp(string_at(exporter, "address"), "::") == 0
				  ? ""
				  : string_at(exporter, "name"));
	table_cell(table, string_at(exporter, "protocol"));
	rate_cell(table, exporter);
	sampling_cell(table, exporter);
	table_cellf(table, "%.1f%%", lost_lately(exporter) * 100);
	table_cellf(table, "%" PRIu64, sum_of(json_object_get(exporter, "undecodable")));
	clock_cell(table, exporter);
	timeouts_cell(table, exporter);
	twin_cell(table, exporter);
	seen_cell(table, exporter, at_ns);
}

/* The table of all that are not put together any more. */
static void add_table(const json_t *status, const json_t *exporters,
		      const struct render_layout *layout, struct text *out)
{
	size_t count = json_array_size(exporters);
	size_t shown = layout->all || count <= ROWS_MAX ? count : ROWS_MAX;
	struct table table;
	struct place *places = sort_exporters(exporters);

	if (!places) {
		out->failed = true;
		return;
	}
	text_add(out, "\n");
	table_begin(&table, "HEALTH|EXPORTER|NAME~|PROTOCOL?4|RECORDS/S>?7|SAMPLING|LOST>|"
			    "UNDECODED>?5|CLOCK>?3|TIMEOUTS>?2|TWIN?1|SEEN>?6");
	for (size_t i = 0; i < shown; i++)
		add_row(&table, places[i].exporter, time_at(status, "time"));
	render_table(&table, layout, out);
	free(places);
	if (shown < count)
		text_addf(out, "and %zu with less trouble or traffic; --all shows them\n",
			  count - shown);
}

void render_exporters(const json_t *status, const struct render_layout *layout, struct text *out)
{
	const json_t *exporters = json_object_get(status, "exporters");

	if (json_array_size(exporters) == 0) {
		text_add(out, "\nno exporter has sent anything yet\n");
		return;
	}
	json_t *merged = merge_interfaces(exporters);
	if (!merged) {
		out->failed = true;
		return;
	}
	add_table(status, merged, layout, out);
	json_decref(merged);
	if (count_at(status, "exporters_not_listed"))
		text_addf(out, "and %" PRIu64 " more that the daemon does not list\n",
			  count_at(status, "exporters_not_listed"));
}
