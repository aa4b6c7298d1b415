/* SPDX-License-Identifier: Apache-2.0 */
/* observe: an incident in, a plan that only watches out. Pure; any thread. */
#include "plan/observe.h"

#include <stdio.h>

/* Where the packets of a rule come from and go to. */
struct ends {
	struct prefix src; /* len 0: any */
	struct prefix dst;
};

static struct prefix host_of(const struct incident *incident)
{
	return (struct prefix){ .ip = incident->host,
				.len = incident->host_len ? incident->host_len : 128 };
}

static struct ends ends_of(const struct incident *incident, unsigned target)
{
	struct ends ends = { 0 };

	if (incident->direction == DIRECTION_OUTBOUND)
		ends.src = host_of(incident);
	if (target < incident->target_count)
		ends.dst = incident->targets[target];
	else if (incident->direction != DIRECTION_OUTBOUND)
		ends.dst = host_of(incident);
	return ends;
}

/*
 * The narrowest rule that still covers the excess, of what is known in little. One port at most:
 * the port that the traffic comes from tells amplification from everything else, and without one
 * the port it goes to is what the attack is aimed at.
 */
static struct plan_rule rule_of_focus(const struct incident *incident)
{
	const struct incident_focus *focus = &incident->focus;
	struct ends ends = ends_of(incident, 0);
	struct plan_rule rule = plan_rule_any();

	rule.src = ends.src;
	rule.dst = ends.dst;
	rule.proto = focus->proto;
	if (incident->direction == DIRECTION_OUTBOUND) {
		rule.dst = ip_is_zero(&focus->peer) ? (struct prefix){ 0 }
						    : prefix_of_host(&focus->peer);
		rule.dport = plan_range_of(focus->dport);
	} else if (focus->sport >= 0) {
		rule.sport = plan_range_of(focus->sport);
	} else {
		rule.dport = plan_range_of(focus->dport);
	}
	return rule;
}

static uint16_t clamp_u16(unsigned value)
{
	return value < UINT16_MAX ? (uint16_t)value : UINT16_MAX;
}

/* What a sort of packets has in common, between two ends. */
static struct plan_rule rule_of_shape(const struct finding_shape *shape, const struct ends *ends)
{
	struct plan_rule rule = plan_rule_any();

	rule.src = ends->src;
	rule.dst = ends->dst;
	rule.proto = shape->proto;
	rule.sport = plan_range_of(shape->sport);
	rule.dport = plan_range_of(shape->dport);
	if (shape->tcp_flags >= 0) {
		rule.tcp_flags = (uint8_t)shape->tcp_flags;
		rule.tcp_mask = UINT8_MAX;
	}
	if (shape->fragment >= 0)
		rule.fragment = PLAN_FRAGMENT_LATER;
	if (shape->length_max)
		rule.length = (struct plan_range){ clamp_u16(shape->length_min),
						   clamp_u16(shape->length_max) };
	return rule;
}

/* Each sort at each target, the largest sorts first, as far as there are rules. */
static void fill_rules(const struct incident *incident, struct plan *plan)
{
	unsigned targets = incident->target_count ? incident->target_count : 1;

	for (unsigned s = 0; s < incident->shape_count; s++) {
		for (unsigned t = 0; t < targets && plan->rule_count < PLAN_RULES; t++) {
			struct ends ends = ends_of(incident, t);
			plan->rules[plan->rule_count++] =
				rule_of_shape(&incident->shapes[s], &ends);
		}
	}
}

void plan_observe(const struct incident *incident, struct plan *ret_plan)
{
	struct plan plan = { .level = LEVEL_OBSERVE };

	fill_rules(incident, &plan);
	if (plan.rule_count == 0)
		plan.rules[plan.rule_count++] = rule_of_focus(incident);
	snprintf(plan.id, sizeof(plan.id), "%s-p1", incident->id);
	snprintf(plan.incident, sizeof(plan.incident), "%s", incident->id);
	*ret_plan = plan;
}
