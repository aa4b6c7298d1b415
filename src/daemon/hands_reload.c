/* SPDX-License-Identifier: Apache-2.0 */
/* hands_reload: another configuration in; what it forbids out of force, and told. Control thread. */
#include <stdio.h>

#include "base/log.h"
#include "daemon/hands_part.h"

void hands_reload(struct hands *hands, const struct config *config)
{
	hands->config = config; /* the old one goes, whatever comes */
	if (hands_limits(hands, config))
		log_error("plan", "no memory for the new limits; the old ones stay in force");
	crew_reload(hands->crew, config);
	hands_canaries(hands, config);
	for (size_t m = 0; m < crew_count(hands->crew); m++)
		hands->dirty[m] = true;
	for (unsigned i = 0; i < HANDS_CASES; i++) {
		case_end_trial(hands, &hands->cases[i]);
		hands->cases[i].recheck = hands->cases[i].used;
	}
}

bool hands_is_behind(const struct hands *hands)
{
	return crew_is_behind(hands->crew);
}

static void tell(struct hands *hands, const struct hand_case *c, const char *key, const char *why)
{
	char reason[PLAN_WHY_MAX];
	char result[PLAN_WHY_MAX];
	const struct act act = { .time_ns = hands->now_ns,
				 .who = "the configuration",
				 .what = "withdraw",
				 .subject = c->wanted.plan.id,
				 .why = reason,
				 .result = result };

	snprintf(reason, sizeof(reason), "`%s` was changed", key);
	snprintf(result, sizeof(result), "withdrawn: %s", why);
	log_warning("plan", "%s: %s, and what was in force is withdrawn: %s", c->wanted.plan.id,
		    reason, why);
	if (hands->journal)
		journal_add_act(hands->journal, &act);
}

/* What goes instead, if anything, is decided as ever: this only says why something ends. */
static void recheck_policy(struct hands *hands, const struct hand_case *c)
{
	const struct config_policy *policy = case_policy(hands, c);
	uint32_t allowed = policy->ladder | 1U << c->approved;

	if (!(allowed & 1U << c->wanted.plan.level))
		tell(hands, c, "policy", "its level does not go by itself any more");
	else if (!case_is_stranded(hands, c, policy) &&
		 !case_may_use(policy, crew_member(hands->crew, c->member)->name))
		tell(hands, c, "policy", "its actuator is not among those to be used any more");
}

/* How much may be in force is asked of what comes next; what a rule may say is asked of all. */
void case_recheck(struct hands *hands, struct hand_case *c)
{
	const struct rails_request request = {
		.plan = &c->wanted.plan,
		.sources = c->wanted.sources,
		.source_count = c->wanted.source_count,
		.direction = c->wanted.direction,
	};

	c->recheck = false;
	if (!c->wanted_on || !c->wanted.plan.level)
		return;
	enum rails_why why = rails_check_plan(&hands->limits, &request);
	if (!why) {
		recheck_policy(hands, c);
		return;
	}
	tell(hands, c, why == RAILS_NOT_OWN ? "networks" : "protect", rails_why_text(why));
	case_take_off(hands, c, ACT_WITHDRAWN, rails_why_text(why));
	case_refuse(hands, c, why);
	c->wanted.plan.level = LEVEL_OBSERVE;
}
