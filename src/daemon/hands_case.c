/* SPDX-License-Identifier: Apache-2.0 */
/* hands_case: how far to go in one case, and the way there. Control thread. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/hands_part.h"

/* What the rails refused is tried again after so long. */
#define REFUSED_NS (10 * NS_PER_S)

void case_tell(struct hands *hands, struct hand_case *c, enum event_type type, const char *text)
{
	struct verdict verdict;
	const struct event event = {
		.type = type,
		.time_ns = hands->now_ns,
		.incident = &c->incident,
		.plan = &c->wanted.plan,
		.sources = c->wanted.sources,
		.source_count = c->wanted.source_count,
		.verdict =
			type >= EVENT_PLAN_VERDICT && hands_verdict(hands, &c->incident, &verdict)
				? &verdict
				: NULL,
		.text = text,
	};

	if (hands->sink)
		hands->sink->emit(hands->sink->self, &event);
}

struct rails_request case_request(const struct hands *hands, const struct hand_case *c,
				  const struct wanted *wanted, double own_share)
{
	return (struct rails_request){
		.plan = &wanted->plan,
		.sources = wanted->sources,
		.source_count = wanted->source_count,
		.direction = wanted->direction,
		.own_share = own_share,
		.by_person = c->approved >= wanted->plan.level,
		.telemetry_fault = hands->fault,
		.now_ns = hands->now_ns,
	};
}

/* Room for others, by the rails. */
static void release(struct hands *hands, const struct hand_case *c)
{
	const struct rails_request request = case_request(hands, c, &c->wanted, c->own_share);

	if (c->wanted_on && c->wanted.plan.level)
		rails_release(&hands->limits, &hands->rails, &request);
}

static void put_out(struct hands *hands, struct hand_case *c)
{
	if (!c->wanted_on)
		return;
	if (c->wanted.plan.level)
		rails_hold_change(&hands->hold, &c->wanted.own, hands->now_ns);
	c->wanted_on = false;
	c->told_applied = false;
	c->trouble[0] = '\0';
	hands_mark(hands, c->member);
}

static void tell_off(struct hands *hands, struct hand_case *c, enum act_state state,
		     const char *why)
{
	if (!c->wanted.plan.id[0])
		return;
	if (hands->journal && (c->wanted.plan.level || c->wanted.plan.needs_approval))
		journal_add_plan(hands->journal, &c->wanted, state, hands->now_ns);
	case_tell(hands, c, EVENT_PLAN_WITHDRAWN, why);
}

void case_take_off(struct hands *hands, struct hand_case *c, enum act_state state, const char *why)
{
	release(hands, c);
	put_out(hands, c);
	tell_off(hands, c, state, why);
}

void case_refuse(struct hands *hands, struct hand_case *c, enum rails_why why)
{
	hands->refused += why != RAILS_SLOWER;
	snprintf(c->refusal, sizeof(c->refusal), "%s", rails_why_text(why));
	c->refused_ns = hands->now_ns + (why == RAILS_SLOWER ? NS_PER_S : REFUSED_NS);
}

/* Put the plan in force, in the place of what is. Return: false when the rails do not let it. */
static bool admit(struct hands *hands, struct hand_case *c, struct wanted *wanted,
		  struct choice *choice)
{
	const struct rails_request out = case_request(hands, c, &c->wanted, c->own_share);
	const struct rails_request in = case_request(hands, c, wanted, c->made->own_share);
	enum rails_why why =
		rails_exchange(&hands->limits, &hands->rails, c->wanted_on ? &out : NULL, &in);
	if (why == RAILS_OK) {
		c->own_share = in.own_share;
		if (wanted->plan.level) {
			rails_hold_begin(&hands->limits, &hands->hold, &wanted->own, hands->now_ns);
			rails_hold_change(&hands->hold, &wanted->own, hands->now_ns);
		}
		return true;
	}
	case_refuse(hands, c, why);
	choice_say(choice, c->refusal);
	return false;
}

static void record(struct hands *hands, const struct hand_case *c)
{
	enum act_state state = c->wanted.plan.level ? ACT_WANTED : ACT_PROPOSED;

	if (hands->journal && (c->wanted.plan.level || c->wanted.plan.needs_approval))
		journal_add_plan(hands->journal, &c->wanted, state, hands->now_ns);
}

/* The plan stays the same, and is watched only from now on; what a person ended stays ended. */
static void let_go(struct hands *hands, struct hand_case *c, const char *why)
{
	if (hands->journal)
		journal_add_plan(hands->journal, &c->wanted,
				 c->rejected ? ACT_REJECTED : ACT_WITHDRAWN, hands->now_ns);
	case_tell(hands, c, EVENT_PLAN_WITHDRAWN, why);
}

/* What is in force stays while the rails do not let in what shall take its place, or go further. */
static bool stays(const struct hand_case *c, uint8_t level)
{
	return c->wanted_on && c->wanted.plan.level && level >= c->wanted.plan.level;
}

/* Return: false when the plan in force stays for now. @ret_wanted: what takes its place */
static bool get_in(struct hands *hands, struct hand_case *c, struct choice *choice,
		   struct wanted *ret_wanted)
{
	case_write(hands, c, choice->level, choice->member, ret_wanted);
	if (admit(hands, c, ret_wanted, choice))
		return true;
	if (stays(c, choice->level))
		return false;
	release(hands, c);
	choice->member = 0;
	case_write(hands, c, LEVEL_OBSERVE, 0, ret_wanted);
	return true;
}

/* From the plan as it is to the plan as it shall be. */
static void change(struct hands *hands, struct hand_case *c, struct choice *choice)
{
	struct wanted wanted;

	if (!get_in(hands, c, choice, &wanted))
		return;
	put_out(hands, c);
	if (c->fresh && c->generation)
		tell_off(hands, c, ACT_WITHDRAWN, "replaced by better rules");
	wanted.plan.would = choice->would;
	wanted.plan.proposed = choice->asked;
	wanted.plan.needs_approval = choice->asked != LEVEL_OBSERVE;
	snprintf(wanted.plan.why, sizeof(wanted.plan.why), "%s", choice->why);
	c->generation += c->fresh;
	case_forget_caught(hands, c);
	c->leave = false;
	if (!c->fresh && c->wanted.plan.level && !wanted.plan.level)
		let_go(hands, c, choice->why);
	bool less = !c->fresh && wanted.plan.level && wanted.plan.level < c->wanted.plan.level;
	bool tell = c->fresh || wanted.plan.needs_approval != c->wanted.plan.needs_approval ||
		    wanted.plan.level > c->wanted.plan.level;
	c->fresh = false;
	c->wanted = wanted;
	c->member = choice->member;
	c->wanted_on = true;
	c->told_applied = c->member == 0;
	hands_mark(hands, c->member);
	record(hands, c);
	if (tell)
		case_tell(hands, c, EVENT_PLAN_PROPOSED, NULL);
	if (tell && c->told_applied)
		case_tell(hands, c, EVENT_PLAN_APPLIED, NULL);
	if (less)
		case_tell(hands, c, EVENT_PLAN_VERDICT, c->wanted.plan.why);
}

/* Rules live five minutes; as long as they are needed they live on. */
static void renew(struct hands *hands, struct hand_case *c)
{
	/* What stays though the ladder wants nothing any more has no time of its own. */
	uint64_t needed_ns =
		c->step.expires_ns ? c->step.expires_ns : hands->now_ns + hands->ladder.rule_ns;
	uint64_t expires_ns = needed_ns > c->extended_ns ? needed_ns : c->extended_ns;

	if (!c->wanted.plan.level || expires_ns <= c->wanted.plan.expires_ns ||
	    c->wanted.plan.expires_ns - hands->now_ns > hands->ladder.rule_ns / 2)
		return;
	c->wanted.plan.expires_ns = expires_ns;
	hands_mark(hands, c->member);
	record(hands, c);
}

static void end_case(struct hands *hands, struct hand_case *c)
{
	rails_hold_end(&hands->hold, &c->wanted.own, hands->now_ns);
	if (c->rejected && hands->journal)
		journal_add_plan(hands->journal, &c->wanted, ACT_WITHDRAWN, hands->now_ns);
	case_take_off(hands, c, ACT_WITHDRAWN, NULL);
	case_end_trial(hands, c);
	stock_unwatch(hands->stock, c->watch);
	c->used = false;
}

void case_step(struct hands *hands, struct hand_case *c)
{
	if (c->recheck)
		case_recheck(hands, c);
	case_make(hands, c);
	case_watch(hands, c);
	struct choice choice = case_decide(hands, c);
	bool stay = case_gate(hands, c, &choice) == GATE_STAY;
	uint8_t level = choice.level;
	bool other = c->fresh || !c->wanted_on || level != c->wanted.plan.level ||
		     choice.member != c->member ||
		     (choice.asked != LEVEL_OBSERVE) != c->wanted.plan.needs_approval;

	if (c->over && level == LEVEL_OBSERVE && !stay) {
		end_case(hands, c);
		return;
	}
	bool waits = stay || (hands->now_ns < c->refused_ns && stays(c, level));
	if (other && !waits)
		change(hands, c, &choice);
	else
		renew(hands, c);
	c->step.level = c->wanted.plan.level;
	ladder_take(&hands->ladder, &c->ladder, &c->step, hands->now_ns);
}
