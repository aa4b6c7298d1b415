/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_flaps: plans as they come into force and go in, how often one came back out.
 *
 * A flap is a target that was let go and is held back again, or one rule of its plans that was given
 * up and came back. Rules that take over in the same tick leave no gap, and are none.
 */
#include <string.h>

#include "base/clock.h"
#include "lab/score_story.h"

static bool overlap(const json_t *a, const json_t *b)
{
	struct score_prefixes one = { 0 };
	struct score_prefixes other = { 0 };
	int err = score_prefixes_add(&one, a);

	if (!err)
		err = score_prefixes_add(&other, b);
	bool found = !err && score_prefixes_overlap(&one, &other);
	score_prefixes_done(&one);
	score_prefixes_done(&other);
	return found;
}

static bool same_target(const struct story_plan *a, const struct story_plan *b)
{
	return strcmp(a->incident, b->incident) == 0 || overlap(a->about, b->about);
}

/* The same packets; how many of them pass may differ. */
static bool same_rule(const json_t *a, const json_t *b)
{
	json_t *one = json_copy((json_t *)a);
	json_t *other = json_copy((json_t *)b);

	if (one && other) {
		json_object_del(one, "rate_pps");
		json_object_del(other, "rate_pps");
	}
	bool same = one && json_equal(one, other);
	json_decref(one);
	json_decref(other);
	return same;
}

static bool has_rule(const struct story_plan *plan, const json_t *wanted)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(plan->latest, i, rule)
	{
		if (same_rule(rule, wanted))
			return true;
	}
	return false;
}

/* In force until @plan came, which took over from it or stands beside it. */
static bool is_before(const struct story_plan *other, const struct story_plan *plan)
{
	return other->in_force || (other->out_ns && other->out_ns == plan->asked_ns);
}

/* Its target was held back before, and then not. */
static bool target_returns(const struct score *score, const struct story_plan *plan)
{
	bool let_go = false;

	for (size_t i = 0; i < score->plan_count; i++) {
		const struct story_plan *other = &score->plans[i];
		if (!other->held || !same_target(other, plan))
			continue;
		if (is_before(other, plan))
			return false;
		let_go = true;
	}
	return let_go;
}

static bool rule_returns(const struct score *score, const struct story_plan *plan,
			 const json_t *rule)
{
	bool given_up = false;

	for (size_t i = 0; i < score->plan_count; i++) {
		const struct story_plan *other = &score->plans[i];
		if (other == plan || !other->held || !same_target(other, plan) ||
		    !has_rule(other, rule))
			continue;
		if (is_before(other, plan))
			return false;
		given_up = true;
	}
	return given_up;
}

static bool any_rule_returns(const struct score *score, const struct story_plan *plan)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(plan->latest, i, rule)
	{
		if (rule_returns(score, plan, rule))
			return true;
	}
	return false;
}

void story_plan_told(struct score *score, struct story_plan *plan, const json_t *incident,
		     const char *what, uint64_t time_ns)
{
	const json_t *about = json_object_get(incident, "targets");

	if (json_array_size(about) > 0) {
		json_decref(plan->about);
		plan->about = json_incref((json_t *)about);
	}
	if (strcmp(what, "plan.withdrawn") == 0) {
		plan->withdrawn_ns = time_ns;
		/* Told of one that only watches as well, when it is replaced. */
		if (plan->in_force)
			plan->out_ns = time_ns;
		plan->in_force = false;
	} else if (strcmp(what, "plan.proposed") == 0) {
		plan->asked_ns = time_ns;
	} else if (strcmp(what, "plan.applied") == 0 && plan->acts && !plan->in_force) {
		score->flaps += target_returns(score, plan) || any_rule_returns(score, plan);
		plan->in_force = plan->held = true;
	}
}

static bool belongs(const struct score *score, const struct story_plan *plan)
{
	for (size_t i = 0; i < score->story_count; i++) {
		if (strcmp(score->stories[i].id, plan->incident) == 0)
			return score->stories[i].belongs;
	}
	return false;
}

void story_flaps_result(const struct score *score, const struct score_truth *truth,
			struct score_result *result)
{
	uint64_t last_ns = 0;

	result->flaps = score->flaps;
	result->withdrawn = true;
	for (size_t i = 0; i < score->plan_count; i++) {
		const struct story_plan *plan = &score->plans[i];
		if (!plan->held || !belongs(score, plan))
			continue;
		result->acting++;
		result->withdrawn &= !plan->in_force;
		if (plan->out_ns > last_ns)
			last_ns = plan->out_ns;
	}
	result->withdrawn &= result->acting > 0;
	if (result->withdrawn)
		result->withdraw_s = ((double)last_ns - (double)truth->end_ns) / NS_PER_S;
}
