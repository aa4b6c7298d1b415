/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_text: an event or incident in, plain lines for a tired reader out.
 *
 * The first line stands alone: when, how bad, who, how much. Below it one fact
 * a line under a short label. ASCII only, no colours, UTC throughout.
 */
#include "model/event.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"

/* Peers named in a line; the JSON form has all of them. */
#define PEERS_SHOWN 5

/* "2026-11-22 14:05:06 UTC": seconds are what people compare with other logs. */
static void add_time(struct text *out, uint64_t time_ns)
{
	char rfc3339[TIME_TEXT_MAX];

	time_format(time_ns, rfc3339);
	text_addf(out, "%.10s %.8s UTC", rfc3339, rfc3339 + 11);
}

static void add_duration(struct text *out, uint64_t from_ns, uint64_t to_ns)
{
	char words[32];

	text_add(out,
		 quantity_format(to_ns > from_ns ? to_ns - from_ns : 0, QUANTITY_DURATION, words));
}

static void add_rate(struct text *out, uint64_t pps, uint64_t bps)
{
	char packets[32];
	char bits[32];

	text_addf(out, "%s, %s", quantity_format(pps, QUANTITY_PPS, packets),
		  quantity_format(bps, QUANTITY_BPS, bits));
}

static void add_label(struct text *out, const char *label)
{
	text_addf(out, "    %-10s", label);
}

static void add_severity(struct text *out, enum severity severity)
{
	char upper[16] = "";
	const char *name = severity_name(severity);

	for (size_t i = 0; name[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	text_addf(out, "%-8s  ", upper);
}

/* "attack on 198.51.100.7 (acme, tokyo)" */
static void add_subject(struct text *out, const struct incident *incident)
{
	char host[IP_TEXT_MAX];
	bool outbound = incident->direction == DIRECTION_OUTBOUND;
	const char *kind = incident->severity == SEVERITY_INFO ? "unusual traffic" : "attack";
	const char *way = outbound ? "from" : incident->severity == SEVERITY_INFO ? "to" : "on";

	text_addf(out, "%s %s %s", kind, way, incident_where(incident, host));
	if (*incident->tenant && *incident->region)
		text_addf(out, " (%s, %s)", incident->tenant, incident->region);
	else if (*incident->tenant || *incident->region)
		text_addf(out, " (%s%s)", incident->tenant, incident->region);
	if (incident->direction == DIRECTION_INTERNAL)
		text_add(out, " from inside the own networks");
}

/* "has been quiet for 7.0 s, closes after 60 s of it"; without a present, since when. */
static void add_quiet(struct text *out, const struct incident *incident, uint64_t now_ns)
{
	if (incident_is_unseen(incident)) {
		text_add(out, " has not been seen since the restart at ");
		add_time(out, incident->quiet_ns);
	} else if (now_ns) {
		text_add(out, " has been quiet for ");
		add_duration(out, incident->quiet_ns, now_ns);
	} else {
		text_add(out, " is quiet since ");
		add_time(out, incident->quiet_ns);
	}
	text_add(out, ", closes after ");
	add_duration(out, incident->quiet_ns, incident->closes_ns);
	text_add(out, " of it");
}

static void add_headline(struct text *out, const struct incident *incident, const char *verb,
			 uint64_t now_ns)
{
	add_severity(out, incident->severity);
	add_subject(out, incident);
	if (incident->state == INCIDENT_CLOSED) {
		text_add(out, " is over after ");
		add_duration(out, incident->onset_ns, incident->ended_ns);
		text_add(out, ": peak ");
		add_rate(out, incident->peak_pps, incident->peak_bps);
	} else if (incident->quiet_ns) {
		add_quiet(out, incident, now_ns);
	} else {
		text_addf(out, " %s: ", verb);
		add_rate(out, incident->pps, incident->bps);
	}
	text_add(out, "\n");
}

static void add_vectors(struct text *out, const struct incident *incident)
{
	if (incident->vector_count == 0)
		return;
	add_label(out, "vectors");
	for (unsigned i = 0; i < incident->vector_count; i++) {
		const struct vector_share *vector = &incident->vectors[i];
		text_addf(out, "%s%s ", i ? ", " : "", vector->name);
		if (vector->share > 0 && vector->share < 0.005)
			text_add(out, "under 1%");
		else
			text_addf(out, "%.0f%%", vector->share * 100);
	}
	text_add(out, "\n");
}

static void add_peer(struct text *out, const struct prefix *peer)
{
	char name[IP_TEXT_MAX];

	text_add(out, peer->len == 128 ? ip_format(&peer->ip, name) : prefix_format(peer, name));
}

/* "about 3.12 k addresses; most by 192.0.2.1, 192.0.2.2 and 3 more" */
static void add_peers(struct text *out, const struct incident *incident)
{
	bool outbound = incident->direction == DIRECTION_OUTBOUND;
	const struct prefix *peers = outbound ? incident->targets : incident->sources;
	unsigned count = outbound ? incident->target_count : incident->source_count;
	uint64_t all = outbound ? incident->targets_estimated : incident->sources_estimated;
	unsigned shown = count < PEERS_SHOWN ? count : PEERS_SHOWN;
	char words[32];

	if (all == 0 && count == 0)
		return;
	add_label(out, outbound ? "to" : "from");
	if (all > count)
		text_addf(out, "about %s addresses%s", quantity_format(all, QUANTITY_COUNT, words),
			  count ? ", most of it " : ", none of them stands out");
	if (all > count && count)
		text_add(out, outbound ? "to " : "from ");
	for (unsigned i = 0; i < shown; i++) {
		text_add(out, i ? ", " : "");
		add_peer(out, &peers[i]);
	}
	if (count > shown)
		text_addf(out, " and %u more", count - shown);
	text_add(out, "\n");
}

static void add_notice(struct text *out, const struct incident *incident)
{
	if (incident->detected_ns < incident->onset_ns + NS_PER_S / 10) {
		text_add(out, ", noticed at once");
		return;
	}
	text_add(out, ", noticed ");
	add_duration(out, incident->onset_ns, incident->detected_ns);
	text_add(out, " later");
}

static void add_times(struct text *out, const struct incident *incident, uint64_t now_ns)
{
	add_label(out, "began");
	add_time(out, incident->onset_ns);
	if (incident->state == INCIDENT_CLOSED) {
		text_add(out, ", ended ");
		add_time(out, incident->ended_ns);
	} else if (now_ns > incident->detected_ns) {
		text_add(out, ", ");
		add_duration(out, incident->onset_ns, now_ns);
		text_add(out, " ago");
	} else {
		add_notice(out, incident);
	}
	if (incident->resumed)
		text_addf(out, ", carried on over %llu restart%s",
			  (unsigned long long)incident->resumed, incident->resumed > 1 ? "s" : "");
	text_add(out, "\n");
}

/* The words are kept from the highest rate; beside a lower one they have to say so. */
static bool is_past_its_worst(const struct incident *incident)
{
	return incident->state == INCIDENT_OPEN &&
	       (incident->quiet_ns ||
		(incident->pps < incident->peak_pps && incident->bps < incident->peak_bps));
}

static void add_capacity(struct text *out, const struct incident *incident)
{
	bool past = incident->state == INCIDENT_OPEN && incident->bps <= incident->capacity_bps;
	char words[32];

	if (incident->capacity_bps == 0)
		return;
	add_label(out, "capacity");
	text_addf(out,
		  "%smore than the %s of this network: doubt the sampling rate of the exporter\n",
		  past ? "at its worst " : "",
		  quantity_format(incident->capacity_bps, QUANTITY_BPS, words));
}

static void add_body(struct text *out, const struct incident *incident, uint64_t now_ns)
{
	if (*incident->why) {
		add_label(out, "why");
		text_addf(out, "%s%s\n", is_past_its_worst(incident) ? "at its worst: " : "",
			  incident->why);
	}
	add_capacity(out, incident);
	add_vectors(out, incident);
	add_peers(out, incident);
	if (incident->state == INCIDENT_OPEN && incident->peak_pps > incident->pps) {
		add_label(out, "peak");
		add_rate(out, incident->peak_pps, incident->peak_bps);
		text_add(out, "\n");
	}
	add_times(out, incident, now_ns);
}

static void add_id(struct text *out, const char *id)
{
	add_label(out, "incident");
	text_addf(out, "%s\n", id);
}

static void add_level(struct text *out, const struct plan *plan)
{
	if (plan->level == LEVEL_OBSERVE)
		text_add(out, "observe only, nothing is blocked");
	else
		text_addf(out, "%s by %s", plan_level_name(plan->level), plan->actuator);
	if (plan->needs_approval)
		text_add(out, ", waits for approval");
}

static void add_verdict(struct text *out, const struct verdict *verdict,
			const struct incident *incident)
{
	char before[32];
	char now[32];

	quantity_format(verdict->pps_before, QUANTITY_PPS, before);
	quantity_format(verdict->pps_now, QUANTITY_PPS, now);
	add_label(out, "verdict");
	if (verdict->arriving)
		text_addf(out, "still arriving: %s now, %s at its peak\n", now, before);
	else if (incident && incident->quiet_ns)
		text_addf(out, "nothing above the closing level arrives; it was %s at its peak\n",
			  before);
	else
		text_addf(out, "no longer arriving; it was %s at its peak\n", before);
}

static void add_rules(struct text *out, const struct plan *plan)
{
	for (unsigned i = 0; i < plan->rule_count; i++) {
		add_label(out, i ? "" : "matches");
		plan_rule_to_text(&plan->rules[i], out);
		text_add(out, "\n");
	}
}

static void incident_event(const struct event *event, struct text *out)
{
	bool opened = event->type == EVENT_INCIDENT_OPENED;

	add_headline(out, event->incident, opened ? "has begun" : "goes on", event->time_ns);
	add_body(out, event->incident, event->time_ns);
	if (event->plan) {
		add_label(out, "action");
		add_level(out, event->plan);
		text_add(out, "\n");
	}
	if (event->verdict)
		add_verdict(out, event->verdict, event->incident);
	add_id(out, event->incident->id);
}

static void plan_event(const struct event *event, struct text *out)
{
	const char *verb = strchr(event_type_name(event->type), '.') + 1;
	char host[IP_TEXT_MAX];

	text_addf(out, "%-8s  %s", "plan", verb);
	if (event->incident)
		text_addf(out, " for %s", ip_format(&event->incident->host, host));
	text_add(out, ": ");
	add_level(out, event->plan);
	text_add(out, "\n");
	if (event->type == EVENT_PLAN_PROPOSED)
		add_rules(out, event->plan);
	if (event->verdict)
		add_verdict(out, event->verdict, event->incident);
	add_id(out, event->plan->incident);
}

/* "WARNING   edge1 (192.0.2.1, netflow9): 10.0% of its datagrams were lost on the way" */
static void fault_event(const struct fault *fault, struct text *out)
{
	if (fault->state == FAULT_ENDED)
		text_addf(out, "%-8s  ", "mended");
	else
		add_severity(out, fault->severity);
	fault_who(fault, out);
	text_addf(out, ": %s\n", fault->text);
	if (*fault->advice) {
		add_label(out, "to do");
		text_addf(out, "%s\n", fault->advice);
	}
	if (fault->state == FAULT_ENDED) {
		add_label(out, "lasted");
		add_duration(out, fault->since_ns, fault->time_ns);
		text_add(out, "\n");
	}
}

void event_to_text(const struct event *event, struct text *out)
{
	bool plan = event->type >= EVENT_PLAN_PROPOSED && event->type <= EVENT_PLAN_WITHDRAWN;

	add_time(out, event->time_ns);
	text_add(out, "  ");
	if (plan && event->plan) {
		plan_event(event, out);
	} else if (!plan && event->incident) {
		incident_event(event, out);
	} else if (event->fault) {
		fault_event(event->fault, out);
	} else {
		text_addf(out, "%-8s  %s\n", "fault", event->text ? event->text : "");
		return;
	}
	if (event->text) {
		add_label(out, "note");
		text_addf(out, "%s\n", event->text);
	}
}

void incident_to_text(const struct incident *incident, struct text *out)
{
	add_headline(out, incident, "goes on", 0);
	add_body(out, incident, 0);
	add_id(out, incident->id);
}
