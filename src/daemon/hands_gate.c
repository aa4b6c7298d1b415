/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands_gate: a choice in, whether it may be carried out now out. Control thread.
 *
 * What cannot be put in force now does not take the place of what is.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/hands_part.h"

/* Would the rails admit it, if it took the place of what is in force? Nothing is counted. */
static enum rails_why ask(const struct hands *hands, const struct hand_case *c,
			  const struct wanted *wanted)
{
	struct rails_state state = hands->rails;

	if (c->wanted_on && c->wanted.plan.level) {
		const struct rails_request old = case_request(hands, c, &c->wanted, c->own_share);
		rails_release(&hands->limits, &state, &old);
	}
	const struct rails_request new = case_request(hands, c, wanted, c->made->own_share);
	return rails_admit(&hands->limits, &state, &new);
}

static bool is_same(const struct hand_case *c, const struct choice *choice)
{
	return c->wanted_on && !c->fresh && choice->member == c->member &&
	       choice->level == c->wanted.plan.level;
}

/* Less of the same, or nothing: needs no leave. */
static bool is_less(const struct hand_case *c, const struct choice *choice)
{
	return choice->level == LEVEL_OBSERVE ||
	       (c->wanted_on && !c->fresh && choice->member == c->member &&
		choice->level <= c->wanted.plan.level);
}

/* A person's word, harm and what the configuration forbids are not put off. */
static bool is_forced(const struct hands *hands, const struct hand_case *c)
{
	const struct config_policy *policy = case_policy(hands, c);
	uint32_t allowed = policy->ladder | 1U << c->approved;

	return hands->panic || hands->kill_file || c->rejected || c->stepped_down || c->leave ||
	       hands_bars(hands, c->made) || !(allowed & 1U << c->wanted.plan.level) ||
	       (!case_may_use(policy, crew_member(hands->crew, c->member)->name) &&
		!case_is_stranded(hands, c, policy));
}

/*
 * Is it one change too many about its prefix? The last one is kept for putting something in force:
 * whoever flaps is held back rather than not.
 */
static bool flaps(const struct hands *hands, const struct hand_case *c, const struct wanted *wanted,
		  const struct choice *choice)
{
	bool in_force = c->wanted_on && c->wanted.plan.level;
	const struct prefix *own = in_force ? &c->wanted.own : &wanted->own;
	unsigned room = rails_hold_room(&hands->limits, &hands->hold, own, hands->now_ns);

	if (!in_force && choice->level == LEVEL_OBSERVE)
		return false;
	return room < (in_force ? 2 : 1) && !is_forced(hands, c);
}

static enum gate hold(struct hands *hands, struct hand_case *c, struct choice *choice)
{
	char shown[IP_TEXT_MAX];

	case_end_trial(hands, c);
	if (!c->flapping)
		log_warning("plan", "%s changed too often: it stays as it is for a while",
			    prefix_format(&c->wanted.own, shown));
	c->flapping = true;
	if (c->wanted_on && c->wanted.plan.level) {
		choice->level = c->wanted.plan.level;
		choice->member = c->member;
		return GATE_STAY;
	}
	choice_say(choice, CASE_FLAPS);
	choice->level = LEVEL_OBSERVE;
	choice->member = 0;
	return GATE_OPEN;
}

static enum gate wait(const struct hands *hands, const struct hand_case *c, struct choice *choice)
{
	char words[PLAN_WHY_MAX];

	if (c->wanted_on && c->wanted.plan.level)
		return GATE_STAY;
	case_say_trial(hands, c, words);
	choice_say(choice, words);
	choice->level = LEVEL_OBSERVE;
	choice->member = 0;
	return GATE_OPEN;
}

enum gate case_gate(struct hands *hands, struct hand_case *c, struct choice *choice)
{
	bool in_force = c->wanted_on && c->wanted.plan.level;
	struct wanted wanted;

	if (is_same(c, choice)) {
		c->flapping = false;
		case_end_trial(hands, c);
		return GATE_OPEN;
	}
	case_write(hands, c, choice->level, choice->member, &wanted);
	if (flaps(hands, c, &wanted, choice))
		return hold(hands, c, choice);
	c->flapping = false;
	if (is_less(c, choice)) {
		case_end_trial(hands, c);
		return GATE_OPEN;
	}
	if (in_force && hands->now_ns < c->refused_ns)
		return GATE_STAY;
	enum rails_why why = ask(hands, c, &wanted);
	if (why) {
		case_end_trial(hands, c);
		if (!in_force)
			return GATE_OPEN; /* they say no once more, and why */
		case_refuse(hands, c, why);
		return GATE_STAY;
	}
	return case_passes_canaries(hands, c, &wanted, choice->member) ? GATE_OPEN
								       : wait(hands, c, choice);
}
