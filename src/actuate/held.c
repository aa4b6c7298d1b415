/* SPDX-License-Identifier: Apache-2.0 */
/* held: what rules say now, and said before, in; sums of plans that only grow out. */
#include "actuate/held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/actuator.h"

static void add(struct held_count *sum, const struct held_count *more)
{
	sum->matched_packets += more->matched_packets;
	sum->matched_bytes += more->matched_bytes;
	sum->dropped_packets += more->dropped_packets;
	sum->dropped_bytes += more->dropped_bytes;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct held_rule *)a)->id;
	uint64_t y = ((const struct held_rule *)b)->id;

	return (x > y) - (x < y);
}

const struct held_rule *held_find(const struct held *held, uint64_t id)
{
	const struct held_rule key = { .id = id };

	if (!held->rule_count)
		return NULL;
	return bsearch(&key, held->rules, held->rule_count, sizeof(key), by_id);
}

/* A counter that is below what it was began anew. */
static void carry_on(const struct held *held, struct held_rule *rule)
{
	const struct held_rule *old = held_find(held, rule->id);

	rule->before = (struct held_count){ 0 };
	if (!old)
		return;
	rule->before = old->before;
	if (rule->now.matched_packets < old->now.matched_packets)
		add(&rule->before, &old->now);
}

static struct held_plan *plan_named(struct held_plan *plans, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(plans[i].id, id) == 0)
			return &plans[i];
	}
	return NULL;
}

/* What rules counted that their plan has no more goes to the plan. */
static void keep_gone(const struct held *held, const struct held *next)
{
	for (size_t i = 0; i < held->rule_count; i++) {
		const struct held_rule *rule = &held->rules[i];
		if (rule->plan >= held->plan_count || held_find(next, rule->id))
			continue;
		struct held_plan *plan =
			plan_named(next->plans, next->plan_count, held->plans[rule->plan].id);
		if (plan) {
			add(&plan->gone, &rule->before);
			add(&plan->gone, &rule->now);
		}
	}
}

static void tell(struct effect *effect, const struct held_count *count)
{
	effect->matched_packets += count->matched_packets;
	effect->matched_bytes += count->matched_bytes;
	effect->dropped_packets += count->dropped_packets;
	effect->dropped_bytes += count->dropped_bytes;
}

static void tell_all(const struct held *held, struct actuator_result *result)
{
	for (size_t i = 0; i < held->plan_count; i++)
		tell(&result->effects[i], &held->plans[i].gone);
	for (size_t i = 0; i < held->rule_count; i++) {
		const struct held_rule *rule = &held->rules[i];
		struct effect *effect = &result->effects[rule->plan];
		tell(effect, &rule->before);
		tell(effect, &rule->now);
		effect->counted = true;
		effect->rules_held++;
	}
}

static void count_changes(const struct held *held, const struct held *next,
			  struct actuator_result *result)
{
	uint64_t kept = 0;

	for (size_t i = 0; i < next->rule_count; i++)
		kept += held_find(held, next->rules[i].id) != NULL;
	result->kept = kept;
	result->added = next->rule_count - kept;
	result->removed = held->rule_count - kept;
}

int held_update(struct held *held, const struct wanted_set *set, struct held_rule *rules,
		size_t count, struct actuator_result *result)
{
	struct held next = { .rules = calloc(count + 1, sizeof(*rules)),
			     .rule_count = count,
			     .plans = calloc(set->count + 1, sizeof(*next.plans)),
			     .plan_count = set->count };

	if (!next.rules || !next.plans) {
		held_done(&next);
		return -ENOMEM;
	}
	for (size_t i = 0; i < set->count; i++) {
		const struct held_plan *old =
			plan_named(held->plans, held->plan_count, set->plans[i].plan.id);
		memcpy(next.plans[i].id, set->plans[i].plan.id, sizeof(next.plans[i].id));
		if (old)
			next.plans[i].gone = old->gone;
	}
	if (count) {
		qsort(rules, count, sizeof(*rules), by_id);
		for (size_t i = 0; i < count; i++)
			carry_on(held, &rules[i]);
		memcpy(next.rules, rules, count * sizeof(*rules));
	}
	keep_gone(held, &next);
	count_changes(held, &next, result);
	tell_all(&next, result);
	held_done(held);
	*held = next;
	return 0;
}

int held_adopt(struct held *held, const uint64_t *ids, size_t count)
{
	struct held_rule *rules = calloc(count + 1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		rules[i] = (struct held_rule){ .id = ids[i], .plan = SIZE_MAX };
	qsort(rules, count, sizeof(*rules), by_id);
	held_done(held);
	held->rules = rules;
	held->rule_count = count;
	return 0;
}

void held_done(struct held *held)
{
	free(held->rules);
	free(held->plans);
	*held = (struct held){ 0 };
}
