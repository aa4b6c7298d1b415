/* SPDX-License-Identifier: Apache-2.0 */
/* hands: incidents in; plans, effects and their events out. Control thread. */
#include "daemon/hands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "actuate/actuator.h"
#include "plan/observe.h"
#include "verify/judge.h"

struct hands {
	void *observe;
	uint32_t caps;
};

int hands_new(const struct config *config, struct hands **ret_hands)
{
	struct hands *hands = calloc(1, sizeof(*hands));
	struct text why = text_heap();

	if (!hands)
		return -ENOMEM;
	int err = actuator_find("observe")->open(config, NULL, &hands->observe, &hands->caps, &why);
	text_done(&why);
	if (err) {
		free(hands);
		return err;
	}
	*ret_hands = hands;
	return 0;
}

void hands_free(struct hands *hands)
{
	if (!hands)
		return;
	actuator_find("observe")->close(hands->observe);
	free(hands);
}

void hands_plan(const struct incident *incident, struct plan *ret_plan)
{
	plan_observe(incident, ret_plan);
	snprintf(ret_plan->actuator, sizeof(ret_plan->actuator), "observe");
}

void hands_apply(struct hands *hands, const struct incident *incident, uint64_t now_ns,
		 const struct event_sink *sink)
{
	struct plan plan;
	struct event event = {
		.type = EVENT_PLAN_PROPOSED,
		.time_ns = now_ns,
		.incident = incident,
		.plan = &plan,
	};

	(void)hands;
	hands_plan(incident, &plan);
	sink->emit(sink->self, &event);
	event.type = EVENT_PLAN_APPLIED;
	sink->emit(sink->self, &event);
}

void hands_withdraw(struct hands *hands, const struct incident *incident, uint64_t now_ns,
		    const struct event_sink *sink)
{
	struct plan plan;
	struct verdict verdict;
	const struct event event = {
		.type = EVENT_PLAN_WITHDRAWN,
		.time_ns = now_ns,
		.incident = incident,
		.plan = &plan,
		.verdict = &verdict,
	};

	(void)hands;
	hands_plan(incident, &plan);
	verify_judge(&plan, incident, now_ns, &verdict);
	sink->emit(sink->self, &event);
}
