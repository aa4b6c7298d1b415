/* SPDX-License-Identifier: Apache-2.0 */
/* render_status: status JSON (docs/manual/api.md) in, the page of `weir status` out. */
#include "cli/render.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/fields.h"
#include "cli/table.h"

/* What fits an integer, whoever answers at the socket. */
#define NUMBER_MAX 1e18

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

void render_rate(const json_t *rates, const char *key, struct text *out)
{
	double value = number_at(rates, key);

	if (value > 0 && value < 10)
		text_addf(out, "%.1f", value);
	else
		add_count(out, value > 0 ? (uint64_t)fmin(value, NUMBER_MAX) : 0);
}

void render_table(struct table *table, const struct render_layout *layout, struct text *out)
{
	int left_out = table_fit(table, layout->width);

	table_end(table, out);
	if (left_out)
		text_addf(out, "%d column%s left out here; --wide shows all\n", left_out,
			  left_out == 1 ? "" : "s");
}

static void add_head(const json_t *status, struct text *out)
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
}

/* Interfaces of this machine; without any there is nothing to say. */
static void add_links(const json_t *links, struct text *out)
{
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i);
		text_add(out, "sampling   ");
		plain_add(out, string_at(link, "name"));
		text_addf(out, " 1:%" PRIu64 " (", count_at(link, "sampling"));
		plain_add(out, string_at(link, "mode"));
		text_add(out, "): ");
		add_count(out, count_at(link, "packets"));
		text_add(out, " packets");
		if (count_at(link, "seen")) {
			text_add(out, " of ");
			add_count(out, count_at(link, "seen"));
		}
		text_add(out, ", ");
		add_count(out, count_at(link, "dropped"));
		text_add(out, " lost");
		if (!json_is_true(json_object_get(link, "works"))) {
			text_add(out, "; NOTHING NOW: ");
			plain_add(out, string_at(link, "reason"));
		}
		text_add(out, "\n");
	}
}

/* Flow logs that are followed; without any there is nothing to say. */
static void add_flowlogs(const json_t *logs, uint64_t now_ns, struct text *out)
{
	for (size_t i = 0; i < json_array_size(logs); i++) {
		const json_t *log = json_array_get(logs, i);
		text_add(out, "following  ");
		plain_add(out, string_at(log, "path"));
		text_add(out, ": ");
		add_count(out, count_at(log, "flows"));
		text_add(out, " flows, ");
		add_count(out, count_at(log, "files"));
		text_add(out, " files remembered, ");
		add_count(out, count_at(log, "waiting"));
		text_add(out, " waiting, ");
		add_count(out, count_at(log, "unreadable"));
		text_add(out, " unreadable");
		if (time_at(log, "newest")) {
			text_add(out, "; the newest flow ended ");
			add_duration(out, time_at(log, "newest"), now_ns);
			text_add(out, " ago");
		}
		if (!json_is_true(json_object_get(log, "works"))) {
			text_add(out, "; NOTHING NOW: ");
			plain_add(out, string_at(log, "reason"));
		}
		text_add(out, "\n");
	}
}

static void add_totals(const json_t *totals, struct text *out)
{
	const json_t *records = json_object_get(totals, "records_per_s");
	const json_t *datagrams = json_object_get(totals, "datagrams_per_s");

	text_add(out, "now        ");
	render_rate(records, "1s", out);
	text_add(out, " records/s in ");
	render_rate(datagrams, "1s", out);
	text_add(out, " datagrams/s; mean of 10 s: ");
	render_rate(records, "10s", out);
	text_add(out, " records/s\nin all     ");
	add_count(out, count_at(totals, "records"));
	text_add(out, " records in ");
	add_count(out, count_at(totals, "datagrams"));
	text_add(out, count_at(totals, "kernel_dropped") ? " datagrams\nlost       at least "
							 : " datagrams\nlost       ");
	add_count(out, count_at(totals, "kernel_dropped"));
	text_add(out, " datagrams in full socket buffers\n");
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

/* Only where something can be held back, or would be. */
static void add_plans(const json_t *status, struct text *out)
{
	const json_t *actuators = json_object_get(status, "actuators");
	const json_t *plans = json_object_get(status, "plans");

	if (json_array_size(actuators) == 0) {
		text_add(out, "held back  nothing: no actuator is configured, Weir watches only\n");
		return;
	}
	text_addf(out, "held back  %" PRIu64 " plan%s, %" PRIu64 " rules, by ",
		  count_at(plans, "in_force"), count_at(plans, "in_force") == 1 ? "" : "s",
		  count_at(plans, "rules"));
	for (size_t i = 0; i < json_array_size(actuators); i++) {
		const json_t *actuator = json_array_get(actuators, i);
		text_add(out, i ? ", " : "");
		plain_add(out, string_at(actuator, "name"));
		text_addf(out, " (%s%s)", string_at(actuator, "kind"),
			  json_is_true(json_object_get(actuator, "failing")) ? ", FAILS" : "");
	}
	text_add(out, "\n");
}

/* Of what they drop, some is looked at: does it hit innocents? */
static void add_caught(const json_t *status, struct text *out)
{
	const json_t *actuators = json_object_get(status, "actuators");

	for (size_t i = 0; i < json_array_size(actuators); i++) {
		const json_t *actuator = json_array_get(actuators, i);
		const json_t *caught = json_object_get(actuator, "caught");
		if (!caught)
			continue;
		text_add(out, "caught     ");
		add_count(out, count_at(caught, "read"));
		text_add(out, " of the packets that ");
		plain_add(out, string_at(actuator, "name"));
		text_add(out, " dropped, ");
		add_count(out, count_at(caught, "turned_away"));
		text_add(out, " of them not looked at; ");
		add_count(out, count_at(caught, "lost"));
		text_add(out, " lost\n");
	}
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

/* What is followed because of fixed limits, where there are any. */
static void add_hosts(const json_t *detectors, struct text *out)
{
	const json_t *detector = detector_at(detectors, "threshold");

	if (!count_at(detector, "hosts"))
		return;
	text_add(out, "hosts      ");
	add_count(out, count_at(detector, "hosts"));
	text_add(out, " followed, ");
	add_count(out, count_at(detector, "watched"));
	text_add(out, " near a limit, ");
	add_count(out, count_at(detector, "rings"));
	text_add(out, " histories of what came late\n");
}

/* What rises above what is usual. */
static void add_suspects(const json_t *detectors, struct text *out)
{
	const json_t *detector = detector_at(detectors, "learned");

	if (!detector)
		return;
	text_add(out, "unusual    ");
	add_count(out, count_at(detector, "watched"));
	text_add(out, " hosts, networks and places outside, looked at sample by sample\n");
}

void render_status(const json_t *status, uint64_t now_ns, const struct render_layout *layout,
		   struct text *out)
{
	const json_t *totals = json_object_get(status, "totals");

	render_notes(status, now_ns, out);
	add_head(status, out);
	add_links(json_object_get(status, "links"), out);
	add_flowlogs(json_object_get(status, "flowlogs"), now_ns, out);
	add_totals(totals, out);
	add_undecodable(json_object_get(totals, "undecodable"), out);
	add_hosts(json_object_get(status, "detectors"), out);
	add_suspects(json_object_get(status, "detectors"), out);
	add_memory(status, out);
	add_plans(status, out);
	add_caught(status, out);
	render_traffic(status, layout, out);
	render_exporters(status, layout, out);
}
