/* SPDX-License-Identifier: Apache-2.0 */
/* cover: candidates in; few of them that cover the excess within the budget out. */
#include <math.h>
#include <string.h>

#include "plan/bound.h"
#include "plan/work.h"

/*
 * How much of the excess a share of innocent traffic outweighs. A rule is refused that may hit more
 * than that part of what it stops: else slices of what all traffic has would fill the budget.
 */
#define DEAR     20
/* After so many refused candidates of one pass it is enough. */
#define FAILURES 32

bool cover_enough(const struct synth *synth)
{
	double share = work_excess(synth, work_share(synth, synth->covered, synth->train),
				   work_base_share(synth, synth->covered_base));
	double n = synth->now.effective / 2;
	double doubt = n > 0 && share < 1 ? 1.645 * sqrt(fmax(share, 0) * (1 - share) / n) : 0;

	return share - doubt >= synth->stop;
}

/* Share of the excess that a rule adds. */
static double excess_of(const struct synth *synth, const uint64_t *now, const uint64_t *base)
{
	return work_excess(synth, work_share(synth, now, synth->active),
			   work_base_new(synth, base));
}

static double gain_of(const struct synth *synth, const struct cand *cand)
{
	double base = work_base_new(synth, cand->base);
	double excess = excess_of(synth, cand->now, cand->base);

	return excess < WORK_LEAST_REST ? 0 : excess / (1 + DEAR * base);
}

/* After what is covered has grown, and at first. */
static void weigh_cands(struct synth *synth)
{
	for (unsigned i = 0; i < synth->cand_count; i++) {
		struct cand *cand = &synth->cands[i];
		if (!cand->dead)
			cand->gain = gain_of(synth, cand);
	}
}

/* The best of those that the budget still allows; NULL: none. */
static struct cand *best_cand(struct synth *synth)
{
	struct cand *best = NULL;
	double most = 0;

	for (unsigned i = 0; i < synth->cand_count; i++) {
		struct cand *cand = &synth->cands[i];
		if (cand->dead || cand->gain <= most)
			continue;
		if (work_hits(synth, cand->base) > synth->hits_max) {
			/* What is covered only grows: it will never fit. */
			cand->dead = true;
			synth->turned_back[SYNTH_INNOCENT]++;
			continue;
		}
		most = cand->gain;
		best = cand;
	}
	return best;
}

/* Does it stop much more than it may hit at the most? */
static bool is_worth(const struct synth *synth, const struct draft *draft)
{
	double n = synth->base.effective;
	double upper = bound_upper(work_base_share(synth, draft->base) * n, n);

	return excess_of(synth, draft->now, draft->base) >= DEAR * upper;
}

static enum synth_why judge(struct synth *synth, const struct draft *draft, double *ret_clean)
{
	if (work_hits(synth, draft->base) > synth->hits_max || !is_worth(synth, draft))
		return SYNTH_INNOCENT;
	if (!grammar_allows(synth, draft))
		return SYNTH_GRAMMAR;
	if (!holdout_agrees(synth, draft))
		return SYNTH_UNSTABLE;
	*ret_clean = work_clean_share(synth, draft);
	return *ret_clean > synth->clean_max ? SYNTH_INNOCENT : SYNTH_FOUND;
}

enum synth_why cover_add(struct synth *synth, const struct draft *draft)
{
	struct synth_result *result = synth->result;
	unsigned at = result->rule_count;
	double clean = 0;
	enum synth_why why = judge(synth, draft, &clean);

	if (why != SYNTH_FOUND)
		return why;
	result->rules[at] = draft_rule(synth, draft);
	result->parts[at] = (struct synth_part){
		.attack_share = fmin(excess_of(synth, draft->now, draft->base), 1),
		.collateral_share = work_base_share(synth, draft->base),
		.clean_share = clean,
	};
	result->rule_count++;
	bitmap_or(synth->covered, draft->now, synth->now.words);
	bitmap_or(synth->covered_base, draft->base, synth->base.words);
	for (unsigned i = 0; i < synth->now.words; i++)
		synth->active[i] &= ~draft->now[i];
	return SYNTH_FOUND;
}

static void draft_of(struct synth *synth, const struct cand *cand, struct draft *draft)
{
	*draft = (struct draft){ 0 };
	memcpy(draft->now, synth->now.scope, sizeof(draft->now));
	memcpy(draft->base, synth->base.scope, sizeof(draft->base));
	for (unsigned i = 0; i < cand->count; i++)
		draft_add(synth, draft, &synth->items[cand->items[i]].cond);
}

static enum synth_why try_cand(struct synth *synth, const struct cand *cand)
{
	struct draft loose;
	struct draft tight;
	enum synth_why why;

	draft_of(synth, cand, &loose);
	tight = loose;
	tighten(synth, &tight);
	why = cover_add(synth, &tight);
	if (why == SYNTH_UNSTABLE && tight.fields != loose.fields)
		why = cover_add(synth, &loose);
	synth->turned_back[why]++;
	return why;
}

unsigned cover_pick(struct synth *synth)
{
	unsigned before = synth->result->rule_count;
	unsigned failures = 0;
	struct cand *cand;

	weigh_cands(synth);
	while (synth->result->rule_count < synth->rules_max && !cover_enough(synth) &&
	       (cand = best_cand(synth))) {
		cand->dead = true;
		if (try_cand(synth, cand) == SYNTH_FOUND) {
			weigh_cands(synth);
		} else if (++failures == FAILURES) {
			synth->cut = true;
			break;
		}
	}
	return synth->result->rule_count - before;
}
