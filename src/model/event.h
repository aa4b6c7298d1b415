/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event: something operators act upon, as it happened.
 *
 * Rooms emit events, sinks carry them outside. The JSON form is the contract
 * of `weir replay` and of the API; it is versioned by adding fields only.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "model/fault.h"
#include "model/incident.h"
#include "model/plan.h"
#include "model/verdict.h"

enum event_type {
	EVENT_INCIDENT_OPENED,
	EVENT_INCIDENT_UPDATED,
	EVENT_INCIDENT_CLOSED,
	EVENT_PLAN_PROPOSED,
	EVENT_PLAN_APPLIED,
	EVENT_PLAN_VERDICT,
	EVENT_PLAN_WITHDRAWN,
	EVENT_TELEMETRY_FAULT,
	EVENT_TYPE_COUNT
};

/** One event; borrowed by those who receive it. */
struct event {
	enum event_type type;
	uint64_t time_ns;
	const struct incident *incident; /**< may be NULL */
	const struct plan *plan;         /**< may be NULL */
	const struct verdict *verdict;   /**< may be NULL */
	const char *text;                /**< further words, may be NULL */
	const struct fault *fault;       /**< of a telemetry.fault; may be NULL */
	const struct ip *sources;        /**< of the plan's set, where it has one */
	size_t source_count;
};

/** event_type_name() - "incident.opened", … */
const char *event_type_name(enum event_type type);

/** event_to_json() - append the event as one JSON object, without newline. */
void event_to_json(const struct event *event, struct text *out);

/** event_to_text() - append the event as people want to read it, newline at the end. */
void event_to_text(const struct event *event, struct text *out);

/** incident_to_text() - append the whole story of one incident, several lines. */
void incident_to_text(const struct incident *incident, struct text *out);

/** Takes events; @self belongs to whoever filled it in. Control thread. */
struct event_sink {
	void (*emit)(void *self, const struct event *event);
	void *self;
};
