/* SPDX-License-Identifier: Apache-2.0 */
/* render_detail: one exporter of the status JSON in, all that is known of it out. */
#include <inttypes.h>
#include <string.h>

#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"

static void add_label(const char *label, struct text *out)
{
	text_addf(out, "  %-12s", label);
}

static void add_faults(const json_t *status, const json_t *exporter, struct text *out)
{
	const json_t *faults = json_object_get(status, "faults");
	bool any = false;

	for (size_t i = 0; i < json_array_size(faults); i++) {
		const json_t *fault = json_array_get(faults, i);
		const json_t *of = json_object_get(fault, "exporter");
		if (strcmp(string_at(of, "address"), string_at(exporter, "address")) != 0 ||
		    count_at(of, "odid") != count_at(exporter, "odid"))
			continue;
		add_label(any ? "" : "FAULTS", out);
		plain_add(out, string_at(fault, "text"));
		text_addf(out, " (since %.19s)\n", string_at(fault, "since"));
		add_label("", out);
		plain_add(out, string_at(fault, "advice"));
		text_add(out, "\n");
		any = true;
	}
	if (!any)
		text_add(out, "  health      ok\n");
}

static void add_sampling(const json_t *exporter, const json_t *minute, struct text *out)
{
	const json_t *sampling = json_object_get(exporter, "sampling");
	double measured = number_at(json_object_get(minute, "sampling"), "measured");

	add_label("sampling", out);
	if (count_at(sampling, "rate"))
		text_addf(out, "1:%" PRIu64 " in use (%s)", count_at(sampling, "rate"),
			  string_at(sampling, "source"));
	else
		text_add(out, "unknown: nobody named a rate");
	if (count_at(sampling, "announced"))
		text_addf(out, ", it announces 1:%" PRIu64, count_at(sampling, "announced"));
	if (measured > 0)
		text_addf(out, ", its pool measures 1:%.0f", measured);
	text_add(out, "\n");
}

static void add_minute(const json_t *minute, struct text *out)
{
	const json_t *twin = json_object_get(minute, "duplicates");

	add_label("last minute", out);
	text_addf(out, "%" PRIu64 " of %" PRIu64 " %s, %.2f%% lost; %" PRIu64 " undecoded\n",
		  count_at(minute, "received"), count_at(minute, "expected"),
		  string_at(minute, "unit"), number_at(minute, "lost_share") * 100,
		  sum_of(json_object_get(minute, "undecodable")));
	if (number_at(twin, "share") <= 0)
		return;
	add_label("duplicates", out);
	text_addf(out, "%.0f%% of its flows are reported by %s too\n",
		  number_at(twin, "share") * 100, string_at(twin, "with"));
}

static void add_rest(const json_t *exporter, struct text *out)
{
	double active = number_at(exporter, "active_timeout_s");
	double inactive = number_at(exporter, "inactive_timeout_s");
	const json_t *lost = json_object_get(exporter, "lost");

	add_label("clock", out);
	text_addf(out, "%+.3f s (ours less its own)\n", number_at(exporter, "clock_offset_s"));
	if (active > 0 || inactive > 0) {
		add_label("timeouts", out);
		text_addf(out, "%.1f s active, %.1f s inactive, as its records show (0: unknown)\n",
			  active, inactive);
	}
	add_label("in all", out);
	text_addf(out,
		  "%" PRIu64 " records in %" PRIu64 " datagrams, %" PRIu64 " %s lost, %" PRIu64
		  " restarts\n",
		  count_at(exporter, "records"), count_at(exporter, "datagrams"),
		  count_at(lost, "count"), string_at(lost, "unit"), count_at(lost, "restarts"));
	add_label("templates", out);
	text_addf(out, "%" PRIu64 " known, %" PRIu64 " sets waited for theirs\n",
		  count_at(exporter, "templates"), count_at(exporter, "held"));
	add_label("seen", out);
	text_addf(out, "%.19s to %.19s UTC\n", string_at(exporter, "first_seen"),
		  string_at(exporter, "last_seen"));
}

static void add_exporter(const json_t *status, const json_t *exporter, struct text *out)
{
	const json_t *minute = json_object_get(exporter, "last_minute");
	const char *name = string_at(exporter, "name");

	plain_add(out, string_at(exporter, "address"));
	if (*name) {
		text_add(out, " ");
		plain_add(out, name);
	}
	text_addf(out, ", %s, domain %" PRIu64 "\n", string_at(exporter, "protocol"),
		  count_at(exporter, "odid"));
	add_faults(status, exporter, out);
	if (minute)
		add_minute(minute, out);
	add_sampling(exporter, minute, out);
	add_rest(exporter, out);
}

size_t render_exporter(const json_t *status, const char *wanted, struct text *out)
{
	const json_t *exporters = json_object_get(status, "exporters");
	size_t found = 0;

	for (size_t i = 0; i < json_array_size(exporters); i++) {
		const json_t *exporter = json_array_get(exporters, i);
		if (strcmp(string_at(exporter, "address"), wanted) != 0 &&
		    strcmp(string_at(exporter, "agent"), wanted) != 0 &&
		    strcmp(string_at(exporter, "name"), wanted) != 0)
			continue;
		text_add(out, found++ ? "\n" : "");
		add_exporter(status, exporter, out);
	}
	return found;
}
