/* SPDX-License-Identifier: Apache-2.0 */
/* incident_text: what kind of attack, on whom, why, in which stages, by which machines. */
#include "model/incident_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "model/lines.h"

/* Machines and tenants that are named; the JSON form has all of them. */
#define MACHINES_SHOWN 10
#define TENANTS_SHOWN  5
/* What stands before the reasons of a detector that weighs them. */
#define NATS           " nats: "

static void add_prefix(struct text *out, const struct prefix *prefix)
{
	char name[IP_TEXT_MAX];

	text_add(out,
		 prefix->len == 128 ? ip_format(&prefix->ip, name) : prefix_format(prefix, name));
}

/* " (acme, tokyo)" */
static void add_whose(struct text *out, const char *tenant, const char *region)
{
	if (*tenant && *region)
		text_addf(out, " (%s, %s)", tenant, region);
	else if (*tenant || *region)
		text_addf(out, " (%s%s)", tenant, region);
}

static void add_host(struct text *out, const struct incident *incident)
{
	const struct prefix where = { .ip = incident->host,
				      .len = incident->host_len ? incident->host_len : 128 };

	add_prefix(out, &where);
	add_whose(out, incident->tenant, incident->region);
}

uint64_t incident_machine_count(const struct incident *incident)
{
	if (incident->machine_count)
		return incident->machine_count;
	return incident->kind == KIND_CAMPAIGN ? incident->sources_seen : 0;
}

/* "campaign from 400 of our machines (60 tenants) at 8 sites" */
static void add_campaign(struct text *out, const struct incident *incident)
{
	struct incident_tenant *tenants;
	unsigned names;
	size_t count = incident_tenants(incident, &tenants, &names);
	uint64_t machines = incident_machine_count(incident);
	uint64_t sites = incident->targets_estimated > incident->target_count
				 ? incident->targets_estimated
				 : incident->target_count;

	text_addf(out, "campaign from %" PRIu64 " of our machines", machines);
	if (names > 1)
		text_addf(out, " (%u tenants)", names);
	else if (count)
		add_whose(out, tenants[0].tenant, count == 1 ? tenants[0].region : "");
	text_addf(out, " at %" PRIu64 " site%s", sites, sites == 1 ? "" : "s");
	free(tenants);
}

/* The port is told in words alone: "port 7 of 192.0.2.1: 3.00 kpps from sources …". */
static void add_spoofed(struct text *out, const struct incident *incident)
{
	bool named = strncmp(incident->why, "port ", 5) == 0;
	const char *end = named ? strstr(incident->why, ": ") : NULL;

	text_add(out, "forged sources out of ");
	if (end)
		text_add_n(out, incident->why, (size_t)(end - incident->why));
	else
		text_add(out, "a port");
	text_add(out, ", of ");
	add_host(out, incident);
}

/* An attack, or only something to look at, by its direction. */
static void add_flood(struct text *out, const struct incident *incident)
{
	bool info = incident->severity == SEVERITY_INFO;
	bool outbound = incident->direction == DIRECTION_OUTBOUND;
	const char *way = outbound ? "from" : info ? "to" : "on";

	text_addf(out, "%s %s ", info ? "unusual traffic" : "attack", way);
	add_host(out, incident);
}

void incident_say_subject(const struct incident *incident, struct text *out)
{
	bool outbound = incident->direction == DIRECTION_OUTBOUND;
	const char *before = NULL;

	switch ((enum attack_kind)incident->kind) {
	case KIND_CARPET:
		before = "carpet attack on ";
		break;
	case KIND_REFLECTOR:
		before = "reflector at ";
		break;
	case KIND_SCAN:
		before = outbound ? "scan from " : "scan of ";
		break;
	case KIND_BULK:
		before = outbound ? "bulk transfer from " : "bulk transfer to ";
		break;
	case KIND_CAMPAIGN:
		add_campaign(out, incident);
		return;
	case KIND_SPOOFED_EGRESS:
		add_spoofed(out, incident);
		return;
	default:
		break;
	}
	if (before) {
		text_add(out, before);
		add_host(out, incident);
	} else {
		add_flood(out, incident);
	}
	if (incident->direction == DIRECTION_INTERNAL)
		text_add(out, " from inside the own networks");
}

/* "+6.0 a reason; -4.0 another": each on lines of its own. */
static void add_reasons(struct text *out, const char *reasons)
{
	while (*reasons) {
		char one[FINDING_WHY_MAX];
		const char *end = strstr(reasons, "; ");
		size_t len = end ? (size_t)(end - reasons) : strlen(reasons);
		struct text words = text_fixed(one, sizeof(one));
		text_add_n(&words, reasons, len);
		lines_wrapped(out, "", one);
		reasons += len + (end ? 2 : 0);
	}
}

void incident_say_why(const struct incident *incident, const char *before, struct text *out)
{
	char buffer[FINDING_WHY_MAX + 64];
	struct text head = text_fixed(buffer, sizeof(buffer));
	const char *why = incident->why;
	const char *reasons = strstr(why, NATS);

	if (!*why)
		return;
	text_add(&head, before);
	text_add_n(&head, why, reasons ? (size_t)(reasons - why) + strlen(NATS) - 1 : strlen(why));
	lines_wrapped(out, "why", buffer);
	if (reasons)
		add_reasons(out, reasons + strlen(NATS));
}

/* ", suspected +0.4 s": tenths, as ticks have them. */
static void add_stage(struct text *out, const char *name, uint64_t at_ns, uint64_t onset_ns)
{
	double seconds = ((double)at_ns - (double)onset_ns) / NS_PER_S;

	if (at_ns)
		text_addf(out, ", %s %+.1f s", name, seconds > -0.05 && seconds < 0 ? 0 : seconds);
}

void incident_say_stages(const struct incident *incident, struct text *out)
{
	char buffer[160], onset[TIME_TEXT_MAX];
	struct text words = text_fixed(buffer, sizeof(buffer));

	if (!incident->first_ns && !incident->suspect_ns)
		return;
	time_format(incident->onset_ns, onset);
	text_addf(&words, "onset %.10s", onset + 11);
	add_stage(&words, "first sample", incident->first_ns, incident->onset_ns);
	add_stage(&words, "suspected", incident->suspect_ns, incident->onset_ns);
	add_stage(&words, "confirmed", incident->detected_ns, incident->onset_ns);
	lines_wrapped(out, "stages", buffer);
}

static bool is_host_alone(const struct incident *incident)
{
	return incident->target_count == 1 && ip_equal(&incident->targets[0].ip, &incident->host) &&
	       incident->targets[0].len == (incident->host_len ? incident->host_len : 128);
}

void incident_say_targets(const struct incident *incident, struct text *out)
{
	bool outward = incident->direction == DIRECTION_OUTBOUND ||
		       incident->direction == DIRECTION_TRANSIT;
	uint64_t all = incident->targets_estimated;
	struct text words = text_heap();
	char number[32];

	if (incident->target_count ? is_host_alone(incident) : !outward || !all)
		return;
	if (outward && all > incident->target_count)
		text_addf(&words, "about %s addresses%s",
			  quantity_format(all, QUANTITY_COUNT, number),
			  incident->target_count ? ", most of it to "
						 : ", none of them stands out");
	for (unsigned i = 0; i < incident->target_count; i++) {
		text_add(&words, i ? ", " : "");
		add_prefix(&words, &incident->targets[i]);
	}
	out->failed |= words.failed;
	lines_wrapped(out, outward ? "to" : "targets", text_string(&words));
	text_done(&words);
}

/* "t01, tokyo: 7; t02: 5; and 58 more" */
static void add_tenants(struct text *out, const struct incident *incident)
{
	struct incident_tenant *tenants;
	unsigned names;
	size_t count = incident_tenants(incident, &tenants, &names);

	for (size_t i = 0; i < count && i < TENANTS_SHOWN; i++) {
		const struct incident_tenant *one = &tenants[i];
		text_addf(out, "%s%s%s%s: %u", i ? "; " : ", by tenant ", one->tenant,
			  *one->tenant && *one->region ? ", " : "", one->region, one->machines);
	}
	if (count > TENANTS_SHOWN)
		text_addf(out, "; and %zu more", count - TENANTS_SHOWN);
	free(tenants);
}

/* Those that sent most, the first of equals first. Return: how many. */
static unsigned heaviest(const struct incident *incident,
			 const struct finding_machine *ret_machines[MACHINES_SHOWN])
{
	unsigned count = 0;

	for (unsigned i = 0; i < incident->machine_count; i++) {
		const struct finding_machine *machine = &incident->machines[i];
		unsigned at = count;
		while (at > 0 && ret_machines[at - 1]->packets < machine->packets)
			at--;
		if (at == MACHINES_SHOWN)
			continue;
		count += count < MACHINES_SHOWN;
		memmove(&ret_machines[at + 1], &ret_machines[at],
			(count - 1 - at) * sizeof(ret_machines[0]));
		ret_machines[at] = machine;
	}
	return count;
}

static void list_machines(const struct incident *incident, struct text *out)
{
	const struct finding_machine *machines[MACHINES_SHOWN];
	unsigned count = heaviest(incident, machines);

	for (unsigned i = 0; i < count; i++) {
		char name[IP_TEXT_MAX], packets[32];
		const char *tenant, *region;
		incident_whose_is(incident, &machines[i]->ip, &tenant, &region);
		lines_label(out, "");
		text_addf(out, "%-15s  %s packets", ip_format(&machines[i]->ip, name),
			  quantity_format(machines[i]->packets, QUANTITY_COUNT, packets));
		add_whose(out, tenant, region);
		text_add(out, "\n");
	}
	if (incident->machine_count > count) {
		lines_label(out, "");
		text_addf(out, "and %u more; --json has all of them\n",
			  incident->machine_count - count);
	}
}

void incident_say_machines(const struct incident *incident, bool list, struct text *out)
{
	struct text words = text_heap();

	if (!incident_machine_count(incident))
		return;
	text_addf(&words, "%" PRIu64 " of ours", incident_machine_count(incident));
	add_tenants(&words, incident);
	out->failed |= words.failed;
	lines_wrapped(out, "machines", text_string(&words));
	text_done(&words);
	if (list)
		list_machines(incident, out);
}
