/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge: does the attack still arrive, now that a plan is in force?
 *
 * A plan and the present state of its incident in, a verdict out. Pure. It
 * compares the highest rate of the attack with the latest one; it does not yet
 * tell what a rule stopped from what the attacker stopped.
 */
#pragma once

#include "model/incident.h"
#include "model/plan.h"
#include "model/verdict.h"

/**
 * verify_judge() - compare before and now.
 * @plan: the verdict is about it
 * @incident: after its latest finding; a quiet or closed one no longer arrives
 */
void verify_judge(const struct plan *plan, const struct incident *incident, uint64_t now_ns,
		  struct verdict *ret_verdict);
