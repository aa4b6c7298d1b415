/* SPDX-License-Identifier: Apache-2.0 */
/* render_status: status JSON (docs/manual/api.md) in, the page of `weir status` out. */
#include "cli/render.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/table.h"

/* The daemon publishes every second; an answer older than this means that it does not keep up. */
#define STALE_NS          (5 * NS_PER_S)
/* Losing this much of an exporter's datagrams makes rates wrong enough to speak of it. */
#define LOST_SHARE_NOTED  0.01
/* Clocks this far apart put flows into the wrong tick of a report. */
#define CLOCK_NOTED_S     5.0
/* Farther off, days say more than seconds. */
#define CLOCK_SECONDS_MAX 120.0
/* What fits an integer, whoever answers at the socket. */
#define NUMBER_MAX        1e18

static const char *string_at(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "";
}

static uint64_t count_at(const json_t *json, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(json, key));

	return value > 0 ? (uint64_t)value : 0;
}

static double number_at(const json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

static uint64_t time_at(const json_t *json, const char *key)
{
	uint64_t ns = 0;

	return time_parse(string_at(json, key), &ns) == 0 ? ns : 0;
}

static void add_count(struct text *out, uint64_t value)
{
	char words[32];

	text_add(out, quantity_format(value, QUANTITY_COUNT, words));
}

static void add_duration(struct text *out, uint64_t from_ns, uint64_t to_ns)
{
	char words[32];

	text_add(out,
		 quantity_format(to_ns > from_ns ? to_ns - from_ns : 0, QUANTITY_DURATION, words));
}

static void add_rate(struct text *out, const json_t *rates, const char *key)
{
	double value = number_at(rates, key);

	if (value > 0 && value < 10)
		text_addf(out, "%.1f", value);
	else
		add_count(out, value > 0 ? (uint64_t)fmin(value, NUMBER_MAX) : 0);
}

static void add_head(const json_t *status, uint64_t now_ns, struct text *out)
{
	const json_t *config = json_object_get(status, "config");
	uint64_t at_ns = time_at(status, "time");

	text_addf(out, "weir %s, up ", string_at(status, "version"));
	add_duration(out, time_at(status, "started"), at_ns);
	text_add(out, ", configuration ");
	plain_add(out, string_at(config, "file"));
	if (count_at(config, "generation") > 1)
		text_addf(out, " (loaded %" PRIu64 " times)", count_at(config, "generation"));
	text_add(out, "\nlistening  ");
	plain_add(out, *string_at(status, "listen") ? string_at(status, "listen") : "nowhere");
	text_add(out, "\n");
	if (now_ns > at_ns + STALE_NS) {
		text_add(out, "OLD        this was true ");
		add_duration(out, at_ns, now_ns);
		text_add(out, " ago: the daemon does not keep up\n");
	}
}

static void add_totals(const json_t *totals, struct text *out)
{
	const json_t *records = json_object_get(totals, "records_per_s");
	const json_t *datagrams = json_object_get(totals, "datagrams_per_s");

	text_add(out, "now        ");
	add_rate(out, records, "1s");
	text_add(out, " records/s in ");
	add_rate(out, datagrams, "1s");
	text_add(out, " datagrams/s; mean of 10 s: ");
	add_rate(out, records, "10s");
	text_add(out, " records/s\nin all     ");
	add_count(out, count_at(totals, "records"));
	text_add(out, " records in ");
	add_count(out, count_at(totals, "datagrams"));
	text_add(out, " datagrams; ");
	add_count(out, count_at(totals, "kernel_dropped"));
	text_add(out, " datagrams lost in full socket buffers\n");
}

static uint64_t sum_of(const json_t *counts)
{
	json_t *object = (json_t *)counts;
	uint64_t sum = 0;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) sum += count_at(object, key);
	return sum;
}

static void add_undecodable(const json_t *counts, struct text *out)
{
	json_t *object = (json_t *)counts;
	const char *separator = ": ";
	const char *key;
	json_t *value;

	text_add(out, "undecoded  ");
	add_count(out, sum_of(object));
	json_object_foreach(object, key, value)
	{
		text_add(out, separator);
		plain_add(out, key);
		text_addf(out, " %" PRIu64, count_at(object, key));
		separator = ", ";
	}
	text_add(out, "\n");
}

static void add_memory(const json_t *status, struct text *out)
{
	const json_t *incidents = json_object_get(status, "incidents");
	const json_t *journal = json_object_get(status, "journal");
	const char *path = string_at(journal, "path");

	text_addf(out, "incidents  %" PRIu64 " open, %" PRIu64 " since the start\njournal    ",
		  count_at(incidents, "open"), count_at(incidents, "total"));
	if (!*path) {
		text_add(out, "none: incidents are forgotten when the daemon ends\n");
		return;
	}
	plain_add(out, path);
	text_add(out, json_is_true(json_object_get(journal, "degraded")) ? ", CANNOT BE WRITTEN"
									 : ", healthy");
	text_add(out, "\n");
}

static void exporter_cell(struct table *table, const json_t *exporter)
{
	uint64_t odid = count_at(exporter, "odid");

	if (odid)
		table_cellf(table, "%s/%" PRIu64, string_at(exporter, "address"), odid);
	else
		table_cell(table, string_at(exporter, "address"));
}

static void rate_cell(struct table *table, const json_t *exporter)
{
	char buffer[32];
	struct text cell = text_fixed(buffer, sizeof(buffer));

	add_rate(&cell, json_object_get(exporter, "records_per_s"), "10s");
	table_cell(table, text_string(&cell));
}

static void sampling_cell(struct table *table, const json_t *exporter)
{
	const json_t *sampling = json_object_get(exporter, "sampling");

	if (json_is_null(json_object_get(sampling, "rate")))
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

	if (seen_ns) {
		add_duration(&cell, seen_ns, at_ns);
		text_add(&cell, " ago");
	}
	table_cell(table, text_string(&cell));
}

static void add_exporters(const json_t *status, struct text *out)
{
	json_t *exporters = json_object_get(status, "exporters");
	struct table table;
	size_t i;
	json_t *exporter;

	if (json_array_size(exporters) == 0) {
		text_add(out, "\nno exporter has sent anything yet\n");
		return;
	}
	text_add(out, "\n");
	table_begin(&table,
		    "EXPORTER|NAME|PROTOCOL|RECORDS/S>|SAMPLING|LOST>|UNDECODED>|CLOCK>|SEEN>");
	json_array_foreach(exporters, i, exporter)
	{
		const json_t *lost = json_object_get(exporter, "lost");
		exporter_cell(&table, exporter);
		table_cell(&table, string_at(exporter, "name"));
		table_cell(&table, string_at(exporter, "protocol"));
		rate_cell(&table, exporter);
		sampling_cell(&table, exporter);
		table_cellf(&table, "%.1f%%", number_at(lost, "share") * 100);
		table_cellf(&table, "%" PRIu64, sum_of(json_object_get(exporter, "undecodable")));
		clock_cell(&table, exporter);
		seen_cell(&table, exporter, time_at(status, "time"));
	}
	table_end(&table, out);
	if (count_at(status, "exporters_not_listed"))
		text_addf(out, "and %" PRIu64 " more exporters\n",
			  count_at(status, "exporters_not_listed"));
}

/* A line about something that somebody should look after. */
static void note(struct text *out, bool *any, uint64_t count, const char *what, const char *advice)
{
	if (!count)
		return;
	if (!*any)
		text_add(out, "\nto look after\n");
	*any = true;
	text_addf(out, "  %s: ", what);
	add_count(out, count);
	text_addf(out, "; %s\n", advice);
}

static uint64_t sum_in(const json_t *list, const char *key)
{
	uint64_t sum = 0;
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)list, i, item) sum += count_at(item, key);
	return sum;
}

static void note_exporters(const json_t *exporters, struct text *out, bool *any)
{
	uint64_t unknown = 0, losing = 0, clocks = 0;
	size_t i;
	json_t *exporter;

	json_array_foreach((json_t *)exporters, i, exporter)
	{
		unknown += count_at(json_object_get(exporter, "sampling"), "unknown_records") > 0;
		losing += number_at(json_object_get(exporter, "lost"), "share") > LOST_SHARE_NOTED;
		clocks += fabs(number_at(exporter, "clock_offset_s")) > CLOCK_NOTED_S;
	}
	note(out, any, unknown, "exporters that sent records without a sampling rate",
	     "their counts are lower bounds: set `sampling` for them under exporters");
	note(out, any, losing, "exporters of which more than 1% is lost on the way",
	     "look at the path, and at ingest.receive_buffer");
	note(out, any, clocks, "exporters whose clock is more than 5 s off", "set up NTP there");
}

static void note_tables(const json_t *status, struct text *out, bool *any)
{
	const json_t *threads = json_object_get(status, "threads");
	const json_t *detectors = json_object_get(status, "detectors");
	const json_t *incidents = json_object_get(status, "incidents");

	note(out, any, count_at(json_object_get(status, "totals"), "kernel_dropped"),
	     "datagrams lost in full socket buffers",
	     "raise ingest.receive_buffer, or ingest.threads");
	note(out, any, sum_in(threads, "ticks_dropped"), "ticks not taken in time",
	     "the machine is too slow for this input");
	note(out, any, sum_in(threads, "hosts_turned_away"),
	     "records of hosts that found no room in the tally", "raise limits.hosts");
	note(out, any, sum_in(threads, "templates_turned_away"), "templates that found no room",
	     "raise limits.templates");
	note(out, any, sum_in(threads, "held_turned_away"),
	     "data sets given up while they waited for their template",
	     "let the exporter send templates more often, or raise limits.held");
	note(out, any, sum_in(detectors, "turned_away"),
	     "tallies of hosts that a detector had no room for", "raise limits.hosts");
	note(out, any, count_at(incidents, "turned_away"),
	     "incidents that found no room because too many are open", "raise incidents.max_open");
	note(out, any, sum_in(json_object_get(status, "sinks"), "dropped"),
	     "events that a sink could not write", "see sinks in `weir status --json`");
	note(out, any, count_at(json_object_get(status, "config"), "reloads_refused"),
	     "reloads refused", "the configuration before them stays; see `weir check`");
}

static void note_journal(const json_t *journal, struct text *out, bool *any)
{
	if (!json_is_true(json_object_get(journal, "degraded")))
		return;
	text_addf(out, "%s  the journal cannot be written: ", *any ? "" : "\nto look after\n");
	plain_add(out,
		  *string_at(journal, "reason") ? string_at(journal, "reason") : "unknown why");
	text_add(out, "; after a restart open incidents would begin anew\n");
	*any = true;
}

void render_status(const json_t *status, uint64_t now_ns, struct text *out)
{
	const json_t *totals = json_object_get(status, "totals");
	bool any = false;

	add_head(status, now_ns, out);
	add_totals(totals, out);
	add_undecodable(json_object_get(totals, "undecodable"), out);
	add_memory(status, out);
	add_exporters(status, out);
	note_journal(json_object_get(status, "journal"), out, &any);
	note_exporters(json_object_get(status, "exporters"), out, &any);
	note_tables(status, out, &any);
}
