/* SPDX-License-Identifier: Apache-2.0 */
/* hands_decide: a case in, how far to go in it and by whom out. Control thread. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/hands_part.h"

/* Counters of an actuator that grew so long ago: the attack still arrives. */
#define MATCHED_NS (5 * NS_PER_S)

static struct prefix own_of(const struct hand_case *c)
{
	if (c->scope.own_count == 1)
		return c->scope.own[0];
	return (struct prefix){ .ip = c->incident.host,
				.len = c->incident.host_len ? c->incident.host_len : 128 };
}

/* The rules of a level: limits get a rate; a blackhole and a quarantine have rules of their own. */
static void write_level(struct hand_case *c, struct wanted *wanted, uint8_t level)
{
	struct plan *plan = &wanted->plan;
	struct plan_rule all = plan_rule_any();

	plan->level = level;
	if (level == LEVEL_BLACKHOLE || level == LEVEL_QUARANTINE) {
		*(level == LEVEL_BLACKHOLE ? &all.dst : &all.src) = own_of(c);
		plan->rules[0] = all;
		plan->rule_count = 1;
		wanted->source_count = 0;
	}
	for (unsigned i = 0; i < plan->rule_count; i++) {
		double rate = c->made->limit_pps / plan->rule_count;
		plan->rules[i].rate_pps =
			level == LEVEL_RATE_LIMIT ? (uint64_t)(rate < 1 ? 1 : rate) : 0;
	}
}

/* The plan as it would be on a level at one of the actuators. */
void case_write(const struct hands *hands, struct hand_case *c, uint8_t level, size_t member,
		struct wanted *wanted)
{
	struct plan *plan = &wanted->plan;

	*wanted = (struct wanted){ .plan = c->made->plan,
				   .direction = c->incident.direction,
				   .own = own_of(c),
				   .sources = c->made->sources,
				   .source_count = c->made->source_count };
	write_level(c, wanted, level);
	snprintf(plan->incident, sizeof(plan->incident), "%s", c->incident.id);
	snprintf(plan->id, sizeof(plan->id), "%s-p%u", c->incident.id,
		 c->generation + (c->fresh ? 1 : 0));
	snprintf(plan->actuator, sizeof(plan->actuator), "%s",
		 crew_member(hands->crew, member)->name);
	plan->expires_ns = level ? c->step.expires_ns : 0;
	if (level && c->approved >= level)
		snprintf(wanted->approved_by, sizeof(wanted->approved_by), "%s", c->approved_by);
}

bool case_may_use(const struct config_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->actuator_count; i++) {
		if (strcmp(policy->actuators[i].text, name) == 0)
			return true;
	}
	return policy->actuator_count == 0;
}

bool case_may_choose(const struct hands *hands, const struct config_policy *policy, size_t member)
{
	if (!case_may_use(policy, crew_member(hands->crew, member)->name))
		return false;
	for (size_t m = 1; m < crew_count(hands->crew); m++) {
		if (m != member && hands_goes_over(hands, m, member) &&
		    case_may_use(policy, crew_member(hands->crew, m)->name))
			return false;
	}
	return true;
}

/* Its canaries have to be able to do it as well. */
static bool can_all(const struct hands *hands, size_t member, const struct wanted *wanted,
		    struct text *why)
{
	for (size_t m = 1; m < crew_count(hands->crew); m++) {
		const struct crew_member *one = crew_member(hands->crew, m);
		if (!hands_goes_over(hands, member, m))
			continue;
		text_clear(why);
		if (!(one->caps & 1U << wanted->plan.level))
			text_addf(why, "its canary %s cannot do that", one->name);
		else if (crew_check(hands->crew, m, wanted, why) == 0)
			continue;
		return false;
	}
	return true;
}

/* Who can put a level in force; 0: nobody, @why says of the last one asked why not. */
static size_t member_for(const struct hands *hands, struct hand_case *c,
			 const struct config_policy *policy, uint8_t level, struct text *why)
{
	for (size_t m = 1; m < crew_count(hands->crew); m++) {
		const struct crew_member *member = crew_member(hands->crew, m);
		struct wanted wanted;
		if (!(member->caps & 1U << level) || !case_may_choose(hands, policy, m))
			continue;
		case_write(hands, c, level, m, &wanted);
		if (can_all(hands, m, &wanted, why))
			return m;
	}
	return 0;
}

/* Until when nothing of the attack arrives; 0: it does. What a filter still drops has not ended. */
static uint64_t quiet_since(const struct hands *hands, const struct hand_case *c)
{
	uint64_t since = c->over ? c->incident.ended_ns : c->incident.quiet_ns;

	if (c->matched_ns && hands->now_ns - c->matched_ns < MATCHED_NS)
		return 0;
	return c->over && since == 0 ? hands->now_ns : since;
}

static bool is_expendable(const struct hands *hands, const struct ip *host)
{
	for (size_t i = 0; i < hands->config->expendable_count; i++) {
		if (prefix_has_ip(&hands->config->expendable[i].prefix, host))
			return true;
	}
	return false;
}

/* Since when more than nine tenths of what the line carries arrive. */
static void watch_line(const struct hands *hands, struct hand_case *c)
{
	const struct incident *incident = &c->incident;
	const struct config_network *network = config_network_of(hands->config, &incident->host);
	bool full =
		network && network->capacity_bps && incident->bps > network->capacity_bps / 10 * 9;

	if (!full)
		c->full_ns = 0;
	else if (c->full_ns == 0)
		c->full_ns = hands->now_ns;
}

static struct ladder_input input_of(const struct hands *hands, const struct hand_case *c)
{
	const struct incident *incident = &c->incident;
	uint32_t caps = crew_count(hands->crew) == 1 ? UINT32_MAX : 0;

	for (size_t m = 1; m < crew_count(hands->crew); m++)
		caps |= crew_member(hands->crew, m)->caps;
	return (struct ladder_input){
		.direction = incident->direction,
		.confirmed = incident->severity >= SEVERITY_WARNING,
		.rule_count = c->made->safe ? c->made->plan.rule_count : 0,
		.upper = c->made->plan.collateral_upper,
		.can_limit = caps & ACTUATOR_CAN_RATE_LIMIT,
		.can_drop = caps & ACTUATOR_CAN_DROP,
		.over_capacity = c->full_ns != 0,
		.expendable = is_expendable(hands, &incident->host),
		.own_machine = incident->kind == KIND_OUTBOUND_FLOOD && incident->host_len >= 128,
		.overload_since_ns = c->full_ns,
		.quiet_since_ns = quiet_since(hands, c),
		.complete = !hands->fault,
		.approved = c->approved,
		.now_ns = hands->now_ns,
	};
}

/* The highest of the levels up to @most; what a person said yes to counts as one of them. */
static uint8_t highest(uint32_t levels, uint8_t most)
{
	uint8_t level = most;

	while (level > LEVEL_OBSERVE && !(levels & 1U << level))
		level--;
	return level;
}

void choice_say(struct choice *choice, const char *why)
{
	snprintf(choice->why, sizeof(choice->why), "%s", why);
}

/* What a person ended, or what did harm, does not come back by itself. */
static uint8_t capped(const struct hands *hands, const struct hand_case *c, struct choice *choice,
		      uint8_t level)
{
	if (hands->panic || hands->kill_file) {
		choice_say(choice, "everything is let go: panic");
		return LEVEL_OBSERVE;
	}
	if (c->approved == LEVEL_OBSERVE && c->rejected) {
		choice_say(choice, "a person said no");
		return LEVEL_OBSERVE;
	}
	if (c->approved == LEVEL_OBSERVE && hands_bars(hands, c->made)) {
		choice_say(choice, "rules like these hit innocent traffic a moment ago");
		return LEVEL_OBSERVE;
	}
	if (hands->now_ns < c->refused_ns && c->wanted.plan.level == LEVEL_OBSERVE) {
		choice_say(choice, c->refusal);
		return LEVEL_OBSERVE;
	}
	if (c->stepped_down && level > LEVEL_RATE_LIMIT) {
		choice_say(choice, "innocent traffic was hit: limited only");
		return LEVEL_RATE_LIMIT;
	}
	return level;
}

/* What is in force stays for a while, longer each time it comes back, and as long as a person said. */
static bool is_held(const struct hands *hands, const struct hand_case *c)
{
	if (!c->wanted_on || !c->wanted.plan.level || hands->panic || hands->kill_file ||
	    c->rejected || c->stepped_down || hands_bars(hands, c->made))
		return false;
	return hands->now_ns < c->extended_ns ||
	       hands->now_ns < rails_hold_until(&hands->limits, &hands->hold, &c->wanted.own);
}

/* All actuators that the policy names come with a restart: what is in force stays where it is. */
bool case_is_stranded(const struct hands *hands, const struct hand_case *c,
		      const struct config_policy *policy)
{
	for (size_t m = 0; m < crew_count(hands->crew); m++) {
		if (case_may_use(policy, crew_member(hands->crew, m)->name))
			return false;
	}
	return c->wanted_on && c->wanted.plan.level;
}

static void choose_member(const struct hands *hands, struct hand_case *c,
			  const struct config_policy *policy, uint32_t allowed,
			  struct choice *choice)
{
	char words[PLAN_WHY_MAX];

	if (choice->level > LEVEL_OBSERVE && case_is_stranded(hands, c, policy)) {
		choice->level = c->wanted.plan.level;
		choice->member = c->member;
		return;
	}

	while (choice->level > LEVEL_OBSERVE) {
		struct text why = text_fixed(words, sizeof(words));
		choice->member = member_for(hands, c, policy, choice->level, &why);
		if (choice->member)
			return;
		if (why.len)
			choice_say(choice, text_string(&why));
		choice->level = highest(allowed, (uint8_t)(choice->level - 1));
	}
	choice->member = 0;
}

const struct config_policy *case_policy(const struct hands *hands, const struct hand_case *c)
{
	const struct incident *incident = &c->incident;

	return config_policy_of(hands->config, incident->direction, &incident->host,
				incident->tenant);
}

/* What a person is asked for, where there is anything that could do it. */
static uint8_t asked_of(const struct hands *hands, const struct hand_case *c, uint32_t approve,
			struct choice *choice)
{
	uint8_t most = c->step.asked > c->step.level ? c->step.asked : c->step.level;
	uint8_t asked = highest(approve, capped(hands, c, choice, most));
	bool possible = hands->has_actuators && !c->over;

	return possible && asked > choice->level ? asked : LEVEL_OBSERVE;
}

struct choice case_decide(const struct hands *hands, struct hand_case *c)
{
	const struct config_policy *policy = case_policy(hands, c);

	watch_line(hands, c);
	const struct ladder_input input = input_of(hands, c);
	struct choice choice = { 0 };
	uint32_t allowed = policy->ladder | 1U << c->approved;

	c->step = ladder_decide(&hands->ladder, &c->ladder, &input);
	choice_say(&choice, c->made->safe ? ladder_why_text((enum ladder_why)c->step.why)
					  : c->made->plan.why);
	uint8_t level = capped(hands, c, &choice, c->over ? LEVEL_OBSERVE : c->step.level);
	if (c->over && c->wanted_on && input.quiet_since_ns == 0)
		level = c->wanted.plan.level; /* a filter still drops what nobody else sees */
	choice.level = highest(allowed, level);
	if (choice.level < c->wanted.plan.level && allowed & 1U << c->wanted.plan.level &&
	    is_held(hands, c))
		choice.level = c->wanted.plan.level;
	choice.asked = asked_of(hands, c, policy->approve, &choice);
	choice.would = choice.level;
	choose_member(hands, c, policy, allowed, &choice);
	return choice;
}
