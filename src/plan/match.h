/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match: does a rule match what a sample was taken of?
 *
 * For replaying recorded samples through a rule. Exact: what a sample does not tell, no rule that
 * asks for it matches; synth is told the opposite of innocent traffic. Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/plan.h"
#include "model/sample.h"

/**
 * match_rule() - would the data plane act on it?
 * @sources: the plan's set, sorted by ip_compare(); for rules with from_set
 */
bool match_rule(const struct plan_rule *rule, const struct sample *sample, const struct ip *sources,
		size_t source_count);
