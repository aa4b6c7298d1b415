/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bars: rules that did harm, and whether others are as good as the same.
 *
 * Rules that are made anew from other samples differ a little: a range begins one later, or a field
 * is left out. A rule is barred when it covers one that did harm, or half of it in each field. One
 * that is narrower in some field is another attempt. Control thread; a value, zeroed at first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/plan.h"

/** Plans remembered at once; one more takes the place of the one that ends first. */
#define BARS_MOST 32

/** Rules of one plan. */
struct bar {
	uint64_t until_ns;
	unsigned rule_count;
	struct plan_rule rules[PLAN_RULES];
};

/** All of them. */
struct bars {
	struct bar list[BARS_MOST];
};

/** bars_add() - rules of this plan are barred until then. */
void bars_add(struct bars *bars, const struct plan *plan, uint64_t until_ns);

/** bars_has() - does the plan have a rule that is barred now? */
bool bars_has(const struct bars *bars, const struct plan *plan, uint64_t now_ns);

/** bars_same() - would rules of one plan be barred, had the other one's done harm? */
bool bars_same(const struct plan *plan, const struct plan *other);
