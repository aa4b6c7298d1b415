/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe: plans in, nothing out: what Weir does when it is to touch nothing.
 *
 * Says of each plan that it is applied and that no rule is in force, which is
 * true. Has no state, so there is nothing that a crash could lose. Control
 * thread.
 */
#include "actuate/actuator.h"

#include <errno.h>
#include <stdio.h>

static int open(const struct config *config, void **ret_state)
{
	static char nothing;

	(void)config;
	*ret_state = &nothing;
	return 0;
}

static int check(void *self, const struct plan *plan)
{
	(void)self;
	return plan->level == LEVEL_OBSERVE ? 0 : -EOPNOTSUPP;
}

static void say(const struct plan *plan, bool applied, uint64_t now_ns, struct effect *ret_effect)
{
	struct effect effect = { .applied = applied, .rules_held = 0, .at_ns = now_ns };

	snprintf(effect.plan, sizeof(effect.plan), "%s", plan->id);
	*ret_effect = effect;
}

static int apply(void *self, const struct plan *plan, uint64_t now_ns, struct effect *ret_effect)
{
	int err = check(self, plan);

	if (err == 0)
		say(plan, true, now_ns, ret_effect);
	return err;
}

static int withdraw(void *self, const struct plan *plan, uint64_t now_ns, struct effect *ret_effect)
{
	(void)self;
	say(plan, false, now_ns, ret_effect);
	return 0;
}

static void close(void *self)
{
	(void)self;
}

const struct actuator actuator_observe = {
	.name = "observe",
	.summary = "watch and report, touch nothing",
	.caps = ACTUATOR_CAN_OBSERVE,
	.open = open,
	.check = check,
	.apply = apply,
	.withdraw = withdraw,
	.resync = apply, /* watching goes on by itself */
	.close = close,
};
