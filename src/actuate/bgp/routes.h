/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes: all plans that are wanted in, all routes to announce out, and who got what.
 *
 * The same plans in any order give the same routes. A plan goes in whole or not
 * at all. Pure but for memory; any thread.
 */
#pragma once

#include <stddef.h>

#include "actuate/actuator.h"
#include "actuate/bgp/route.h"

/** Sorted by bgp_route_compare(), none twice; release with bgp_routes_done(). */
struct bgp_routes {
	struct bgp_route *list;
	size_t count;
	size_t of_kind[BGP_KINDS];
};

/** bgp_routes_done() - harmless on a zeroed one and when repeated. */
void bgp_routes_done(struct bgp_routes *routes);

/**
 * bgp_routes_make() - what shall be announced, never more than limits->routes.
 * @effects: one for each plan: whether it is among the routes, with so many of them; say
 *           bgp_effects_none() if they cannot be announced
 * @why: for the first plan that is refused, or finds no room, gets one sentence
 *
 * What has expired is left out without a word. Where plans want different actions for the same
 * traffic, the strictest holds, as it would if both were in force. Plans are let in in the set's
 * order as far as there is room.
 *
 * Return: 0, or -ENOMEM.
 */
WEIR_CHECK int bgp_routes_make(const struct bgp_limits *limits, const struct wanted_set *set,
			       struct bgp_routes *ret_routes, struct effect *effects,
			       struct text *why);

/** bgp_effects_none() - none of the plans is known to be in force. */
void bgp_effects_none(const struct wanted_set *set, struct effect *effects);
