/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands_gate: a choice in, whether it may be carried out now out. Control thread.
 *
 * What cannot be put in force now does not take the place of what is.
 */
#include <string.h>

#include "base/clock.h"
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

/* Less of the same, or nothing: never waits. */
static bool is_less(const struct hand_case *c, const struct choice *choice)
{
	return choice->level == LEVEL_OBSERVE ||
	       (c->wanted_on && !c->fresh && choice->member == c->member &&
		choice->level <= c->wanted.plan.level);
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

	if (is_less(c, choice)) {
		case_end_trial(hands, c);
		return GATE_OPEN;
	}
	if (in_force && hands->now_ns < c->refused_ns)
		return GATE_STAY;
	case_write(hands, c, choice->level, choice->member, &wanted);
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
