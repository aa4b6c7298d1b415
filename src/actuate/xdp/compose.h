/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compose: a wanted set in, everything the XDP engine is to be told out. Pure but for memory.
 *
 * Drops are tried before limits, and those before what is only watched; within
 * each, plans in their order. Worker thread.
 */
#pragma once

#include "actuate/actuator.h"
#include "actuate/xdp/engine.h"
#include "actuate/xdp/sets.h"

/** What the engine is to be told; big, so not on the stack. */
struct composed {
	struct xdp_rule rules[FILTER_RULES];
	size_t plan_of[FILTER_RULES]; /**< place of the rule's plan in the wanted set */
	size_t count;
	struct sets sets;
	bool full; /**< plans were left out for want of room */
};

/** compose_check() - could the plan be put in force? Return: 0, or why not with @why. */
WEIR_CHECK int compose_check(const struct wanted *wanted, struct text *why);

/**
 * compose() - all plans that live and can be put in force.
 * @now: who is in which set of the engine
 * @mono_ns: clock_mono_ns() at set->now_ns
 * @ret: release by compose_done(), also after a failure
 * @why: gets a sentence for the first plan that is left out
 *
 * Return: 0, -ENOMEM or -WEIR_EFULL (of source sets).
 */
WEIR_CHECK int compose(const struct wanted_set *set, const struct sets *now, uint64_t mono_ns,
		       struct composed *ret, struct text *why);

/** compose_done() - release the memory. */
void compose_done(struct composed *composed);

/** Most prefixes that compose_protect() gives. */
#define COMPOSE_PROTECT_MAX 4096

/**
 * compose_protect() - destinations that rules may be about: all own networks, or everything.
 * @ret_protect: room for COMPOSE_PROTECT_MAX; the same as long as the rules allow it
 *
 * Return: how many.
 */
size_t compose_protect(const struct config *config, const struct composed *composed,
		       struct xdp_protected *ret_protect);

/** compose_same() - would the two rules do the same? */
bool compose_same(const struct xdp_rule *a, const struct xdp_rule *b);
