/* SPDX-License-Identifier: Apache-2.0 */
/* rails: plans in; admitted or refused, and why, out. */
#include "plan/rails.h"

#include <math.h>

#include "plan/profile.h"

#define SECOND_NS 1000000000UL
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS   (60 * MINUTE_NS)

struct rails_limits rails_defaults(void)
{
	return (struct rails_limits){
		.floor_v4 = 120,
		.floor_v6 = 48,
		.plan_rules = PLAN_RULES,
		.rules = 1000,
		.blackholes = 8,
		.blackhole_share = 0.001,
		.own_share = 0.2,
		.changes_per_s = 10,
		.brake_actions = 20,
		.brake_window_ns = 10 * SECOND_NS,
		.brake_ns = 5 * MINUTE_NS,
		.hold_ns = MINUTE_NS,
		.hold_max_ns = HOUR_NS,
		.memory_ns = 24 * HOUR_NS,
		.flaps = RAILS_CHANGES,
		.flap_ns = HOUR_NS,
	};
}

/* A blackhole takes one host off the net, and a quarantine one of our machines; nothing else. */
static enum rails_why check_level(const struct rails_request *request)
{
	const struct plan *plan = request->plan;
	bool outbound = request->direction == DIRECTION_OUTBOUND;

	if (plan->level >= LEVEL_COUNT || (plan->level == LEVEL_QUARANTINE && !outbound) ||
	    (plan->level == LEVEL_BLACKHOLE && outbound))
		return RAILS_LEVEL;
	for (unsigned i = 0; i < plan->rule_count; i++) {
		const struct plan_rule *rule = &plan->rules[i];
		if (plan->level == LEVEL_BLACKHOLE &&
		    (rule->dst.len != 128 || profile_fields_of(rule)))
			return RAILS_LEVEL;
		if (plan->level == LEVEL_QUARANTINE && rule->src.len != 128)
			return RAILS_LEVEL;
		if (plan->level == LEVEL_RATE_LIMIT && rule->rate_pps == 0)
			return RAILS_LEVEL;
		if (rule->from_set && request->source_count == 0)
			return RAILS_EMPTY;
	}
	return RAILS_OK;
}

static bool is_own(const struct rails_limits *limits, const struct ip *ip)
{
	for (size_t i = 0; i < limits->own_count; i++) {
		if (prefix_has_ip(&limits->own[i], ip))
			return true;
	}
	return false;
}

/* Outbound a set names senders: ours, and nobody else. */
static enum rails_why check_senders(const struct rails_limits *limits,
				    const struct rails_request *request)
{
	if (request->direction != DIRECTION_OUTBOUND)
		return RAILS_OK;
	for (size_t i = 0; i < request->source_count; i++) {
		if (!is_own(limits, &request->sources[i]))
			return RAILS_NOT_OWN;
	}
	return RAILS_OK;
}

enum rails_why rails_check_plan(const struct rails_limits *limits,
				const struct rails_request *request)
{
	const struct plan *plan = request->plan;
	enum rails_why why;

	if (plan->rule_count == 0)
		return RAILS_EMPTY;
	if (plan->rule_count > limits->plan_rules || plan->rule_count > PLAN_RULES)
		return RAILS_RULES;
	for (unsigned i = 0; i < plan->rule_count; i++) {
		why = rails_check_rule(limits, &plan->rules[i], request->direction);
		if (why)
			return why;
	}
	why = check_level(request);
	if (!why)
		why = check_senders(limits, request);
	if (why)
		return why;
	return rails_check_sources(limits, request->sources, request->source_count);
}

static double own_v4(const struct rails_limits *limits)
{
	double addresses = 0;

	for (size_t i = 0; i < limits->own_count; i++) {
		if (prefix_is_v4(&limits->own[i]))
			addresses += ldexp(1, 128 - limits->own[i].len);
	}
	return addresses;
}

/* How much is in force, with the plan. */
static enum rails_why check_amounts(const struct rails_limits *limits,
				    const struct rails_state *state,
				    const struct rails_request *request)
{
	const struct plan *plan = request->plan;
	double share = isfinite(request->own_share) ? fmax(request->own_share, 0) : 1;

	if (state->rules + plan->rule_count > limits->rules)
		return RAILS_RULES;
	if (state->own_share + share > limits->own_share)
		return RAILS_SHARE;
	if (plan->level == LEVEL_BLACKHOLE) {
		unsigned all = state->blackholes + plan->rule_count;
		if (all > limits->blackholes ||
		    (all > 1 && all > limits->blackhole_share * own_v4(limits)))
			return RAILS_BLACKHOLES;
	}
	return RAILS_OK;
}

bool rails_brake(const struct rails_state *state, uint64_t now_ns)
{
	return now_ns < state->brake_until_ns;
}

static void refill(const struct rails_limits *limits, struct rails_state *state, uint64_t now_ns)
{
	/* A plan comes as a whole or not at all, so a large one may take what was saved up. */
	double most = fmax(limits->changes_per_s, limits->plan_rules);
	double each = limits->changes_per_s;

	if (state->tokens_ns == 0)
		state->tokens = most;
	else if (now_ns > state->tokens_ns)
		state->tokens =
			fmin(most, state->tokens + each * (double)(now_ns - state->tokens_ns) /
							   (double)SECOND_NS);
	state->tokens_ns = now_ns > state->tokens_ns ? now_ns : state->tokens_ns;
}

/* Nothing by itself while much happens at once, or while what is seen may be wrong. */
static enum rails_why check_alone(const struct rails_limits *limits, struct rails_state *state,
				  const struct rails_request *request)
{
	if (request->by_person)
		return RAILS_OK;
	if (request->telemetry_fault)
		return RAILS_TELEMETRY;
	if (rails_brake(state, request->now_ns))
		return RAILS_BRAKE;
	if (request->now_ns - state->window_ns > limits->brake_window_ns) {
		state->window_ns = request->now_ns;
		state->actions = 0;
	}
	if (state->actions < limits->brake_actions)
		return RAILS_OK;
	state->brake_until_ns = request->now_ns + limits->brake_ns;
	return RAILS_BRAKE;
}

static enum rails_why check_all(const struct rails_limits *limits, struct rails_state *state,
				const struct rails_request *request)
{
	enum rails_why why = rails_check_plan(limits, request);

	if (!why)
		why = check_amounts(limits, state, request);
	if (!why)
		why = check_alone(limits, state, request);
	if (why)
		return why;
	refill(limits, state, request->now_ns);
	return state->tokens < request->plan->rule_count ? RAILS_SLOWER : RAILS_OK;
}

enum rails_why rails_admit(const struct rails_limits *limits, struct rails_state *state,
			   const struct rails_request *request)
{
	const struct plan *plan = request->plan;
	enum rails_why why;

	if (plan->level == LEVEL_OBSERVE)
		return RAILS_OK;
	why = check_all(limits, state, request);
	if (why) {
		state->refused[why]++;
		return why;
	}
	state->tokens -= plan->rule_count;
	state->actions += !request->by_person;
	state->rules += plan->rule_count;
	state->own_share += fmax(request->own_share, 0);
	if (plan->level == LEVEL_BLACKHOLE)
		state->blackholes += plan->rule_count;
	return RAILS_OK;
}

static unsigned without(unsigned all, unsigned part)
{
	return all > part ? all - part : 0;
}

void rails_release(const struct rails_limits *limits, struct rails_state *state,
		   const struct rails_request *request)
{
	const struct plan *plan = request->plan;

	if (plan->level == LEVEL_OBSERVE)
		return;
	/* Taking out is never refused, but counts: what is put in next waits for it. */
	refill(limits, state, request->now_ns);
	state->tokens = fmax(state->tokens - plan->rule_count, 0);
	state->rules = without(state->rules, plan->rule_count);
	state->own_share = fmax(state->own_share - fmax(request->own_share, 0), 0);
	if (plan->level == LEVEL_BLACKHOLE)
		state->blackholes = without(state->blackholes, plan->rule_count);
}

enum rails_why rails_exchange(const struct rails_limits *limits, struct rails_state *state,
			      const struct rails_request *out, const struct rails_request *in)
{
	struct rails_state next = *state;

	refill(limits, &next, in->now_ns);
	double tokens = next.tokens;
	if (out)
		rails_release(limits, &next, out);
	if (in->plan->level)
		next.tokens = tokens;
	enum rails_why why = rails_admit(limits, &next, in);
	if (why) {
		next.tokens = tokens;
		next.rules = state->rules;
		next.blackholes = state->blackholes;
		next.own_share = state->own_share;
	}
	*state = next;
	return why;
}

const char *rails_why_text(enum rails_why why)
{
	static const char *const texts[RAILS_WHY_COUNT] = {
		[RAILS_OK] = "admitted",
		[RAILS_PREFIX] = "an address prefix is none",
		[RAILS_FAMILY] = "a rule mixes IPv4 and IPv6",
		[RAILS_NUMBER] = "a rule asks for a number that the field does not have",
		[RAILS_LENGTH] = "a packet length is not between 20 and 9216 bytes",
		[RAILS_EMPTY] = "no packet can match",
		[RAILS_FLOOR] = "a prefix is shorter than rules may ever have",
		[RAILS_NOT_OWN] = "a rule is not about a network of ours",
		[RAILS_NEVER] = "a rule touches an address that is never touched",
		[RAILS_LEVEL] = "the level does not fit the direction or the rules",
		[RAILS_RULES] = "there would be too many rules",
		[RAILS_BLACKHOLES] = "too much would be blackholed",
		[RAILS_SHARE] = "rules would match too much of the usual traffic",
		[RAILS_SLOWER] = "rules change too fast; it is tried again",
		[RAILS_BRAKE] = "too much happens at once; a person has to look",
		[RAILS_TELEMETRY] = "the telemetry has faults; a person has to look",
	};

	return texts[why];
}
