/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands: from incidents to plans, and from plans to effects through actuators.
 *
 * The part of the pipeline that acts. A plan follows from its incident alone,
 * so nothing is remembered here and a restart comes to the same plan. Control
 * thread.
 */
#pragma once

#include "config/config.h"
#include "model/event.h"

struct hands;

/** hands_new() - open all actuators. Return: 0 or negative error. */
WEIR_CHECK int hands_new(const struct config *config, struct hands **ret_hands);

/** hands_free() - close them; what they hold stays. NULL is fine. */
void hands_free(struct hands *hands);

/** hands_plan() - the plan for an incident. @ret_plan: overwritten as a whole */
void hands_plan(const struct incident *incident, struct plan *ret_plan);

/** hands_apply() - an incident has opened: propose, apply, tell @sink of both. */
void hands_apply(struct hands *hands, const struct incident *incident, uint64_t now_ns,
		 const struct event_sink *sink);

/** hands_withdraw() - it has closed: take back, judge, tell @sink. */
void hands_withdraw(struct hands *hands, const struct incident *incident, uint64_t now_ns,
		    const struct event_sink *sink);
