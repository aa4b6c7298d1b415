/* SPDX-License-Identifier: Apache-2.0 */
/* tighten: a draft in; the same with every further condition that costs it next to nothing out. */
#include <math.h>
#include <string.h>

#include "plan/work.h"

/* Share of its samples that a draft keeps, all further conditions together. */
#define KEPT 0.99

void draft_add(struct synth *synth, struct draft *draft, const struct cond *cond)
{
	draft->fields |= 1U << cond->field;
	draft->conds[cond->field] = *cond;
	side_match(&synth->now, cond, draft->now);
	side_match(&synth->base, cond, draft->base);
}

static struct plan_range range_of(const struct cond *cond)
{
	return (struct plan_range){ (uint16_t)cond->min, (uint16_t)cond->max };
}

struct plan_rule draft_rule(const struct synth *synth, const struct draft *draft)
{
	const struct synth_scope *scope = &synth->input->scope;
	const struct cond *conds = draft->conds;
	bool outbound = scope->direction == DIRECTION_OUTBOUND;
	struct plan_rule rule = plan_rule_any();
	unsigned has = draft->fields;

	rule.dst = outbound ? scope->peer : scope->own;
	if (outbound)
		rule.src = scope->own;
	else if (has & 1U << FIELD_SRC)
		rule.src = conds[FIELD_SRC].src;
	if (has & 1U << FIELD_PROTO)
		rule.proto = conds[FIELD_PROTO].min;
	if (has & 1U << FIELD_FLAGS) {
		rule.tcp_flags = (uint8_t)conds[FIELD_FLAGS].min;
		rule.tcp_mask = UINT8_MAX;
	}
	if (has & 1U << FIELD_SPORT)
		rule.sport = range_of(&conds[FIELD_SPORT]);
	if (has & 1U << FIELD_DPORT)
		rule.dport = range_of(&conds[FIELD_DPORT]);
	if (has & 1U << FIELD_FRAGMENT)
		rule.fragment = (int8_t)conds[FIELD_FRAGMENT].min;
	if (has & 1U << FIELD_ICMP)
		rule.icmp_type = (int16_t)conds[FIELD_ICMP].min;
	if (has & 1U << FIELD_LENGTH)
		rule.length = range_of(&conds[FIELD_LENGTH]);
	if (has & 1U << FIELD_TTL)
		rule.ttl = range_of(&conds[FIELD_TTL]);
	rule.from_set = has & 1U << FIELD_SET;
	return rule;
}

/* The narrowest interval of a field with so much weight of the draft; false: there is none. */
static bool narrowest(struct synth *synth, const struct draft *draft, struct cond *cond,
		      double need)
{
	const int32_t *value = synth->now.column[cond->field];
	double inside = 0;
	int32_t best = INT32_MAX;
	int32_t from;

	for (uint32_t i = 0; i < synth->now.count; i++) {
		if (value[i] < 0 || !bitmap_has(draft->now, i) || !bitmap_has(synth->active, i))
			continue;
		synth->hist_now[value[i]] += synth->now.weight[i];
		bitmap_add(synth->values, (uint32_t)value[i]);
	}
	from = items_next(synth, 0);
	for (int32_t v = from; v < WORK_VALUES; v = items_next(synth, v + 1)) {
		inside += synth->hist_now[v];
		while (from < v && inside - synth->hist_now[from] >= need) {
			inside -= synth->hist_now[from];
			from = items_next(synth, from + 1);
		}
		if (inside >= need && v - from < best) {
			best = v - from;
			cond->min = from;
			cond->max = v;
		}
	}
	items_forget(synth);
	return best < INT32_MAX;
}

/* The sets anew, after a condition became another. */
static void rebuild(struct synth *synth, struct draft *draft)
{
	memcpy(draft->now, synth->now.scope, sizeof(draft->now));
	memcpy(draft->base, synth->base.scope, sizeof(draft->base));
	for (unsigned field = 0; field < COLUMNS; field++) {
		if (draft->fields & 1U << field)
			draft_add(synth, draft, &draft->conds[field]);
	}
}

/*
 * The ends that were seen are not all there are: with n values even over an interval, each end lies
 * up to 3 / n of its width further out (95 %). So far it goes where nothing innocent is.
 */
static void widen(struct synth *synth, struct draft *draft, enum plan_field field)
{
	int32_t most = field == FIELD_TTL ? UINT8_MAX : UINT16_MAX;
	struct draft wide = *draft;
	struct cond *cond = &wide.conds[field];
	double n = work_share(synth, draft->now, synth->active) * synth->now.effective / 2;
	int32_t more = (int32_t)lround(fmin(3 * (cond->max - cond->min) / n, most));

	if (!(draft->fields & 1U << field) || cond->min == cond->max)
		return;
	cond->min = cond->min > more ? cond->min - more : 0;
	cond->max = cond->max + more < most ? cond->max + more : most;
	items_pad(synth, cond);
	if (!items_fits(synth, cond))
		return;
	rebuild(synth, &wide);
	if (work_hits(synth, wide.base) <= work_hits(synth, draft->base))
		*draft = wide;
}

void tighten(struct synth *synth, struct draft *draft)
{
	double need = KEPT * side_weight(&synth->now, draft->now, synth->active);
	unsigned fields = synth->input->profile->fields & ~(1U << FIELD_SRC | 1U << FIELD_SET);

	for (enum plan_field field = 0; field < COLUMNS; field++) {
		struct cond cond = { .field = field };
		if (!(fields & 1U << field) || draft->fields & 1U << field)
			continue;
		/* That packets are whole goes without saying. */
		if (!narrowest(synth, draft, &cond, need) ||
		    (field == FIELD_FRAGMENT && cond.min != PLAN_FRAGMENT_LATER))
			continue;
		items_pad(synth, &cond);
		if (items_fits(synth, &cond))
			draft_add(synth, draft, &cond);
	}
	widen(synth, draft, FIELD_SPORT);
	widen(synth, draft, FIELD_DPORT);
	widen(synth, draft, FIELD_LENGTH);
	widen(synth, draft, FIELD_TTL);
}
