/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace: all routes that are wanted in, those that may be announced by now out.
 *
 * So many changes a second and no more, however many are wanted at once: the rest
 * follows, in the order of the plans and of their rules. What is taken back goes at
 * once, but counts: what is new waits for it. What was let in before is no change,
 * also when the daemon lost it. Time is a parameter, monotonic. Worker thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actuate/actuator.h"
#include "actuate/bgp/route.h"
#include "actuate/bgp/routes.h"

/** A pace, and what was let in; from bgp_pace_open(). */
struct bgp_pace {
	uint64_t *changed_ns; /**< of the last `rate` changes, a ring; 0: none yet */
	size_t rate;          /**< changes a second */
	size_t next;
	bool begun;             /**< it is known what was out at first */
	struct bgp_routes out;  /**< let in and announced */
	struct bgp_routes back; /**< wanted, and not let in by the last bgp_pace_limit() */
};

/** bgp_pace_open() - @rate: changes a second, at least 1. Return: 0 or -ENOMEM. */
WEIR_CHECK int bgp_pace_open(struct bgp_pace *pace, uint64_t rate);

/** bgp_pace_close() - harmless on a zeroed one and when repeated. */
void bgp_pace_close(struct bgp_pace *pace);

/**
 * bgp_pace_begin() - before the first bgp_pace_limit(): some of what is wanted is out already.
 * @held: for each route; NULL: none is
 *
 * Return: 0 or -ENOMEM.
 */
WEIR_CHECK int bgp_pace_begin(struct bgp_pace *pace, const struct bgp_routes *routes,
			      const bool *held);

/**
 * bgp_pace_limit() - what may be announced now.
 * @routes: what is wanted; becomes what may be: routes wait, or keep their former action
 *
 * Counts nothing: see bgp_pace_took(). Return: 0 or -ENOMEM (@routes as before).
 */
WEIR_CHECK int bgp_pace_limit(struct bgp_pace *pace, uint64_t now_ns, struct bgp_routes *routes);

/** bgp_pace_took() - exactly these are announced now. Return: 0 or -ENOMEM (counted again later). */
WEIR_CHECK int bgp_pace_took(struct bgp_pace *pace, uint64_t now_ns,
			     const struct bgp_routes *routes);

/** bgp_pace_wait_ns() - so long until some that wait may go; 0: none waits. */
uint64_t bgp_pace_wait_ns(const struct bgp_pace *pace, uint64_t now_ns);

/**
 * bgp_pace_tell() - plans of which a part waits are not in force yet.
 * @effects: those of bgp_routes_make()
 * @why: if any waits, and it is empty, gets one sentence
 */
void bgp_pace_tell(const struct bgp_pace *pace, const struct bgp_limits *limits,
		   const struct wanted_set *set, struct effect *effects, struct text *why);
