/* SPDX-License-Identifier: Apache-2.0 */
/* hands_report: what actuators say of what they hold in; effects, events and status out. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/hands_part.h"

/* What it gained since the last time, about a second ago. */
static void take_counters(struct hands *hands, struct hand_case *c, const struct effect *effect)
{
	static const struct effect none = { 0 };
	bool same = strcmp(c->effect.plan, effect->plan) == 0;
	const struct effect *old = same ? &c->effect : &none;

	if (!effect->counted)
		return;
	if (effect->matched_packets > old->matched_packets)
		c->matched_ns = hands->now_ns;
	if (same && !c->rate_mixed && effect->at_ns > old->at_ns &&
	    effect->dropped_packets >= old->dropped_packets)
		c->dropped_pps = (double)(effect->dropped_packets - old->dropped_packets) *
				 NS_PER_S / (double)(effect->at_ns - old->at_ns);
	c->rate_mixed = false;
}

static void take_effect(struct hands *hands, struct hand_case *c, const struct effect *effect)
{
	const struct crew_report *report = &hands->report;

	take_counters(hands, c, effect);
	c->effect = *effect;
	hands->views[c->member].held += effect->applied;
	if (!effect->applied)
		snprintf(c->trouble, sizeof(c->trouble), "%.*s", (int)sizeof(c->trouble) - 1,
			 report->why[0] ? report->why : "the actuator does not hold it");
	else if (!c->told_applied)
		case_tell(hands, c, EVENT_PLAN_APPLIED, NULL);
	c->told_applied |= effect->applied;
}

/* What canaries say counts on the way there; later they are only looked at. */
static void take_canary(struct hands *hands, struct hand_case *c, size_t member,
			const struct wanted *wanted)
{
	const struct crew_report *report = &hands->report;

	for (unsigned i = 0; i < report->count; i++) {
		if (strcmp(report->effects[i].plan, wanted->plan.id) == 0)
			hands->views[member].held += report->effects[i].applied;
	}
	case_trial_report(hands, c, member);
}

static void take_effects(struct hands *hands, size_t member)
{
	const struct crew_report *report = &hands->report;

	for (unsigned i = 0; i < HANDS_CASES; i++) {
		struct hand_case *c = &hands->cases[i];
		const struct wanted *wanted = case_at(hands, c, member);
		if (wanted && (wanted == &c->trial.wanted || c->member != member)) {
			take_canary(hands, c, member, wanted);
			continue;
		}
		if (!wanted || !wanted->plan.level)
			continue;
		snprintf(c->trouble, sizeof(c->trouble), "%.*s", (int)sizeof(c->trouble) - 1,
			 report->failing ? report->why : "");
		for (unsigned j = 0; j < report->count; j++) {
			if (strcmp(report->effects[j].plan, c->wanted.plan.id) == 0)
				take_effect(hands, c, &report->effects[j]);
		}
	}
}

static void take_view(struct hands *hands, size_t member)
{
	const struct crew_report *report = &hands->report;
	struct status_actuator *view = &hands->views[member];

	hands->peers[member] = report->peers;
	snprintf(hands->whys[member], sizeof(hands->whys[member]), "%s", report->why);
	view->failing = report->failing;
	view->why = hands->whys[member];
	view->tries = report->tries;
	view->failures = report->failures;
	view->added = report->added;
	view->removed = report->removed;
	view->took_s = (double)report->took_ns / (double)NS_PER_S;
	view->peers_known = report->peers.known;
	view->peers_up = report->peers.up;
	view->peers_all = report->peers.all;
	view->held = 0;
	view->catches = crew_caught(hands->crew, member) != NULL;
	view->drops = report->drops;
}

void hands_fill(struct hands *hands, struct status_view *view)
{
	struct hands_stats stats;

	hands_stats(hands, &stats);
	for (size_t m = 0; m < crew_count(hands->crew); m++) {
		hands->views[m].name = crew_member(hands->crew, m)->name;
		hands->views[m].kind = crew_member(hands->crew, m)->kind;
		hands->views[m].plans = 0;
	}
	for (size_t m = 1; m < crew_count(hands->crew); m++) {
		for (unsigned i = 0; i < HANDS_CASES; i++) {
			const struct wanted *wanted = case_at(hands, &hands->cases[i], m);
			hands->views[m].plans += wanted && wanted->plan.level;
		}
	}
	view->actuators = hands->views + 1;
	view->actuator_count = crew_count(hands->crew) - 1;
	view->plans = (struct status_plans){ .in_force = stats.in_force,
					     .waiting = stats.waiting,
					     .rules = stats.rules,
					     .at_canary = stats.at_canary,
					     .stopped = stats.stopped,
					     .flapping = stats.flapping,
					     .refused = stats.refused,
					     .turned_away = stats.turned_away,
					     .panic = stats.panic,
					     .brake = stats.brake };
}

void reports_take(struct hands *hands)
{
	for (size_t m = 0; m < crew_count(hands->crew); m++) {
		const char *name = crew_member(hands->crew, m)->name;
		if (!crew_report(hands->crew, m, &hands->report))
			continue;
		if (hands->report.failing && !hands->failing[m])
			log_error("actuate", "%s: %s", name, hands->report.why);
		else if (!hands->report.failing && hands->failing[m])
			log_info("actuate", "%s works again", name);
		hands->failing[m] = hands->report.failing;
		take_view(hands, m);
		take_effects(hands, m);
	}
}
