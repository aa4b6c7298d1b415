/* SPDX-License-Identifier: Apache-2.0 */
/* render_incidents: incident JSON (docs/manual/api.md) in, a table or one story out. */
#include "cli/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "model/event.h"
#include "model/incident.h"
#include "model/plan.h"

/* Back into the struct, so that there is one place that knows the fields. */
static int incident_of(const json_t *item, struct incident *ret_incident)
{
	char *json = json_dumps(json_object_get(item, "incident"), JSON_COMPACT);

	if (!json)
		return -WEIR_EFORMAT;
	int ret = incident_from_json(json, ret_incident);
	free(json);
	return ret;
}

static void vectors_cell(struct table *table, const struct incident *incident)
{
	char buffer[FINDING_VECTORS * (VECTOR_NAME_MAX + 1) + 1];
	struct text cell = text_fixed(buffer, sizeof(buffer));

	for (unsigned i = 0; i < incident->vector_count; i++)
		text_addf(&cell, "%s%s", i ? "," : "", incident->vectors[i].name);
	table_cell(table, text_string(&cell));
}

static void add_row(struct table *table, const struct incident *incident, uint64_t now_ns)
{
	char words[64];
	uint64_t end_ns = incident->state == INCIDENT_OPEN ? now_ns : incident->ended_ns;
	uint64_t lasted_ns = end_ns > incident->onset_ns ? end_ns - incident->onset_ns : 0;

	table_cell(table, incident->id);
	table_cell(table, incident_state_name(incident->state));
	table_cell(table, severity_name(incident->severity));
	table_cell(table, direction_name(incident->direction));
	table_cell(table, incident_where(incident, words));
	vectors_cell(table, incident);
	table_cell(table, quantity_format(incident->peak_pps, QUANTITY_PPS, words));
	table_cell(table, quantity_format(incident->peak_bps, QUANTITY_BPS, words));
	time_format(incident->onset_ns, words);
	table_cellf(table, "%.10s %.8s", words, words + 11);
	table_cell(table, quantity_format(lasted_ns, QUANTITY_DURATION, words));
}

/* The newest first; of those that began together, the largest. */
static int compare_incidents(const void *left, const void *right)
{
	const struct incident *a = left, *b = right;

	if (a->onset_ns != b->onset_ns)
		return a->onset_ns > b->onset_ns ? -1 : 1;
	if (a->peak_bps != b->peak_bps)
		return a->peak_bps > b->peak_bps ? -1 : 1;
	return strcmp(a->id, b->id);
}

static void add_table(struct incident *incidents, size_t count, uint64_t now_ns,
		      const struct render_layout *layout, struct text *out)
{
	struct table table;

	qsort(incidents, count, sizeof(*incidents), compare_incidents);
	table_begin(&table, "INCIDENT|STATE|SEVERITY?5|DIRECTION?2|HOST|VECTORS~|PEAK PPS>?4|"
			    "PEAK BPS>|BEGAN (UTC)?1|LASTED>?3");
	for (size_t i = 0; i < count; i++)
		add_row(&table, &incidents[i], now_ns);
	render_table(&table, layout, out);
}

void render_incidents(const json_t *list, uint64_t now_ns, const struct render_layout *layout,
		      struct text *out)
{
	json_t *items = json_object_get(list, "incidents");
	json_int_t matching = json_integer_value(json_object_get(list, "matching"));
	size_t size = json_array_size(items);
	size_t count = 0;

	if (size == 0) {
		text_add(out, "no incidents\n");
		return;
	}
	struct incident *incidents = calloc(size, sizeof(*incidents));
	for (size_t i = 0; incidents && i < size; i++)
		count += incident_of(json_array_get(items, i), &incidents[count]) == 0;
	if (incidents)
		add_table(incidents, count, now_ns, layout, out);
	else
		out->failed = true;
	free(incidents);
	if (count < size)
		text_addf(out, "and %zu that this version does not understand; see --json\n",
			  size - count);
	if (matching > (json_int_t)size)
		text_addf(out, "and %lld more; see --limit\n",
			  (long long)matching - (long long)size);
}

static void add_plan(const json_t *plan, struct text *out)
{
	const char *level = json_string_value(json_object_get(plan, "level"));
	const char *actuator = json_string_value(json_object_get(plan, "actuator"));

	if (!level)
		return;
	text_addf(out, "    %-10s", "action");
	plain_add(out, level);
	if (strcmp(level, plan_level_name(LEVEL_OBSERVE)) == 0) {
		text_add(out, " only, nothing is blocked");
	} else if (actuator && *actuator) {
		text_add(out, " by ");
		plain_add(out, actuator);
	}
	if (json_is_true(json_object_get(plan, "needs_approval")))
		text_add(out, ", waits for approval");
	text_add(out, "\n");
}

/* A machine's names, as the JSON has them. */
struct named {
	struct ip ip;
	const char *tenant;
	const char *region;
};

/* The machines of a story; the struct alone does not carry them. */
struct crew {
	struct finding_machine *machines;
	struct named *names; /* in order of their addresses */
	unsigned count;
	struct incident_whose whose;
};

static int by_ip(const void *left, const void *right)
{
	const struct named *a = left, *b = right;

	return ip_compare(&a->ip, &b->ip);
}

static void whose_is(const void *self, const struct ip *ip, const char **ret_tenant,
		     const char **ret_region)
{
	const struct crew *crew = self;
	const struct named key = { .ip = *ip };
	const struct named *found =
		bsearch(&key, crew->names, crew->count, sizeof(*crew->names), by_ip);

	*ret_tenant = found ? found->tenant : "";
	*ret_region = found ? found->region : "";
}

static void crew_add(struct crew *crew, const json_t *machine)
{
	struct named *name = &crew->names[crew->count];

	if (ip_parse(string_at(machine, "ip"), &name->ip) < 0)
		return;
	name->tenant = string_at(machine, "tenant");
	name->region = string_at(machine, "region");
	crew->machines[crew->count++] = (struct finding_machine){
		.ip = name->ip,
		.packets = count_at(machine, "packets"),
		.first_ns = time_at(machine, "first"),
		.last_ns = time_at(machine, "last"),
	};
}

static void crew_of(const json_t *list, struct crew *crew)
{
	size_t size = json_array_size(list);

	*crew = (struct crew){ .machines = calloc(size + 1, sizeof(*crew->machines)),
			       .names = calloc(size + 1, sizeof(*crew->names)),
			       .whose = { .of = whose_is, .self = crew } };
	if (!crew->machines || !crew->names)
		return;
	for (size_t i = 0; i < size; i++)
		crew_add(crew, json_array_get(list, i));
	qsort(crew->names, crew->count, sizeof(*crew->names), by_ip);
}

static void crew_done(struct crew *crew)
{
	free(crew->machines);
	free(crew->names);
}

int render_incident(const json_t *one, struct text *out)
{
	struct incident incident;
	struct crew crew;
	int ret = incident_of(one, &incident);

	if (ret < 0)
		return ret;
	crew_of(json_object_get(json_object_get(one, "incident"), "machines"), &crew);
	incident.machines = crew.machines;
	incident.machine_count = crew.count;
	incident.whose = &crew.whose;
	incident_to_text(&incident, out);
	crew_done(&crew);
	add_plan(json_object_get(one, "plan"), out);
	render_verdict(one, 4, out);
	return 0;
}
