/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held: counters of single rules in, those of plans out, which only grow.
 *
 * Rules come and go while their plan stays, and somebody may take them away
 * from outside; what they have counted is not lost for it. Remembered by this
 * process only. Worker thread of an actuator.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/plan.h"

struct actuator_result;

/** What one rule has counted. */
struct held_count {
	uint64_t matched_packets;
	uint64_t matched_bytes;
	uint64_t dropped_packets;
	uint64_t dropped_bytes;
};

/** One rule in force, and what it says now. */
struct held_rule {
	uint64_t id;
	size_t plan; /**< place of its plan in the wanted set */
	struct held_count now;
	struct held_count before; /**< of rules of this id that were lost */
};

/** A plan, and what rules counted that it has no more. */
struct held_plan {
	char id[sizeof(((struct plan *)0)->id)];
	struct held_count gone;
};

/** All that an actuator holds; start from zeroes. */
struct held {
	struct held_rule *rules; /**< by id */
	size_t rule_count;
	struct held_plan *plans; /**< in the order of the last set */
	size_t plan_count;
};

/**
 * held_update() - these rules are in force now, and say that.
 * @set: the plans that they belong to
 * @rules: `before` is filled in; sorted in place by id; copied
 * @result: effects of plans with rules get their counters; added, removed and kept are counted
 *
 * Return: 0 or -ENOMEM (nothing is changed but the order of @rules).
 */
WEIR_CHECK int held_update(struct held *held, const struct wanted_set *set, struct held_rule *rules,
			   size_t count, struct actuator_result *result);

/** held_adopt() - rules with these ids were found in force. Return: 0 or -ENOMEM. */
WEIR_CHECK int held_adopt(struct held *held, const uint64_t *ids, size_t count);

/** held_find() - a rule by its id; NULL: it is not held. */
const struct held_rule *held_find(const struct held *held, uint64_t id);

/** held_done() - forget everything, release the memory. */
void held_done(struct held *held);
