/* SPDX-License-Identifier: Apache-2.0 */
/* synth: the order of the steps, what may be spent, and the forecast. */
#include "plan/synth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "plan/bound.h"
#include "plan/work.h"

/* Fewer samples of the scope say nothing. */
#define FEWEST       32
/* A set of items has at least so many samples of the half it is made from. */
#define SUPPORT      4
#define PASSES       3
/* The excess is at least this part of the rate now, or there is no attack to stop. */
#define EXCESS_LEAST 0.1
/* Rules that stop less of the attack together are not worth what they risk. */
#define USEFUL       0.1

int synth_open(struct synth **ret_synth)
{
	struct synth *synth = calloc(1, sizeof(*synth));
	int err;

	if (!synth)
		return -ENOMEM;
	err = side_open(&synth->now, SYNTH_NOW, false);
	err = err ? err : side_open(&synth->base, SYNTH_BASE, true);
	err = err ? err : side_open(&synth->clean, SYNTH_CLEAN, true);
	synth->cands = calloc(WORK_CANDS, sizeof(synth->cands[0]));
	synth->hist_now = calloc(WORK_VALUES, sizeof(double));
	synth->hist_base = calloc(WORK_VALUES, sizeof(double));
	if (err || !synth->cands || !synth->hist_now || !synth->hist_base) {
		synth_close(synth);
		return -ENOMEM;
	}
	*ret_synth = synth;
	return 0;
}

void synth_close(struct synth *synth)
{
	if (!synth)
		return;
	side_close(&synth->now);
	side_close(&synth->base);
	side_close(&synth->clean);
	free(synth->cands);
	free(synth->hist_now);
	free(synth->hist_base);
	free(synth);
}

double work_share(const struct synth *synth, const uint64_t *now, const uint64_t *within)
{
	return side_weight(&synth->now, now, within) / synth->train_total;
}

double work_excess(const struct synth *synth, double now_share, double base_share)
{
	return (now_share - synth->usual * base_share) / (1 - synth->usual);
}

double work_base_share(const struct synth *synth, const uint64_t *base)
{
	return side_weight(&synth->base, base, NULL) / synth->base.total;
}

double work_base_new(const struct synth *synth, const uint64_t *base)
{
	double all = side_weight(&synth->base, base, NULL);

	return (all - side_weight(&synth->base, base, synth->covered_base)) / synth->base.total;
}

double work_hits(const struct synth *synth, const uint64_t *base)
{
	double share = work_base_share(synth, synth->covered_base) + work_base_new(synth, base);

	return share * synth->base.effective;
}

double work_clean_share(struct synth *synth, const struct draft *draft)
{
	if (synth->clean.count == 0 || draft->fields & 1U << FIELD_SET)
		return 0;
	memcpy(synth->clean_set, synth->clean.scope, synth->clean.words * sizeof(uint64_t));
	for (unsigned field = 0; field < COLUMNS; field++) {
		if (draft->fields & 1U << field)
			side_match(&synth->clean, &draft->conds[field], synth->clean_set);
	}
	return side_weight(&synth->clean, synth->clean_set, NULL) / synth->clean.total;
}

/* Halves by a fixed hash: what comes in turns would else end up all in one half. */
static void split(struct synth *synth)
{
	for (unsigned i = 0; i < NOW_WORDS; i++) {
		uint64_t half = hash_words(i, 1, 1);
		synth->train[i] = synth->now.scope[i] & half;
		synth->test[i] = synth->now.scope[i] & ~half;
	}
	for (unsigned i = 0; i < BASE_WORDS; i++)
		synth->train_base[i] = hash_words(i, 2, 1);
	memcpy(synth->active, synth->train, sizeof(synth->active));
	memset(synth->covered, 0, sizeof(synth->covered));
	memset(synth->covered_base, 0, sizeof(synth->covered_base));
	synth->train_total = side_weight(&synth->now, synth->train, NULL);
	synth->test_total = side_weight(&synth->now, synth->test, NULL);
}

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void read_budget(struct synth *synth)
{
	const struct synth_budget *budget = &synth->input->budget;

	synth->collateral = budget->collateral > 0 ? budget->collateral : 0.01;
	synth->stop = budget->stop > 0 ? budget->stop : 0.95;
	synth->clean_max = budget->clean > 0 ? budget->clean : 0.25;
	synth->rules_max = least_of(budget->rules ? budget->rules : 8, PLAN_RULES);
	synth->rules_max = least_of(synth->rules_max, synth->input->profile->rules_max);
	synth->usual = fmin(fmax(synth->input->base_pps / synth->input->now_pps, 0), 1);
	synth->hits_max = bound_hits(synth->collateral, synth->base.effective);
}

/* Take over the input. Return: SYNTH_FOUND when there is something to find rules in. */
static enum synth_why begin(struct synth *synth, const struct synth_input *input)
{
	uint32_t inside = 0;

	synth->input = input;
	synth->nodes = 0;
	synth->cut = false;
	memset(synth->turned_back, 0, sizeof(synth->turned_back));
	side_fill(&synth->now, &input->now, &input->scope);
	side_fill(&synth->base, &input->base, &input->scope);
	side_fill(&synth->clean, &input->clean, NULL);
	split(synth);
	read_budget(synth);
	for (uint32_t i = 0; i < synth->now.count; i++)
		inside += bitmap_has(synth->now.scope, i);
	synth->result->outside = synth->now.count - inside;
	if (input->profile->fields == 0)
		return SYNTH_NO_FIELDS;
	if (inside < FEWEST || synth->train_total <= 0 || synth->test_total <= 0)
		return SYNTH_FEW;
	synth->support = SUPPORT * 2.0 / inside;
	if (!(input->now_pps > 0) || 1 - synth->usual < EXCESS_LEAST)
		return SYNTH_NO_EXCESS;
	return synth->hits_max < 0 ? SYNTH_NO_BASE : SYNTH_FOUND;
}

static void search(struct synth *synth)
{
	bool sets = synth->input->profile->fields & 1U << FIELD_SET;

	for (unsigned pass = 0; pass < PASSES && !cover_enough(synth); pass++) {
		unsigned before = synth->result->rule_count;
		synth->least = fmax(pass ? WORK_LEAST_REST : WORK_LEAST, synth->support);
		synth->prefixes = !sets || pass > 0;
		items_make(synth);
		mine_cands(synth);
		cover_pick(synth);
		if (pass == 0)
			sources_rule(synth);
		else if (synth->result->rule_count == before)
			break;
	}
	synth->result->nodes = synth->nodes;
	synth->result->cut = synth->cut;
}

/* What the union does, on the half that the rules were not made from. */
static void forecast(struct synth *synth)
{
	struct synth_result *result = synth->result;
	double base = work_base_share(synth, synth->covered_base);
	double now = side_weight(&synth->now, synth->covered, synth->test) / synth->test_total;

	result->attack_share = fmin(fmax(work_excess(synth, now, base), 0), 1);
	result->collateral_share = base;
	result->collateral_upper = bound_upper(base * synth->base.effective, synth->base.effective);
}

/* The gate that was reached last says it best. */
static enum synth_why why_none(const struct synth *synth)
{
	static const enum synth_why gates[] = { SYNTH_UNSTABLE, SYNTH_GRAMMAR, SYNTH_INNOCENT };

	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		if (synth->turned_back[gates[i]])
			return gates[i];
	}
	return SYNTH_NO_PATTERN;
}

void synth_rules(struct synth *synth, const struct synth_input *input,
		 struct synth_result *ret_result)
{
	*ret_result = (struct synth_result){ 0 };
	synth->result = ret_result;
	ret_result->why = begin(synth, input);
	if (ret_result->why != SYNTH_FOUND)
		return;
	items_services(synth);
	search(synth);
	if (ret_result->rule_count == 0) {
		ret_result->why = why_none(synth);
		return;
	}
	forecast(synth);
	if (ret_result->attack_share < USEFUL) {
		unsigned nodes = ret_result->nodes;
		*ret_result = (struct synth_result){ .why = SYNTH_LITTLE, .nodes = nodes };
	}
}

const char *synth_why_text(enum synth_why why)
{
	static const char *const texts[SYNTH_WHY_COUNT] = {
		[SYNTH_FOUND] = "there are rules",
		[SYNTH_FEW] = "there are too few samples of the attack",
		[SYNTH_NO_EXCESS] = "the rate is not far above what is usual",
		[SYNTH_NO_BASE] = "too little of the usual traffic is known to spare it",
		[SYNTH_NO_FIELDS] = "the data plane can only match destinations",
		[SYNTH_NO_PATTERN] = "the attack's packets have no header values in common",
		[SYNTH_INNOCENT] =
			"what the attack's packets have in common, innocent ones have too",
		[SYNTH_GRAMMAR] = "only rules of a form that is never safe would match",
		[SYNTH_UNSTABLE] = "rules found on half of the samples do not hold on the other",
		[SYNTH_LITTLE] = "what can be told apart is less than a tenth of the attack",
	};

	return texts[why];
}

void synth_to_plan(const struct synth_result *result, struct plan *plan)
{
	plan->rule_count = result->rule_count;
	memcpy(plan->rules, result->rules, sizeof(plan->rules));
	plan->has_forecast = result->rule_count > 0;
	plan->attack_share = result->attack_share;
	plan->collateral_share = result->collateral_share;
	plan->collateral_upper = result->collateral_upper;
}
