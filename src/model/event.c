/* SPDX-License-Identifier: Apache-2.0 */
/* event: an event in, one JSON object out. The form for people is event_text.c. Any thread. */
#include "model/event.h"

const char *event_type_name(enum event_type type)
{
	static const char *const names[EVENT_TYPE_COUNT] = {
		[EVENT_INCIDENT_OPENED] = "incident.opened",
		[EVENT_INCIDENT_UPDATED] = "incident.updated",
		[EVENT_INCIDENT_CLOSED] = "incident.closed",
		[EVENT_PLAN_PROPOSED] = "plan.proposed",
		[EVENT_PLAN_APPLIED] = "plan.applied",
		[EVENT_PLAN_VERDICT] = "plan.verdict",
		[EVENT_PLAN_WITHDRAWN] = "plan.withdrawn",
		[EVENT_TELEMETRY_FAULT] = "telemetry.fault",
	};

	return names[type];
}

void event_to_json(const struct event *event, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	jsonw_string(&w, "event", event_type_name(event->type));
	jsonw_time(&w, "time", event->time_ns);
	if (event->incident)
		incident_to_json(event->incident, &w, "incident");
	if (event->plan)
		plan_to_json(event->plan, event->sources, event->source_count, &w, "plan");
	if (event->verdict)
		verdict_to_json(event->verdict, &w, "verdict");
	if (event->fault)
		fault_to_json(event->fault, &w, "fault");
	if (event->text)
		jsonw_string(&w, "text", event->text);
	jsonw_object_end(&w);
}
