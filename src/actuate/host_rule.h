/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_rule: a wanted plan in, its rules as filters on this host take them out.
 *
 * What the actuators on this host share. Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "model/plan.h"

/** What is done with packets that match; the order in which rules are tried where one decides. */
enum host_action {
	HOST_DROP,
	HOST_LIMIT, /**< what is above rate_pps is dropped */
	HOST_WATCH, /**< counted, nothing else */
};

/** A rule of one family, with the addresses of ours that its plan is about. */
struct host_rule {
	struct plan_rule match; /**< src or dst is given, and they are of one family */
	uint64_t id;            /**< of plan and match: the same in each set, whatever is done */
	enum host_action action;
	bool v6;
};

/** host_plan_lives() - has it not expired? */
static inline bool host_plan_lives(const struct plan *plan, uint64_t now_ns)
{
	return !plan->expires_ns || plan->expires_ns > now_ns;
}

/**
 * host_rules() - the rules of a plan.
 * @ret_rules: room for PLAN_RULES; ids differ
 * @why: on failure gets one sentence for people, and what to do; may be NULL
 *
 * A rule that names no address of ours is narrowed to the plan's. A blackhole or quarantine
 * without rules is all traffic of that address.
 * Return: how many; -EOPNOTSUPP or -EINVAL (contradicts itself).
 */
WEIR_CHECK int host_rules(const struct wanted *wanted, struct host_rule ret_rules[PLAN_RULES],
			  struct text *why);

/** host_rule_same() - do both match the same packets? */
bool host_rule_same(const struct plan_rule *a, const struct plan_rule *b);
