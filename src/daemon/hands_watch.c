/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands_watch: what rules in force hit, each second, in; a step down or out for harm, and what
 * came of a plan, out. Control thread.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/caught.h"
#include "daemon/hands_part.h"
#include "plan/match.h"
#include "verify/judge.h"

/* Harm above the budget for so many seconds: a step down, and so many more: out. */
#define HARM_LIMIT 3
#define HARM_OUT   8
/* How long rules that did harm are not put in force again by themselves. */
#define BARRED_NS  (600 * NS_PER_S)
/* Of other rules nothing is known before: counters come once a second. */
#define SETTLE_NS  (2 * NS_PER_S)
/* Dropped packets are judged by so long. */
#define CAUGHT_NS  (5 * NS_PER_S)

static void keep(struct hands *hands, const struct caught_plan *plan)
{
	struct hand_case *c = case_of(hands, plan->id);

	if (!c || !c->wanted_on || strcmp(c->wanted.plan.id, plan->id) != 0)
		return;
	for (unsigned i = 0; i < plan->count; i++) {
		c->caught_ns[c->caught_count % CASE_CAUGHT] = hands->now_ns;
		c->caught[c->caught_count++ % CASE_CAUGHT] = plan->samples[i];
	}
}

void hands_catch(struct hands *hands)
{
	for (size_t m = 0; m < crew_count(hands->crew); m++) {
		struct caught *caught = crew_caught(hands->crew, m);
		struct caught_parcel *parcel;
		while (caught && (parcel = caught_next(caught))) {
			for (unsigned i = 0; i < parcel->count; i++)
				keep(hands, &parcel->plans[i]);
			caught_back(caught, parcel);
		}
	}
}

void case_forget_caught(const struct hands *hands, struct hand_case *c)
{
	c->caught_count = 0;
	c->dropped_pps = 0;
	c->rate_mixed = true;
	c->look_ns = hands->now_ns + SETTLE_NS;
	if (!c->fresh)
		return;
	c->harm = (struct harm){ 0 };
	c->told_harm = false;
}

/* The latest, in a row. Return: how many. */
static size_t read_caught(struct hands *hands, const struct hand_case *c)
{
	size_t most = c->caught_count < CASE_CAUGHT ? c->caught_count : CASE_CAUGHT;
	size_t n = 0;

	for (; n < most; n++) {
		size_t place = (c->caught_count - n - 1) % CASE_CAUGHT;
		if (hands->now_ns - c->caught_ns[place] >= CAUGHT_NS)
			break;
		hands->dropped[n] = c->caught[place];
	}
	return n;
}

static struct harm_input input_of(const struct hand_case *c, const struct stock_view *view)
{
	return (struct harm_input){
		.now = view->now.samples,
		.now_count = view->now.count,
		.now_pps = view->now_pps,
		.now_s = view->now_s,
		.before = view->base.samples,
		.before_count = view->own,
		.unusual = c->unusual,
		.match = match_rule,
		/* Of a campaign each machine is innocent that used these places before. */
		.outbound = c->scope.direction == DIRECTION_OUTBOUND && c->scope.own_count,
	};
}

bool hands_bars(const struct hands *hands, const struct made *made)
{
	return made->safe && bars_has(&hands->bars, &made->plan, hands->now_ns);
}

double case_unusual(struct hands *hands, const struct hand_case *c, const struct stock_view *view)
{
	struct harm_input input = input_of(c, view);

	input.plan = &c->made->plan;
	input.sources = c->made->sources;
	input.source_count = c->made->source_count;
	return verify_unusual(&input, hands->room);
}

static void look(struct hands *hands, struct hand_case *c)
{
	struct stock_view view;

	stock_look(hands->stock, c->watch, hands->now_ns, &view);
	struct harm_input input = input_of(c, &view);

	input.plan = &c->wanted.plan;
	input.sources = c->wanted.sources;
	input.source_count = c->wanted.source_count;
	input.dropped = hands->dropped;
	input.dropped_count = read_caught(hands, c);
	input.dropped_pps = c->dropped_pps;
	verify_harm(&input, hands->room, &c->harm);
}

/* More than the forecast allowed, which is more than a drop by itself may cost at least. */
static double budget_of(const struct hands *hands, const struct hand_case *c)
{
	double upper = c->wanted.plan.collateral_upper;

	return upper > hands->ladder.auto_drop ? upper : hands->ladder.auto_drop;
}

static void judge_harm(struct hands *hands, struct hand_case *c)
{
	bool hurts = c->harm.enough && c->harm.least > budget_of(hands, c);

	c->harmful = hurts ? c->harmful + 1 : 0;
	if (c->harmful >= HARM_LIMIT)
		c->stepped_down = true;
	if (c->harmful >= HARM_OUT) {
		bars_add(&hands->bars, &c->wanted.plan, hands->now_ns + BARRED_NS);
		c->approved = LEVEL_OBSERVE;
		c->harmful = 0;
	}
}

/* A quarantine and a blackhole cost everything, and that was known before. */
static bool may_harm(const struct hand_case *c)
{
	return c->wanted_on && c->made->safe && c->watch &&
	       (c->wanted.plan.level == LEVEL_RATE_LIMIT || c->wanted.plan.level == LEVEL_DROP);
}

static enum verdict_basis basis_of(const struct harm *harm)
{
	if (harm->caught)
		return VERDICT_DROPPED;
	return harm->enough ? VERDICT_TELEMETRY : VERDICT_UNKNOWN;
}

void case_add_verdict(const struct hand_case *c, struct verdict *verdict)
{
	verdict->in_force = c->wanted.plan.level != LEVEL_OBSERVE;
	verdict->counted = c->effect.counted;
	verdict->dropped_packets = c->effect.dropped_packets;
	verdict->basis = (uint8_t)basis_of(&c->harm);
	verdict->harm = c->harm.innocent;
	verdict->harm_least = c->harm.least;
	verdict->looked = c->harm.looked;
	verdict->innocent = c->harm.known;
}

/* News is what was not known before, not each new number. */
static void tell_harm(struct hands *hands, struct hand_case *c)
{
	if (c->told_harm || basis_of(&c->harm) == VERDICT_UNKNOWN)
		return;
	c->told_harm = true;
	case_tell(hands, c, EVENT_PLAN_VERDICT, NULL);
}

void case_watch(struct hands *hands, struct hand_case *c)
{
	if (!may_harm(c) || hands->now_ns < c->look_ns)
		return;
	c->look_ns = hands->now_ns + NS_PER_S;
	look(hands, c);
	tell_harm(hands, c);
	judge_harm(hands, c);
}
