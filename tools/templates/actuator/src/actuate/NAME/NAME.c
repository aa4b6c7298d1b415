/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @NAME@: plans in, effects on an outside system out.
 *
 * An example that holds nothing: it has no capability, so no plan is given to
 * it, and it says of every plan that nothing is in force. reconcile runs on a
 * thread of its own, and may wait.
 */
#include "actuate/actuator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct state {
	uint64_t refused; /* plans that could not be put in force */
};

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	struct state *state = calloc(1, sizeof(*state));

	(void)config;
	(void)settings;
	(void)why;
	if (!state)
		return -ENOMEM;
	*ret_state = state;
	*ret_caps = 0;
	return 0;
}

static int check(void *self, const struct wanted *wanted, struct text *why)
{
	(void)self;
	(void)wanted;
	text_addf(why, "@NAME@ cannot do anything yet");
	return -EOPNOTSUPP;
}

/* Make exactly the set true; here nothing ever is. */
static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	struct state *state = self;

	for (size_t i = 0; i < set->count; i++) {
		struct effect *effect = &result->effects[i];
		snprintf(effect->plan, sizeof(effect->plan), "%s", set->plans[i].plan.id);
		effect->applied = false;
		effect->at_ns = set->now_ns;
		state->refused++;
	}
	return 0;
}

static void close(void *self)
{
	free(self);
}

const struct actuator actuator_@NAME@ = {
	.name = "@NAME@",
	.summary = "an example: say in one line where this acts",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.close = close,
};
