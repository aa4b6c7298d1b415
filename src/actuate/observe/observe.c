/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe: plans in, nothing out: what Weir does when it is to touch nothing.
 *
 * Says of each plan that it is applied and that no rule is in force, which is
 * true. Has no state, so there is nothing that a crash could lose.
 */
#include "actuate/actuator.h"

#include <stdio.h>

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	static char nothing;

	(void)config;
	(void)settings;
	(void)why;
	*ret_state = &nothing;
	*ret_caps = ACTUATOR_CAN_OBSERVE;
	return 0;
}

/* Whatever is wanted can be looked at. */
static int check(void *self, const struct wanted *wanted, struct text *why)
{
	(void)self;
	(void)wanted;
	(void)why;
	return 0;
}

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	(void)self;
	for (size_t i = 0; i < set->count; i++) {
		struct effect *effect = &result->effects[i];
		snprintf(effect->plan, sizeof(effect->plan), "%s", set->plans[i].plan.id);
		effect->applied = true;
		effect->at_ns = set->now_ns;
	}
	result->kept = set->count;
	return 0;
}

static void close(void *self)
{
	(void)self;
}

const struct actuator actuator_observe = {
	.name = "observe",
	.summary = "watch and report, touch nothing",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.close = close,
};
