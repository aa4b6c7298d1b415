/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe: the plan that only watches: which traffic a rule would be about.
 *
 * An incident in, a plan of level observe out. Pure: the same incident gives
 * the same plan, also after a restart. Who carries it out is chosen elsewhere,
 * by capability. Does not forecast yet: nothing measures what a rule would hit.
 */
#pragma once

#include "model/incident.h"
#include "model/plan.h"

/**
 * plan_observe() - propose to watch.
 * @incident: borrowed; its focus decides how narrow the rule is
 * @ret_plan: overwritten as a whole; `actuator` is left empty, it ends with the incident
 */
void plan_observe(const struct incident *incident, struct plan *ret_plan);
