/* SPDX-License-Identifier: Apache-2.0 */
/* hands: incidents in; plans, effects and their events out. Control thread. */
#include "daemon/hands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "actuate/actuator.h"
#include "base/log.h"
#include "plan/observe.h"
#include "verify/judge.h"

#define ACTUATORS_MAX 16

struct hands {
	const struct actuator *actuators[ACTUATORS_MAX];
	void *states[ACTUATORS_MAX];
	unsigned count;
};

int hands_new(const struct config *config, struct hands **ret_hands)
{
	struct hands *hands = calloc(1, sizeof(*hands));

	if (!hands)
		return -ENOMEM;
	for (unsigned i = 0; actuator_registry[i] && i < ACTUATORS_MAX; i++) {
		int err = actuator_registry[i]->open(config, &hands->states[i]);
		if (err) {
			hands_free(hands);
			return err;
		}
		hands->actuators[hands->count++] = actuator_registry[i];
	}
	*ret_hands = hands;
	return 0;
}

void hands_free(struct hands *hands)
{
	if (!hands)
		return;
	for (unsigned i = 0; i < hands->count; i++)
		hands->actuators[i]->close(hands->states[i]);
	free(hands);
}

static void *state_of(const struct hands *hands, const struct actuator *actuator)
{
	for (unsigned i = 0; i < hands->count; i++) {
		if (hands->actuators[i] == actuator)
			return hands->states[i];
	}
	return NULL;
}

/* Chosen by what it can do, never by name. */
static const struct actuator *make_plan(const struct incident *incident, struct plan *ret_plan)
{
	plan_observe(incident, ret_plan);
	const struct actuator *actuator = actuator_for(ret_plan->level);
	if (actuator)
		snprintf(ret_plan->actuator, sizeof(ret_plan->actuator), "%s", actuator->name);
	return actuator;
}

bool hands_plan(const struct incident *incident, struct plan *ret_plan)
{
	return make_plan(incident, ret_plan) != NULL;
}

static void complain(const struct actuator *actuator, const char *what, const struct plan *plan,
		     int err)
{
	log_error("actuate", "%s cannot %s plan %s: %s", actuator->name, what, plan->id,
		  err_text(err));
}

void hands_apply(struct hands *hands, const struct incident *incident, uint64_t now_ns,
		 const struct event_sink *sink)
{
	struct plan plan;
	struct effect effect;
	struct event event = {
		.type = EVENT_PLAN_PROPOSED,
		.time_ns = now_ns,
		.incident = incident,
		.plan = &plan,
	};
	const struct actuator *actuator = make_plan(incident, &plan);

	sink->emit(sink->self, &event);
	if (!actuator)
		return;
	void *state = state_of(hands, actuator);
	int err = actuator->check(state, &plan);
	if (!err)
		err = actuator->apply(state, &plan, now_ns, &effect);
	if (err) {
		complain(actuator, "apply", &plan, err);
		return;
	}
	event.type = EVENT_PLAN_APPLIED;
	sink->emit(sink->self, &event);
}

void hands_withdraw(struct hands *hands, const struct incident *incident, uint64_t now_ns,
		    const struct event_sink *sink)
{
	struct plan plan;
	struct effect effect;
	struct verdict verdict;
	const struct event event = {
		.type = EVENT_PLAN_WITHDRAWN,
		.time_ns = now_ns,
		.incident = incident,
		.plan = &plan,
		.verdict = &verdict,
	};
	const struct actuator *actuator = make_plan(incident, &plan);

	if (!actuator)
		return;
	verify_judge(&plan, incident, now_ns, &verdict);
	int err = actuator->withdraw(state_of(hands, actuator), &plan, now_ns, &effect);
	if (err)
		complain(actuator, "withdraw", &plan, err);
	else
		sink->emit(sink->self, &event);
}

void hands_resync(struct hands *hands, const struct incident *incident, uint64_t now_ns)
{
	struct plan plan;
	struct effect effect;
	const struct actuator *actuator = make_plan(incident, &plan);

	if (!actuator)
		return;
	int err = actuator->resync(state_of(hands, actuator), &plan, now_ns, &effect);
	if (err)
		complain(actuator, "tell what it holds for", &plan, err);
}
