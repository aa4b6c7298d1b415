/* SPDX-License-Identifier: Apache-2.0 */
/* maker: an incident and its samples in, rules for each target with one forecast out. */
#include "plan/maker.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/match.h"
#include "plan/observe.h"

/* A limit lets through so many times what is usual. */
#define LIMIT_TIMES 2

/* Clean samples that tell how much of all traffic the rules match. */
#define SHARE_MOST 8192

struct maker {
	struct synth *synth;
	struct synth_result result;
};

int maker_open(struct maker **ret_maker)
{
	struct maker *maker = calloc(1, sizeof(*maker));

	if (!maker)
		return -ENOMEM;
	if (synth_open(&maker->synth)) {
		free(maker);
		return -ENOMEM;
	}
	*ret_maker = maker;
	return 0;
}

void maker_close(struct maker *maker)
{
	if (!maker)
		return;
	synth_close(maker->synth);
	free(maker);
}

static int source_order(const void *a, const void *b)
{
	return ip_compare(a, b);
}

/* The machines of a campaign as a set of sources; false: there are too many, or none is known. */
static bool take_machines(const struct incident *incident, struct made *made)
{
	if (incident->machine_count == 0 || incident->machine_count > SYNTH_SOURCES)
		return false;
	for (unsigned i = 0; i < incident->machine_count; i++)
		made->sources[i] = incident->machines[i].ip;
	made->source_count = incident->machine_count;
	qsort(made->sources, made->source_count, sizeof(made->sources[0]), source_order);
	return true;
}

/* Is a network, which lies in no other one of ours, the home of some of the machines? */
static bool is_home(const struct incident *incident, const struct maker_limits *limits,
		    const struct prefix *network)
{
	for (size_t i = 0; i < limits->own_count; i++) {
		if (limits->own[i].len < network->len &&
		    prefix_has_ip(&limits->own[i], &network->ip))
			return false;
	}
	for (unsigned i = 0; i < incident->machine_count; i++) {
		if (prefix_has_ip(network, &incident->machines[i].ip))
			return true;
	}
	return false;
}

static bool add_rule(struct plan *plan, const struct plan_rule *rule, unsigned most)
{
	if (plan->rule_count >= most || plan->rule_count >= PLAN_RULES)
		return false;
	plan->rules[plan->rule_count++] = *rule;
	return true;
}

/* Do the networks with machines of the campaign fit into a plan, for each site? */
static bool networks_fit(const struct incident *incident, const struct maker_limits *limits,
			 unsigned sites)
{
	unsigned networks = 0;

	for (size_t i = 0; i < limits->own_count; i++)
		networks += is_home(incident, limits, &limits->own[i]);
	return networks && networks * sites <= PLAN_RULES;
}

/*
 * What many of ours send to one place: from the networks with machines of the campaign, since those
 * that are not known yet send too; nobody else of them loses more than what looks the same there.
 */
static bool add_from(const struct incident *incident, const struct maker_limits *limits,
		     const struct plan_rule *rule, unsigned most, struct plan *plan)
{
	struct plan_rule from = *rule;

	if (rule->from_set || rule->src.len)
		return add_rule(plan, rule, most);
	for (size_t i = 0; i < limits->own_count; i++) {
		from.src = limits->own[i];
		if (rule->dst.len && prefix_is_v4(&rule->dst) != prefix_is_v4(&from.src))
			continue;
		if (is_home(incident, limits, &limits->own[i]) && !add_rule(plan, &from, most))
			return false;
	}
	return true;
}

/* One rule for the first target becomes one for each. */
static bool spread(const struct maker_input *input, const struct plan_rule *rule, struct plan *plan)
{
	const struct stock_scope *scope = input->scope;
	bool outbound = scope->direction == DIRECTION_OUTBOUND;
	const struct prefix *list = outbound ? scope->peer : scope->own;
	unsigned count = outbound ? scope->peer_count : scope->own_count;
	unsigned most = input->profile->rules_max;
	struct plan_rule each = *rule;

	for (unsigned i = 0; i < count; i++) {
		each.dst = list[i];
		if (outbound ? !add_from(input->incident, &input->limits, &each, most, plan)
			     : !add_rule(plan, &each, most))
			return false;
	}
	return true;
}

static void write_rules(const struct maker *maker, const struct maker_input *input,
			struct made *made)
{
	const struct incident *incident = input->incident;
	const struct stock_scope *scope = input->scope;
	const struct plan_profile *profile = input->profile;
	const struct maker_limits *limits = &input->limits;
	const struct synth_result *result = &maker->result;
	bool many = scope->direction == DIRECTION_OUTBOUND && scope->own_count == 0;
	bool machines = many && !networks_fit(incident, limits, scope->peer_count) &&
			profile->fields & 1U << FIELD_SET && take_machines(incident, made);
	double told = 0;

	for (unsigned i = 0; i < result->rule_count; i++) {
		struct plan_rule rule = result->rules[i];
		rule.from_set |= machines;
		if (!spread(input, &rule, &made->plan))
			break;
		told += result->parts[i].attack_share;
	}
	made->plan.has_forecast = made->safe = made->plan.rule_count > 0;
	made->plan.attack_share =
		fmin(result->attack_share, told > 0 ? told : 0) * (double)scope->share;
	made->plan.collateral_share = result->collateral_share;
	made->plan.collateral_upper = result->collateral_upper;
	if (result->source_count) {
		memcpy(made->sources, result->sources,
		       result->source_count * sizeof(made->sources[0]));
		made->source_count = result->source_count;
	}
}

/* Share of all clean traffic of the site that the rules match. */
static double share_of(const struct made *made, const struct synth_samples *clean)
{
	double all = 0;
	double hit = 0;

	for (size_t i = 0; i < clean->count; i += clean->count / SHARE_MOST + 1) {
		double weight = sample_packets(&clean->samples[i]);
		bool matched = false;
		for (unsigned r = 0; r < made->plan.rule_count && !matched; r++)
			matched = match_rule(&made->plan.rules[r], &clean->samples[i],
					     made->sources, made->source_count);
		all += weight;
		hit += matched ? weight : 0;
	}
	return all > 0 ? hit / all : 0;
}

static void make_rules(struct maker *maker, const struct maker_input *from, struct made *made)
{
	const struct stock_view *view = from->view;
	const struct synth_input input = {
		.scope = view->scope,
		.now = view->now,
		.base = view->base,
		.clean = view->clean,
		.now_pps = view->now_pps,
		.base_pps = view->base_pps,
		.profile = from->profile,
		.budget = { .collateral = from->limits.collateral },
	};

	synth_rules(maker->synth, &input, &maker->result);
	made->why = maker->result.why;
	made->samples = view->now.count;
	if (made->why != SYNTH_FOUND)
		return;
	write_rules(maker, from, made);
	made->own_share = share_of(made, &view->clean);
	made->limit_pps = fmax(LIMIT_TIMES * view->base_pps * maker->result.collateral_upper,
			       MAKER_LIMIT_LEAST);
}

void maker_make(struct maker *maker, const struct maker_input *input, struct made *ret_made)
{
	struct made *made = ret_made;

	memset(made, 0, sizeof(*made));
	made->why = SYNTH_FEW;
	if (input->view)
		make_rules(maker, input, made);
	if (!made->safe) {
		plan_observe(input->incident, &made->plan);
		made->plan.id[0] = made->plan.incident[0] = '\0';
		snprintf(made->plan.why, sizeof(made->plan.why), "%s", synth_why_text(made->why));
	}
}
