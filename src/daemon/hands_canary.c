/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands_canary: a plan that is to be put in force in, its way over canaries out. Control thread.
 *
 * An actuator may name another as its canary, and that one a third: a plan is given to the last of
 * them first, and goes on when all was well there for as long as is configured. What is in force
 * already stays as it is meanwhile.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/hands_part.h"

/* What a canary stopped is not tried again by itself for so long. */
#define STOPPED_NS (600 * NS_PER_S)

static size_t member_named(const struct hands *hands, const char *name)
{
	for (size_t m = 1; m < crew_count(hands->crew); m++) {
		if (strcmp(crew_member(hands->crew, m)->name, name) == 0)
			return m;
	}
	return 0;
}

/* One that this configuration does not name, or whose canary comes with a restart, keeps what it had. */
void hands_canaries(struct hands *hands, const struct config *config)
{
	for (size_t i = 0; i < config->actuator_count; i++) {
		const struct config_actuator *settings = &config->actuators[i];
		size_t member = member_named(hands, settings->name);
		size_t canary = settings->canary ? member_named(hands, settings->canary) : 0;
		if (member && (canary || !settings->canary)) {
			hands->canaries[member].member = canary;
			hands->canaries[member].for_ns = settings->canary_ns;
		}
	}
}

/* The bound is for ways that are circles only together with what waits for a restart. */
bool hands_goes_over(const struct hands *hands, size_t member, size_t at)
{
	for (unsigned i = 0; i < CREW_MEMBERS; i++) {
		if (member == at)
			return true;
		member = hands->canaries[member].member;
		if (!member)
			return false;
	}
	return false;
}

void hands_mark(struct hands *hands, size_t member)
{
	for (unsigned i = 0; i < CREW_MEMBERS; i++) {
		hands->dirty[member] = true;
		member = hands->canaries[member].member;
		if (!member)
			return;
	}
}

const struct wanted *case_at(const struct hands *hands, const struct hand_case *c, size_t member)
{
	if (!c->used)
		return NULL;
	if (c->trial.on && hands_goes_over(hands, c->trial.at, member))
		return &c->trial.wanted;
	if (c->wanted_on && hands_goes_over(hands, c->member, member))
		return &c->wanted;
	return NULL;
}

/* The last canary of a member, or the one that gets plans after @before. */
static size_t first_of(const struct hands *hands, size_t member, size_t before)
{
	for (unsigned i = 0; i < CREW_MEMBERS && hands->canaries[member].member != before; i++)
		member = hands->canaries[member].member;
	return member;
}

static const char *name_of(const struct hands *hands, size_t member)
{
	return crew_member(hands->crew, member)->name;
}

static bool is_well(const struct hands *hands, size_t member)
{
	const struct actuator_peers *peers = &hands->peers[member];

	return !hands->failing[member] && (!peers->known || peers->up > 0);
}

static void give_to(struct hands *hands, struct hand_case *c, size_t member)
{
	struct hand_trial *trial = &c->trial;

	trial->at = member;
	trial->since_ns = 0;
	trial->passed = false;
	trial->well = is_well(hands, member);
	trial->falls = hands->peers[member].falls;
	hands_mark(hands, member);
	log_info("plan", "%s is given to %s first, the canary of %s", trial->wanted.plan.id,
		 name_of(hands, member), name_of(hands, trial->member));
}

void case_end_trial(struct hands *hands, struct hand_case *c)
{
	if (!c->trial.on)
		return;
	c->trial.on = false;
	hands_mark(hands, c->trial.at);
}

static void stop(struct hands *hands, struct hand_case *c, const char *why)
{
	const struct hand_trial *trial = &c->trial;
	const char *at = name_of(hands, trial->at);
	char result[PLAN_WHY_MAX + 64];
	const struct act act = { .time_ns = hands->now_ns,
				 .who = "weir",
				 .what = "canary",
				 .subject = trial->wanted.plan.id,
				 .why = "a plan goes to a canary first",
				 .result = result };

	snprintf(result, sizeof(result), "stopped at %s, and not given to %s: %s", at,
		 name_of(hands, trial->member), why);
	snprintf(c->refusal, sizeof(c->refusal), "%.*s", (int)sizeof(c->refusal) - 1, result);
	c->refused_ns = hands->now_ns + STOPPED_NS;
	c->stopped = true;
	log_error("plan", "%s is %s", trial->wanted.plan.id, result);
	if (hands->journal)
		journal_add_act(hands->journal, &act);
	case_end_trial(hands, c);
	if (c->wanted.plan.level)
		return; /* and it goes on; what is told of it next says it, too */
	snprintf(c->wanted.plan.why, sizeof(c->wanted.plan.why), "%s", c->refusal);
	case_tell(hands, c, EVENT_PLAN_PROPOSED, c->refusal);
}

static const struct effect *effect_of(const struct crew_report *report, const char *plan)
{
	for (unsigned i = 0; i < report->count; i++) {
		if (strcmp(report->effects[i].plan, plan) == 0)
			return &report->effects[i];
	}
	return NULL;
}

/* What is wrong there; NULL: nothing. */
static const char *trouble_of(const struct hand_trial *trial, const struct crew_report *report,
			      const struct effect *effect)
{
	if (report->peers.known && report->peers.falls != trial->falls)
		return "a BGP session fell out";
	if (report->peers.known && report->peers.up == 0)
		return "no BGP session is up";
	if (report->failing || !effect || !(effect->applied || effect->coming))
		return report->why[0] ? report->why : "it does not hold the rules";
	return NULL;
}

void case_trial_report(struct hands *hands, struct hand_case *c, size_t member)
{
	struct hand_trial *trial = &c->trial;
	const struct crew_report *report = &hands->report;

	if (!trial->on || trial->at != member || !report->ready)
		return;
	const struct effect *effect = effect_of(report, trial->wanted.plan.id);
	const char *why = trouble_of(trial, report, effect);
	if (!why && effect->coming)
		return; /* a part of the rules is out, and the rest on its way */
	if (why && (trial->since_ns || trial->well)) {
		stop(hands, c, why);
	} else if (why) {
		/* It was not well before: what comes back up is no fall. */
		trial->falls = report->peers.falls;
		snprintf(trial->trouble, sizeof(trial->trouble), "%.*s",
			 (int)sizeof(trial->trouble) - 1, why);
	} else if (!trial->since_ns) {
		trial->since_ns = hands->now_ns;
		trial->trouble[0] = '\0';
	} else {
		const size_t next = first_of(hands, trial->member, member);
		trial->passed = hands->now_ns - trial->since_ns >= hands->canaries[next].for_ns;
	}
}

static void begin(struct hands *hands, struct hand_case *c, const struct wanted *wanted,
		  size_t member)
{
	c->trial = (struct hand_trial){ .on = true,
					.member = member,
					.generation = c->generation + c->fresh,
					.wanted = *wanted };
	give_to(hands, c, first_of(hands, member, 0));
}

static bool is_same(const struct hand_case *c, const struct wanted *wanted, size_t member)
{
	const struct hand_trial *trial = &c->trial;

	return trial->on && trial->member == member &&
	       trial->generation == c->generation + c->fresh &&
	       trial->wanted.plan.level == wanted->plan.level;
}

/* As what is in force, it lives on as long as it is needed. */
static void renew(struct hands *hands, struct hand_case *c, const struct wanted *wanted)
{
	struct plan *plan = &c->trial.wanted.plan;

	if (plan->expires_ns - hands->now_ns > hands->ladder.rule_ns / 2)
		return;
	plan->expires_ns = wanted->plan.expires_ns;
	hands_mark(hands, c->trial.at);
}

bool case_passes_canaries(struct hands *hands, struct hand_case *c, const struct wanted *wanted,
			  size_t member)
{
	struct hand_trial *trial = &c->trial;

	if (hands->canaries[member].member == 0) {
		case_end_trial(hands, c);
		return true;
	}
	if (!is_same(c, wanted, member)) {
		case_end_trial(hands, c);
		begin(hands, c, wanted, member);
		return false;
	}
	renew(hands, c, wanted);
	if (!trial->passed)
		return false;
	size_t next = first_of(hands, member, trial->at);
	if (next == member) {
		log_info("plan", "%s was well at %s and goes to %s", wanted->plan.id,
			 name_of(hands, trial->at), name_of(hands, member));
		case_end_trial(hands, c);
		return true;
	}
	give_to(hands, c, next);
	return false;
}

void case_say_trial(const struct hands *hands, const struct hand_case *c,
		    char ret_words[PLAN_WHY_MAX])
{
	const struct hand_trial *trial = &c->trial;
	const char *at = name_of(hands, trial->at);
	const char *to = name_of(hands, trial->member);

	if (trial->since_ns)
		snprintf(ret_words, PLAN_WHY_MAX,
			 "in force at the canary %s; goes to %s if all is well there", at, to);
	else if (trial->trouble[0])
		snprintf(ret_words, PLAN_WHY_MAX, "%s gets it when its canary %s is well: %.*s", to,
			 at, PLAN_WHY_MAX / 2, trial->trouble);
	else
		snprintf(ret_words, PLAN_WHY_MAX, "given to the canary %s before %s", at, to);
}
