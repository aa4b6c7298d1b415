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
#include "model/incident_text.h"
#include "model/lines.h"

/* Peers named in a line; the JSON form has all of them. */
#define PEERS_SHOWN 5

static void add_rate(struct text *out, uint64_t pps, uint64_t bps)
{
	char packets[32];
	char bits[32];

	text_addf(out, "%s, %s", quantity_format(pps, QUANTITY_PPS, packets),
		  quantity_format(bps, QUANTITY_BPS, bits));
}

static void add_severity(struct text *out, enum severity severity)
{
	char upper[16] = "";
	const char *name = severity_name(severity);

	for (size_t i = 0; name[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	text_addf(out, "%-8s  ", upper);
}

/* "has been quiet for 7.0 s, closes after 60 s of it"; without a present, since when. */
static void add_quiet(struct text *out, const struct incident *incident, uint64_t now_ns)
{
	if (incident_is_unseen(incident)) {
		text_add(out, " has not been seen since the restart at ");
		lines_time(out, incident->quiet_ns);
	} else if (now_ns) {
		text_add(out, " has been quiet for ");
		lines_duration(out, incident->quiet_ns, now_ns);
	} else {
		text_add(out, " is quiet since ");
		lines_time(out, incident->quiet_ns);
	}
	text_add(out, ", closes after ");
	lines_duration(out, incident->quiet_ns, incident->closes_ns);
	text_add(out, " of it");
}

static void add_headline(struct text *out, const struct incident *incident, const char *verb,
			 uint64_t now_ns)
{
	add_severity(out, incident->severity);
	incident_say_subject(incident, out);
	if (incident->state == INCIDENT_CLOSED) {
		text_add(out, " is over after ");
		lines_duration(out, incident->onset_ns, incident->ended_ns);
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
	lines_label(out, "vectors");
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

/* "about 3.12 k addresses, most of it from 192.0.2.1, 192.0.2.2 and 3 more" */
static void add_sources(struct text *out, const struct incident *incident)
{
	unsigned count = incident->source_count;
	uint64_t all = incident->sources_estimated;
	unsigned shown = count < PEERS_SHOWN ? count : PEERS_SHOWN;
	char words[32];

	if ((all == 0 && count == 0) || incident->direction == DIRECTION_OUTBOUND ||
	    incident->direction == DIRECTION_TRANSIT)
		return;
	lines_label(out, "from");
	if (all > count)
		text_addf(out, "about %s addresses%s", quantity_format(all, QUANTITY_COUNT, words),
			  count ? ", most of it from " : ", none of them stands out");
	for (unsigned i = 0; i < shown; i++) {
		text_add(out, i ? ", " : "");
		add_peer(out, &incident->sources[i]);
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
	lines_duration(out, incident->onset_ns, incident->detected_ns);
	text_add(out, " later");
}

static void add_times(struct text *out, const struct incident *incident, uint64_t now_ns)
{
	lines_label(out, "began");
	lines_time(out, incident->onset_ns);
	if (incident->state == INCIDENT_CLOSED) {
		text_add(out, ", ended ");
		lines_time(out, incident->ended_ns);
	} else if (now_ns > incident->detected_ns) {
		text_add(out, ", ");
		lines_duration(out, incident->onset_ns, now_ns);
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
	lines_label(out, "capacity");
	text_addf(out,
		  "%smore than the %s of this network: doubt the sampling rate of the exporter\n",
		  past ? "at its worst " : "",
		  quantity_format(incident->capacity_bps, QUANTITY_BPS, words));
}

/* @list: name machines */
static void add_body(struct text *out, const struct incident *incident, uint64_t now_ns, bool list)
{
	incident_say_why(incident, is_past_its_worst(incident) ? "at its worst: " : "", out);
	add_capacity(out, incident);
	add_vectors(out, incident);
	incident_say_targets(incident, out);
	add_sources(out, incident);
	incident_say_machines(incident, list, out);
	if (incident->state == INCIDENT_OPEN && incident->peak_pps > incident->pps) {
		lines_label(out, "peak");
		add_rate(out, incident->peak_pps, incident->peak_bps);
		text_add(out, "\n");
	}
	add_times(out, incident, now_ns);
	incident_say_stages(incident, out);
	if (*incident->advice)
		lines_wrapped(out, "to do", incident->advice);
}

static void add_id(struct text *out, const char *id)
{
	lines_label(out, "incident");
	text_addf(out, "%s\n", id);
}

static void add_level(struct text *out, const struct plan *plan)
{
	if (plan->level == LEVEL_OBSERVE)
		text_add(out, "observe only, nothing is blocked");
	else
		text_addf(out, "%s by %s", plan_level_name(plan->level), plan->actuator);
	if (plan->would > plan->level)
		text_addf(out, "; with an actuator it would %s",
			  plan_level_name((enum plan_level)plan->would));
	if (plan->needs_approval)
		text_addf(out, "; %s waits for approval",
			  plan_level_name((enum plan_level)plan->proposed));
}

/* What the rules would stop and cost, and why they go so far and no further. */
static void add_forecast(struct text *out, const struct plan *plan)
{
	if (plan->has_forecast) {
		lines_label(out, "forecast");
		text_addf(out,
			  "stops %.0f %% of the attack, hits %.2g %% of innocent traffic, at most "
			  "%.2g %%\n",
			  plan->attack_share * 100, plan->collateral_share * 100,
			  plan->collateral_upper * 100);
	}
	if (plan->why[0]) {
		lines_label(out, "because");
		text_addf(out, "%s\n", plan->why);
	}
}

static void add_verdict(struct text *out, const struct verdict *verdict,
			const struct incident *incident)
{
	char before[32];
	char now[32];

	quantity_format(verdict->pps_before, QUANTITY_PPS, before);
	quantity_format(verdict->pps_now, QUANTITY_PPS, now);
	lines_label(out, "verdict");
	if (verdict->arriving)
		text_addf(out, "still arriving: %s now, %s at its peak\n", now, before);
	else if (incident && incident->quiet_ns)
		text_addf(out, "nothing above the closing level arrives; it was %s at its peak\n",
			  before);
	else
		text_addf(out, "no longer arriving; it was %s at its peak\n", before);
	if (!verdict->in_force)
		return;
	lines_label(out, "costs");
	verdict_harm_to_text(verdict, out);
	text_add(out, "\n");
}

static void add_rules(struct text *out, const struct plan *plan)
{
	for (unsigned i = 0; i < plan->rule_count; i++) {
		lines_label(out, i ? "" : "matches");
		plan_rule_to_text(&plan->rules[i], out);
		text_add(out, "\n");
	}
}

static void incident_event(const struct event *event, struct text *out)
{
	bool opened = event->type == EVENT_INCIDENT_OPENED;

	add_headline(out, event->incident, opened ? "has begun" : "goes on", event->time_ns);
	add_body(out, event->incident, event->time_ns, false);
	if (event->plan) {
		lines_label(out, "action");
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
		text_addf(out, " for %s", incident_where(event->incident, host));
	text_add(out, ": ");
	add_level(out, event->plan);
	text_add(out, "\n");
	if (event->type == EVENT_PLAN_PROPOSED) {
		add_rules(out, event->plan);
		add_forecast(out, event->plan);
	}
	if (event->text) {
		lines_label(out, "because");
		text_addf(out, "%s\n", event->text);
	}
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
		lines_label(out, "to do");
		text_addf(out, "%s\n", fault->advice);
	}
	if (fault->state == FAULT_ENDED) {
		lines_label(out, "lasted");
		lines_duration(out, fault->since_ns, fault->time_ns);
		text_add(out, "\n");
	}
}

void event_to_text(const struct event *event, struct text *out)
{
	bool plan = event->type >= EVENT_PLAN_PROPOSED && event->type <= EVENT_PLAN_WITHDRAWN;

	lines_time(out, event->time_ns);
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
		lines_label(out, "note");
		text_addf(out, "%s\n", event->text);
	}
}

void incident_to_text(const struct incident *incident, struct text *out)
{
	add_headline(out, incident, "goes on", 0);
	add_body(out, incident, 0, true);
	add_id(out, incident->id);
}
