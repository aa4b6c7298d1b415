/* SPDX-License-Identifier: Apache-2.0 */
/* put: what is composed in, the engine made to do it out; what the xdp actuator keeps. */
#pragma once

#include <stdatomic.h>

#include "actuate/actuator.h"
#include "actuate/held.h"
#include "actuate/xdp/compose.h"
#include "actuate/xdp/engine.h"

/** One dropped packet of so many is caught, for whoever wants to know whom a rule hits. */
#define XDP_CATCH_EACH 64

/** The actuator's state; worker thread but for making and closing. */
struct xdp_state {
	const struct config *_Atomic reloaded; /* whose networks count from the next call on */
	const struct config *config;           /* whose networks the engine was told */
	const char **interfaces;
	struct xdp_engine_config settings;
	struct xdp_engine *engine; /* NULL: nothing is known to be in force */
	struct composed *next;
	struct composed *last; /* what the engine was told; its sets are those in force */
	bool there;            /* on interfaces */
	bool used;             /* it was told something since it rested */
	bool warned;           /* that it could not be loaded */
	bool told;             /* is it what `last` says? */
	size_t protect_count;
	struct xdp_protected protect[COMPOSE_PROTECT_MAX];
	struct held held;
	struct held_rule counts[FILTER_RULES];
	struct drop_counts drops;
	uint64_t ring_full; /* the program's counter, as it was last */
	bool ring_known;
};

/** put_take_back() - nothing of ours is left. Return: 0, or why not with @why. */
WEIR_CHECK int put_take_back(struct xdp_state *s, struct text *why);

/** put_be_there() - the engine is loaded, and on all interfaces. Return: 0, or why not with @why. */
WEIR_CHECK int put_be_there(struct xdp_state *s, struct text *why);

/** put_tell() - `next` is made true and becomes `last`. Return: 0, or why not with @why. */
WEIR_CHECK int put_tell(struct xdp_state *s, struct text *why);

/** put_report() - effects and counts of `last`. Return: 0 or -ENOMEM. */
WEIR_CHECK int put_report(struct xdp_state *s, const struct wanted_set *set,
			  struct actuator_result *result);

/** put_drops() - hand over what the program caught; see struct actuator. */
int put_drops(void *self, actuator_drop_fn *take, void *taker, struct drop_counts *counts);
