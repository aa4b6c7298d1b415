/* SPDX-License-Identifier: Apache-2.0 */
/* render_traffic: networks and heaviest addresses of the status JSON in, their tables out. */
#include <inttypes.h>

#include "base/parse.h"
#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"

/* Rows of the networks' table; --all shows the rest. */
#define ROWS_MAX    10
/* Reported too late for a part of so much: then the rates need a word. */
#define OLDER_NOTED 0.05

static void load_cell(struct table *table, const json_t *of, const char *key, enum quantity unit)
{
	char words[32];

	table_cell(table, quantity_format(count_at(of, key), unit, words));
}

static void add_networks(const json_t *status, const struct render_layout *layout, struct text *out)
{
	const json_t *networks = json_object_get(status, "networks");
	size_t count = json_array_size(networks);
	size_t shown = layout->all || count <= ROWS_MAX ? count : ROWS_MAX;
	uint64_t more = count - shown + count_at(status, "networks_not_listed");
	struct table table;

	if (count == 0)
		return;
	text_add(out, "\n");
	table_begin(&table, "NETWORK|TENANT~|IN BPS>|IN PPS>?2|OUT BPS>|OUT PPS>?1");
	for (size_t i = 0; i < shown; i++) {
		const json_t *network = json_array_get(networks, i);
		table_cell(&table, string_at(network, "prefix"));
		table_cell(&table, string_at(network, "tenant"));
		load_cell(&table, network, "in_bps", QUANTITY_COUNT);
		load_cell(&table, network, "in_pps", QUANTITY_COUNT);
		load_cell(&table, network, "out_bps", QUANTITY_COUNT);
		load_cell(&table, network, "out_pps", QUANTITY_COUNT);
	}
	render_table(&table, layout, out);
	if (more)
		text_addf(out, "and %" PRIu64 " more; --all shows those that are followed\n", more);
}

static void add_talkers(struct table *table, const json_t *list, const char *words)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		table_cell(table, words);
		table_cell(table, string_at(one, "address"));
		load_cell(table, one, "bps", QUANTITY_COUNT);
		load_cell(table, one, "pps", QUANTITY_COUNT);
	}
}

static void add_top(const json_t *top, const struct render_layout *layout, struct text *out)
{
	const json_t *in = json_object_get(top, "hosts_in");
	const json_t *sent = json_object_get(top, "hosts_out");
	const json_t *outside = json_object_get(top, "outside");
	struct table table;

	if (json_array_size(in) + json_array_size(sent) + json_array_size(outside) == 0)
		return;
	text_add(out, "\n");
	table_begin(&table, "HEAVIEST|ADDRESS|BPS>|PPS>");
	add_talkers(&table, in, "to own host");
	add_talkers(&table, sent, "from own host");
	add_talkers(&table, outside, "to outside");
	render_table(&table, layout, out);
}

void render_traffic(const json_t *status, const struct render_layout *layout, struct text *out)
{
	const json_t *top = json_object_get(status, "top");
	double older = number_at(top, "older_share");

	add_networks(status, layout, out);
	add_top(top, layout, out);
	if (older >= OLDER_NOTED)
		text_addf(out,
			  "%.0f%% of what was reported had gone by before these %" PRIu64
			  " s: they are lower bounds\n",
			  older * 100, count_at(top, "window_s"));
}
