/* SPDX-License-Identifier: Apache-2.0 */
/* score_judge: all that was kept of a run in, one result out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "lab/score_story.h"

/* Detected counts within the larger of the two. */
#define IN_TIME_S      10.0
#define IN_TIME_LIMITS 5.0
/* The goal for delay / (T_limit + tick), which costs nothing up to there. */
#define RATIO_GOAL     1.5
#define NO_RATIO       (-1.0)
/* Any fixed number: the limits of a scenario are the same in each run. */
#define ORACLE_SEED    20261128

void score_bound(const struct score_truth *truth, struct score_bound *ret_bound)
{
	struct score_bound bound = { .in_time_s = IN_TIME_S };
	const struct score_attack *attack = &truth->attacks[0];

	for (unsigned i = 0; truth->attack_count && i < attack->limit_count; i++) {
		struct oracle_delay oracle;
		if (oracle_delay(&attack->limits[i].rates, ORACLE_SEED, &oracle) ||
		    (bound.known && oracle.mean_s >= bound.oracle.mean_s))
			continue;
		bound.known = true;
		bound.oracle = oracle;
		snprintf(bound.class, sizeof(bound.class), "%s", attack->limits[i].class);
	}
	if (bound.known) {
		bound.limit_s = bound.oracle.mean_s + truth->export_delay_s;
		bound.limit_p95_s = bound.oracle.p95_s + truth->export_delay_s;
		bound.in_time_s = fmax(IN_TIME_S, IN_TIME_LIMITS * bound.limit_s);
	} else if (truth->end_ns > truth->onset_ns) {
		bound.in_time_s = (double)(truth->end_ns - truth->onset_ns) / NS_PER_S;
	}
	*ret_bound = bound;
}

double score_delay_ratio(const struct score_bound *bound, double delay_s)
{
	return bound->known ? delay_s / (bound->limit_s + SCORE_TICK_S) : NO_RATIO;
}

struct score_marks score_marks(const struct score_result *r)
{
	return (struct score_marks){
		.benign = r->benign,
		.delay_ratio =
			r->weir.detected ? score_delay_ratio(&r->bound, r->weir.delay_s) : NO_RATIO,
		.in_time = r->weir.in_time,
		.recall = r->recall,
		.collateral = r->collateral,
		.label = r->label_right,
		.exit = r->exit_clean,
		.confirmed = r->weir.false_alarms > 0,
		.acted = r->benign_acted,
	};
}

double score_utility(const struct score_marks *m)
{
	if (m->benign)
		return 1 - 0.5 * m->confirmed - 1.0 * m->acted;
	double speed = m->delay_ratio > RATIO_GOAL ? RATIO_GOAL / m->delay_ratio : 1;
	return 0.35 * speed * m->in_time + 0.35 * fmax(0, m->recall - 10 * m->collateral) +
	       0.15 * m->label + 0.15 * m->exit;
}

static const struct story *story_of_plan(const struct score *score, const struct story_plan *plan)
{
	for (size_t i = 0; i < score->story_count; i++) {
		if (strcmp(score->stories[i].id, plan->incident) == 0)
			return &score->stories[i];
	}
	return NULL;
}

/* When the plans are judged: at the set time, or when the first of the attack came. */
static uint64_t judged_ns(const struct score *score, const struct score_truth *truth)
{
	uint64_t first_ns = UINT64_MAX;

	for (size_t i = 0; i < score->plan_count; i++) {
		const struct story *story = story_of_plan(score, &score->plans[i]);
		if (story && story->belongs && score->plans[i].rules &&
		    score->plans[i].first_ns < first_ns)
			first_ns = score->plans[i].first_ns;
	}
	uint64_t set_ns = story_rules_ns(truth);
	return first_ns != UINT64_MAX && first_ns > set_ns ? first_ns : set_ns;
}

#define RULES_MAX 256

static unsigned gather_rules(const struct score *score, uint64_t at_ns, struct score_rule *rules)
{
	const json_t *rule;
	unsigned count = 0;
	size_t n;

	for (size_t i = 0; i < score->plan_count; i++) {
		const struct story_plan *plan = &score->plans[i];
		const struct story *story = story_of_plan(score, plan);
		if (!story || !story->belongs || plan->first_ns > at_ns ||
		    (plan->withdrawn_ns && plan->withdrawn_ns <= at_ns))
			continue;
		json_array_foreach(plan->rules, n, rule)
		{
			if (count < RULES_MAX &&
			    score_rule_read(rule, plan->sources, &rules[count]) == 0)
				count++;
		}
	}
	return count;
}

static bool touches(const struct score_rule *rule, const struct score_truth *truth)
{
	for (unsigned i = 0; i < truth->attack_count; i++) {
		if (score_prefixes_overlap(&rule->src, &truth->attacks[i].never_block))
			return true;
	}
	return false;
}

void story_plans_result(const struct score *score, const struct score_truth *truth,
			const struct score_population *population, struct score_result *result)
{
	struct score_rule rules[RULES_MAX];
	const unsigned count = gather_rules(score, judged_ns(score, truth), rules);

	result->rules = count;
	result->population = population->count;
	result->recall = score_population_share(population, LAB_ATTACK, rules, count);
	result->collateral = score_population_share(population, LAB_BENIGN, rules, count);
	for (unsigned i = 0; i < count; i++) {
		result->rule_members_unknown += rules[i].unknown;
		result->never_touched |= touches(&rules[i], truth);
		score_rule_done(&rules[i]);
	}
}

static void set_head(const struct score_truth *truth, struct score_result *result)
{
	snprintf(result->scenario, sizeof(result->scenario), "%s", truth->scenario);
	snprintf(result->mode, sizeof(result->mode), "%s", truth->mode);
	snprintf(result->family, sizeof(result->family), "%s", truth->family);
	snprintf(result->fault, sizeof(result->fault), "%s", truth->fault);
	if (truth->attack_count)
		snprintf(result->label, sizeof(result->label), "%s", truth->attacks[0].label);
	result->benign = truth->benign;
	result->seed = truth->seed;
	result->sampling = truth->sampling;
	result->export_delay_s = truth->export_delay_s;
}

void score_judge(const struct score *score, const struct score_truth *truth,
		 const struct score_population *population, struct score_result *ret_result)
{
	struct score_result result = { 0 };

	set_head(truth, &result);
	score_bound(truth, &result.bound);
	story_result(score, truth, &result);
	story_plans_result(score, truth, population, &result);
	story_flaps_result(score, truth, &result);
	result.weir.in_time = result.weir.detected && result.weir.delay_s <= result.bound.in_time_s;
	for (unsigned i = 0; i < REFERENCE_COUNT; i++) {
		struct score_speed *speed = &result.references[i];
		*speed = score->references[i];
		speed->in_time = speed->detected && speed->delay_s <= result.bound.in_time_s;
	}
	const struct score_marks marks = score_marks(&result);
	result.utility = score_utility(&marks);
	*ret_result = result;
}
