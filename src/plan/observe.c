/* SPDX-License-Identifier: Apache-2.0 */
/* observe: an incident in, a plan that only watches out. Pure; any thread. */
#include "plan/observe.h"

#include <stdio.h>

/*
 * The narrowest rule that still covers the excess. One port at most: the port
 * that the traffic comes from tells amplification from everything else, and
 * without one the port it goes to is what the attack is aimed at.
 */
static struct plan_rule rule_for(const struct incident *incident)
{
	const struct incident_focus *focus = &incident->focus;
	struct plan_rule rule = { .proto = focus->proto, .sport = -1, .dport = -1 };

	if (incident->direction == DIRECTION_OUTBOUND) {
		rule.src = prefix_of_host(&incident->host);
		if (!ip_is_zero(&focus->peer))
			rule.dst = prefix_of_host(&focus->peer);
		rule.dport = focus->dport;
	} else {
		rule.dst = incident->target_count ? incident->targets[0]
						  : prefix_of_host(&incident->host);
		rule.sport = focus->sport;
		if (rule.sport < 0)
			rule.dport = focus->dport;
	}
	return rule;
}

void plan_observe(const struct incident *incident, struct plan *ret_plan)
{
	struct plan plan = { .level = LEVEL_OBSERVE, .rule_count = 1 };

	plan.rules[0] = rule_for(incident);
	snprintf(plan.id, sizeof(plan.id), "%s-p1", incident->id);
	snprintf(plan.incident, sizeof(plan.incident), "%s", incident->id);
	*ret_plan = plan;
}
