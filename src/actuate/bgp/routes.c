/* SPDX-License-Identifier: Apache-2.0 */
/* routes: see routes.h. */
#include "actuate/bgp/routes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is made on the way. */
struct work {
	struct bgp_route *routes; /* of all plans, in their order at first */
	size_t count;
	size_t *first;  /* of each plan: its first route's seat; one more at the end */
	size_t *groups; /* by seat: routes that are one to BGP have one number */
	bool *let_in;   /* by group */
	bool *in_force; /* by seat: of plans that found room */
};

static void work_done(struct work *work)
{
	free(work->routes);
	free(work->first);
	free(work->groups);
	free(work->let_in);
	free(work->in_force);
}

static int work_new(struct work *work, const struct wanted_set *set)
{
	size_t rules = 0;

	*work = (struct work){ 0 };
	for (size_t i = 0; i < set->count; i++)
		rules += set->plans[i].plan.rule_count <= PLAN_RULES ? set->plans[i].plan.rule_count
								     : 0;
	work->routes = calloc(rules + 1, sizeof(*work->routes));
	work->first = calloc(set->count + 1, sizeof(*work->first));
	work->groups = calloc(rules + 1, sizeof(*work->groups));
	work->let_in = calloc(rules + 1, sizeof(*work->let_in));
	work->in_force = calloc(rules + 1, sizeof(*work->in_force));
	if (work->routes && work->first && work->groups && work->let_in && work->in_force)
		return 0;
	work_done(work);
	return -ENOMEM;
}

static bool has_expired(const struct wanted *wanted, uint64_t now_ns)
{
	return wanted->plan.expires_ns && wanted->plan.expires_ns <= now_ns;
}

static void collect_plan(const struct bgp_limits *limits, const struct wanted *wanted,
			 struct work *work, struct text *why)
{
	struct text unused = { 0 };
	struct text *words = why && why->len == 0 ? why : &unused;

	if (bgp_check(limits, wanted, words) < 0)
		return;
	for (unsigned i = 0; i < wanted->plan.rule_count; i++) {
		struct bgp_route *route = &work->routes[work->count];
		if (bgp_route_make(limits, wanted, &wanted->plan.rules[i], route, words) == 0)
			route->seat = work->count++;
	}
}

static void collect(const struct bgp_limits *limits, const struct wanted_set *set,
		    struct work *work, struct effect *effects, struct text *why)
{
	bgp_effects_none(set, effects);
	for (size_t i = 0; i < set->count; i++) {
		work->first[i] = work->count;
		if (!has_expired(&set->plans[i], set->now_ns))
			collect_plan(limits, &set->plans[i], work, why);
	}
	work->first[set->count] = work->count;
}

/* Of the same traffic the strictest comes first: a drop, then the lowest rate. */
static int by_route_and_rate(const void *left, const void *right)
{
	const struct bgp_route *a = left;
	const struct bgp_route *b = right;
	int order = bgp_route_compare(a, b);

	if (order)
		return order;
	return (a->rule.rate_pps > b->rule.rate_pps) - (a->rule.rate_pps < b->rule.rate_pps);
}

static void number_groups(struct work *work)
{
	size_t group = 0;

	if (work->count)
		qsort(work->routes, work->count, sizeof(*work->routes), by_route_and_rate);
	for (size_t i = 0; i < work->count; i++) {
		if (i && bgp_route_compare(&work->routes[i - 1], &work->routes[i]) != 0)
			group++;
		work->groups[work->routes[i].seat] = group;
	}
}

/* Return: how many different routes the plan has; @ret_new: of those, how many are not in yet. */
static unsigned count_plan(const struct work *work, size_t plan, unsigned *ret_new)
{
	unsigned all = 0;
	unsigned fresh = 0;

	for (size_t seat = work->first[plan]; seat < work->first[plan + 1]; seat++) {
		bool again = false;
		for (size_t before = work->first[plan]; before < seat; before++)
			again |= work->groups[before] == work->groups[seat];
		all += !again;
		fresh += !again && !work->let_in[work->groups[seat]];
	}
	*ret_new = fresh;
	return all;
}

static void let_in(const struct bgp_limits *limits, const struct wanted_set *set, struct work *work,
		   struct effect *effects, struct text *why)
{
	uint64_t used = 0;

	for (size_t i = 0; i < set->count; i++) {
		unsigned fresh;
		unsigned all = count_plan(work, i, &fresh);
		if (all == 0)
			continue;
		if (used + fresh > limits->routes) {
			if (why && why->len == 0)
				text_addf(why,
					  "plan %s would make more than %llu routes; raise "
					  "`routes` of the actuator, or withdraw plans",
					  set->plans[i].plan.id,
					  (unsigned long long)limits->routes);
			continue;
		}
		used += fresh;
		for (size_t seat = work->first[i]; seat < work->first[i + 1]; seat++) {
			work->let_in[work->groups[seat]] = true;
			work->in_force[seat] = true;
		}
		effects[i].applied = true;
		effects[i].rules_held = all;
	}
}

/* The first of each group whose plan was let in, moved to the front. */
static void keep_one_each(struct work *work, struct bgp_routes *ret)
{
	size_t kept = 0;

	for (size_t i = 0; i < work->count; i++) {
		const struct bgp_route *route = &work->routes[i];
		if (!work->in_force[route->seat] ||
		    (kept && bgp_route_compare(&work->routes[kept - 1], route) == 0))
			continue;
		work->routes[kept++] = *route;
	}
	*ret = (struct bgp_routes){ .list = work->routes, .count = kept };
	for (size_t i = 0; i < kept; i++)
		ret->of_kind[ret->list[i].kind]++;
	work->routes = NULL;
}

int bgp_routes_make(const struct bgp_limits *limits, const struct wanted_set *set,
		    struct bgp_routes *ret_routes, struct effect *effects, struct text *why)
{
	struct work work;
	int err = work_new(&work, set);

	if (err < 0)
		return err;
	collect(limits, set, &work, effects, why);
	number_groups(&work);
	let_in(limits, set, &work, effects, why);
	keep_one_each(&work, ret_routes);
	work_done(&work);
	return 0;
}

void bgp_routes_done(struct bgp_routes *routes)
{
	free(routes->list);
	*routes = (struct bgp_routes){ 0 };
}

void bgp_effects_none(const struct wanted_set *set, struct effect *effects)
{
	for (size_t i = 0; i < set->count; i++) {
		effects[i] = (struct effect){ .at_ns = set->now_ns };
		snprintf(effects[i].plan, sizeof(effects[i].plan), "%s", set->plans[i].plan.id);
	}
}
