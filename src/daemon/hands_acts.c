/* SPDX-License-Identifier: Apache-2.0 */
/* hands_acts: what people want in, what was done about it and the audit out. Control thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/hands_part.h"

/* What a person extends lasts so long if not said. */
#define EXTEND_NS (3600 * NS_PER_S)

#define NO_ACTUATOR \
	"no actuator is configured, so nothing can be held back; name one under `actuators`"

struct resuming {
	struct hands *hands;
	const struct incident *(*find)(void *self, const char *id);
	void *self;
	unsigned gone;
};

/* "…-p12" is 12. */
static unsigned number_of(const char *id)
{
	const char *mark = strrchr(id, 'p');
	unsigned number = 0;

	return mark && sscanf(mark + 1, "%u", &number) == 1 ? number : 1;
}

static size_t member_of(const struct hands *hands, const char *name)
{
	for (size_t m = 1; m < crew_count(hands->crew); m++) {
		if (strcmp(crew_member(hands->crew, m)->name, name) == 0)
			return m;
	}
	return 0;
}

/* The rules of a plan of the journal, as if they had just been made. */
static void take_rules(struct hand_case *c, const struct wanted *wanted)
{
	c->made->plan = wanted->plan;
	c->made->safe = wanted->plan.has_forecast;
	c->made->source_count = (unsigned)wanted->source_count;
	c->made->limit_pps = (double)wanted->plan.rules[0].rate_pps * wanted->plan.rule_count;
	if (c->made->limit_pps < MAKER_LIMIT_LEAST)
		c->made->limit_pps = MAKER_LIMIT_LEAST;
	if (wanted->source_count)
		memcpy(c->made->sources, wanted->sources,
		       wanted->source_count * sizeof(*wanted->sources));
	c->generation = number_of(wanted->plan.id);
	c->wanted = *wanted;
	c->wanted.sources = c->made->sources;
}

static void take_up(struct hands *hands, struct hand_case *c, const struct wanted *wanted,
		    size_t member)
{
	take_rules(c, wanted);
	if (wanted->approved_by[0]) {
		c->approved = wanted->plan.level;
		snprintf(c->approved_by, sizeof(c->approved_by), "%s", wanted->approved_by);
	}
	c->member = member;
	c->wanted_on = true;
	c->told_applied = true;
	c->recheck = true; /* the file may have changed meanwhile */
	c->ladder = (struct ladder_state){ .level = wanted->plan.level, .since_ns = hands->now_ns };
	hands->dirty[member] = true;
	/* It was admitted before; a count too many would turn others away. */
	const struct rails_request request = {
		.plan = &c->wanted.plan,
		.sources = c->wanted.sources,
		.source_count = c->wanted.source_count,
		.direction = c->wanted.direction,
		.by_person = true,
		.now_ns = hands->now_ns,
	};
	(void)rails_admit(&hands->limits, &hands->rails, &request);
	rails_hold_begin(&hands->limits, &hands->hold, &c->wanted.own, hands->now_ns);
}

static void resume(void *self, const struct wanted *wanted)
{
	struct resuming *resuming = self;
	struct hands *hands = resuming->hands;
	const struct incident *incident = resuming->find(resuming->self, wanted->plan.incident);
	size_t member = member_of(hands, wanted->plan.actuator);
	bool expired = wanted->plan.expires_ns && wanted->plan.expires_ns <= hands->now_ns;

	if (!incident || expired || !member || case_of(hands, incident->id)) {
		resuming->gone++;
		if (hands->journal)
			journal_add_plan(hands->journal, wanted, ACT_WITHDRAWN, hands->now_ns);
		return;
	}
	const struct event event = { .type = EVENT_INCIDENT_UPDATED,
				     .time_ns = hands->now_ns,
				     .incident = incident };
	hands_incident(hands, &event);
	struct hand_case *c = case_of(hands, incident->id);
	if (c)
		take_up(hands, c, wanted, member);
}

/* Nobody was there to answer; what is still good is proposed anew. */
static void forget_proposal(void *self, const struct wanted *wanted)
{
	struct resuming *resuming = self;
	struct hands *hands = resuming->hands;

	journal_add_plan(hands->journal, wanted, ACT_WITHDRAWN, hands->now_ns);
}

/* A person said no, and it is still open. */
static void resume_no(void *self, const struct wanted *wanted)
{
	struct resuming *resuming = self;
	struct hands *hands = resuming->hands;
	const struct incident *incident = resuming->find(resuming->self, wanted->plan.incident);

	if (!incident || case_of(hands, incident->id))
		return;
	const struct event event = { .type = EVENT_INCIDENT_UPDATED,
				     .time_ns = hands->now_ns,
				     .incident = incident };
	hands_incident(hands, &event);
	struct hand_case *c = case_of(hands, incident->id);
	if (!c)
		return;
	take_rules(c, wanted);
	c->wanted.plan.level = LEVEL_OBSERVE;
	c->rejected = true;
}

void hands_resume(struct hands *hands, const struct incident *(*find)(void *self, const char *id),
		  void *self)
{
	struct resuming resuming = { .hands = hands, .find = find, .self = self };
	int count = hands->journal
			    ? journal_each_plan(hands->journal, ACT_WANTED, resume, &resuming)
			    : 0;

	if (count < 0)
		log_error("plan", "the plans of the journal cannot be read: %s", err_text(count));
	if (hands->journal &&
	    journal_each_plan(hands->journal, ACT_REJECTED, resume_no, &resuming) < 0)
		log_error("plan", "what people rejected cannot be read from the journal");
	if (hands->journal &&
	    journal_each_plan(hands->journal, ACT_PROPOSED, forget_proposal, &resuming) < 0)
		log_error("plan", "what was proposed cannot be read from the journal");
	/* Also those with nothing left: what is held beyond the journal is taken back. */
	for (size_t m = 1; count >= 0 && m < crew_count(hands->crew); m++)
		hands->dirty[m] = true;
	if (count > 0)
		log_info("plan", "%d plans were in force; %u of them are over and taken back",
			 count, resuming.gone);
}

static int approve(struct hands *hands, struct hand_case *c, const struct order *order,
		   struct text *answer)
{
	uint8_t level = order->level > 0 ? (uint8_t)order->level : c->wanted.plan.proposed;

	if (!c->wanted.plan.needs_approval && c->approved) {
		text_addf(answer, "%s was approved already, by %s", c->wanted.plan.id,
			  c->approved_by);
		return -EALREADY;
	}
	if (!c->wanted.plan.needs_approval && hands->config->actuator_count == 0) {
		text_add(answer, NO_ACTUATOR);
		return -EPERM;
	}
	if (!c->wanted.plan.needs_approval) {
		text_addf(answer, "%s waits for nobody: it is at %s; `weir mitigate` goes further",
			  c->wanted.plan.id,
			  plan_level_name((enum plan_level)c->wanted.plan.level));
		return -EALREADY;
	}
	c->approved = level;
	c->leave = true;
	c->rejected = false;
	c->refused_ns = 0;
	snprintf(c->approved_by, sizeof(c->approved_by), "%s", order->who);
	text_addf(answer, "approved: %s of %s", plan_level_name((enum plan_level)level),
		  c->wanted.plan.id);
	return 0;
}

static int reject(struct hands *hands, struct hand_case *c, struct text *answer)
{
	if (hands->journal)
		journal_add_plan(hands->journal, &c->wanted, ACT_REJECTED, hands->now_ns);
	c->rejected = true;
	c->approved = LEVEL_OBSERVE;
	c->extended_ns = 0;
	text_addf(answer, "rejected: %s is watched only; `weir mitigate` goes back on that",
		  c->incident.id);
	return 0;
}

static int mitigate(struct hands *hands, struct hand_case *c, const struct order *order,
		    struct text *answer)
{
	uint8_t level = order->level > 0 ? (uint8_t)order->level : LEVEL_DROP;

	if (crew_count(hands->crew) == 1) {
		text_add(answer, NO_ACTUATOR);
		return -EPERM;
	}
	if ((level == LEVEL_DROP || level == LEVEL_RATE_LIMIT) && !c->made->safe) {
		text_addf(answer, "there are no rules for %s: %s", c->incident.id,
			  c->made->plan.why);
		return -EPERM;
	}
	c->approved = level;
	c->leave = true;
	c->rejected = c->stepped_down = false;
	c->refused_ns = 0;
	snprintf(c->approved_by, sizeof(c->approved_by), "%s", order->who);
	text_addf(answer, "asked for: %s against %s; `weir plan %s` shows what came of it",
		  plan_level_name((enum plan_level)level), c->incident.id, c->incident.id);
	return 0;
}

static int withdraw(struct hands *hands, struct hand_case *c, struct text *answer)
{
	if (!c->wanted.plan.level && !c->trial.on) {
		text_addf(answer, "nothing is in force for %s", c->incident.id);
		return -EALREADY;
	}
	(void)reject(hands, c, answer);
	text_clear(answer);
	text_addf(answer, "withdrawn: %s; it does not come back by itself", c->wanted.plan.id);
	return 0;
}

static int extend(struct hands *hands, struct hand_case *c, const struct order *order,
		  struct text *answer)
{
	char until[TIME_TEXT_MAX];

	if (!c->wanted.plan.level) {
		text_addf(answer, "nothing is in force for %s that could last longer",
			  c->incident.id);
		return -EALREADY;
	}
	c->extended_ns = hands->now_ns + (order->for_ns ? order->for_ns : EXTEND_NS);
	c->wanted.plan.expires_ns = c->extended_ns;
	hands_mark(hands, c->member);
	if (hands->journal)
		journal_add_plan(hands->journal, &c->wanted, ACT_WANTED, hands->now_ns);
	text_addf(answer, "%s stays until %s", c->wanted.plan.id,
		  time_format(c->extended_ns, until));
	return 0;
}

static int panic(struct hands *hands, bool on, struct text *answer)
{
	if (hands->panic == on) {
		text_add(answer, on ? "everything was let go before" : "there was no panic");
		return -EALREADY;
	}
	hands->panic = on;
	text_add(answer, on ? "everything that is held back is being let go; nothing more is held "
			      "back until `weir panic --end`"
			    : "attacks are held back again");
	return 0;
}

static int about_case(struct hands *hands, const struct order *order, struct text *answer)
{
	struct hand_case *c = case_of(hands, order->id);

	if (!c) {
		text_addf(answer,
			  "no open incident or plan %s; `weir incidents --state open` lists those "
			  "there "
			  "are",
			  order->id);
		return -ENOENT;
	}
	if (c->over) {
		text_addf(answer, "%s is over", c->incident.id);
		return -ETIME;
	}
	if (strcmp(order->act, "approve") == 0)
		return approve(hands, c, order, answer);
	if (strcmp(order->act, "reject") == 0)
		return reject(hands, c, answer);
	if (strcmp(order->act, "mitigate") == 0)
		return mitigate(hands, c, order, answer);
	if (strcmp(order->act, "withdraw") == 0)
		return withdraw(hands, c, answer);
	if (strcmp(order->act, "extend") == 0)
		return extend(hands, c, order, answer);
	text_addf(answer, "nobody can %s", order->act);
	return -EINVAL;
}

int hands_order(struct hands *hands, const struct order *order, uint64_t now_ns,
		struct text *answer)
{
	int err;

	hands->now_ns = now_ns > hands->now_ns ? now_ns : hands->now_ns;
	if (strcmp(order->act, "panic") == 0 || strcmp(order->act, "calm") == 0)
		err = panic(hands, strcmp(order->act, "panic") == 0, answer);
	else
		err = about_case(hands, order, answer);
	const struct act act = { .time_ns = now_ns,
				 .who = order->who,
				 .what = order->act,
				 .subject = order->id,
				 .why = order->why,
				 .result = text_string(answer) };
	if (hands->journal)
		journal_add_act(hands->journal, &act);
	return err;
}
