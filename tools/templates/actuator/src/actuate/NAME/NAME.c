/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @NAME@: plans in, effects on an outside system out.
 *
 * An example that holds nothing: it has no capability, so no plan is given to
 * it, and it says of every plan that nothing is in force. Control thread; slow
 * outside work must not be done in these calls.
 */
#include "actuate/actuator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct state {
	uint64_t refused; /* plans that could not be applied */
};

static int open(const struct config *config, void **ret_state)
{
	struct state *state = calloc(1, sizeof(*state));

	(void)config;
	if (!state)
		return -ENOMEM;
	*ret_state = state;
	return 0;
}

static int check(void *self, const struct plan *plan)
{
	(void)self;
	(void)plan;
	return -EOPNOTSUPP;
}

static int apply(void *self, const struct plan *plan, uint64_t now_ns, struct effect *ret_effect)
{
	struct state *state = self;

	(void)plan;
	(void)now_ns;
	(void)ret_effect;
	state->refused++;
	return -EOPNOTSUPP;
}

/* Also what withdraw says: it succeeds on something that is not there. */
static int nothing_held(void *self, const struct plan *plan, uint64_t now_ns,
			struct effect *ret_effect)
{
	(void)self;
	struct effect effect = { .applied = false, .rules_held = 0, .at_ns = now_ns };

	snprintf(effect.plan, sizeof(effect.plan), "%s", plan->id);
	*ret_effect = effect;
	return 0;
}

static void close(void *self)
{
	free(self);
}

const struct actuator actuator_@NAME@ = {
	.name = "@NAME@",
	.summary = "an example: say in one line where this acts",
	.caps = 0,
	.open = open,
	.check = check,
	.apply = apply,
	.withdraw = nothing_held,
	.resync = nothing_held,
	.close = close,
};
