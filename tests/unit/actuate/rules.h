/* SPDX-License-Identifier: Apache-2.0 */
/* rules: plans and rules for tests of actuators, in few words. */
#pragma once

#include <stdio.h>

#include "check.h"

#include "model/plan.h"

/* A prefix of a text. */
static inline struct prefix net(const char *words)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(words, &prefix), 0);
	return prefix;
}

/* A rule for UDP from a port to a target. */
static inline struct plan_rule udp_rule(const char *dst, int sport)
{
	struct plan_rule rule = plan_rule_any();

	rule.dst = net(dst);
	rule.proto = 17;
	rule.sport = plan_range_of(sport);
	return rule;
}

/* A plan that drops what one rule matches. */
static inline struct wanted one_rule(const char *id, const char *own, struct plan_rule rule)
{
	struct wanted wanted = {
		.plan = { .level = LEVEL_DROP, .rule_count = 1, .rules = { rule } },
		.direction = DIRECTION_INBOUND,
		.own = net(own)
	};

	snprintf(wanted.plan.id, sizeof(wanted.plan.id), "%s", id);
	return wanted;
}
