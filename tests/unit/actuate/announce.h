/* SPDX-License-Identifier: Apache-2.0 */
/* announce: settings and plans for the tests of what is announced over BGP. */
#pragma once

#include "config_text.h"

#include <stdio.h>

#include "actuate/actuator.h"

/* The usual ones, in the 128-bit form. */
#define FLOOR_V4 (96 + 24)
#define FLOOR_V6 48

#define OWN_NETWORKS                                             \
	"networks:\n"                                            \
	"  - {prefix: 198.51.0.0/16}\n"                          \
	"  - {prefix: 198.51.100.0/24, within: 198.51.0.0/16}\n" \
	"  - {prefix: 203.0.113.0/25}\n"                         \
	"  - {prefix: '2001:db8::/32'}\n"                        \
	"  - {prefix: '2001:db8:1:2::/64', within: '2001:db8::/32'}\n"

static inline struct prefix prefix_of(const char *words)
{
	struct prefix prefix = { 0 };

	assert_int_equal(prefix_parse(words, &prefix), 0);
	return prefix;
}

/* A plan of one rule about all traffic to @dst. */
static inline struct wanted wanted_of(const char *id, enum plan_level level, const char *dst)
{
	struct wanted wanted = { .plan = { .level = (uint8_t)level, .rule_count = 1 } };

	snprintf(wanted.plan.id, sizeof(wanted.plan.id), "%s", id);
	wanted.plan.rules[0] = plan_rule_any();
	wanted.plan.rules[0].dst = prefix_of(dst);
	wanted.own = wanted.plan.rules[0].dst;
	return wanted;
}
