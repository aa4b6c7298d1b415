/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held: a link to BIRD in, which of our files it has loaded and what it holds out.
 *
 * Asks for the constant `weir_set` and for the state of our four protocols, whose
 * counters cost nothing however large BIRD's tables are. Worker thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actuate/bgp/route.h"
#include "actuate/bird/file.h"
#include "actuate/bird/link.h"

/** What BIRD holds of ours. */
struct bird_held {
	char set[BIRD_SET_MAX]; /**< number of the file it has loaded; "" for none */
	bool there[BGP_KINDS];  /**< the protocol exists */
	bool up[BGP_KINDS];
	uint64_t routes[BGP_KINDS];
};

/** bird_ask_held() - ask for all of it. Return: as bird_ask(). */
WEIR_CHECK int bird_ask_held(struct bird_link *link, struct bird_held *ret_held, struct text *why);

/**
 * bird_holds() - is exactly this in force?
 * @why: if not, gets one sentence; NULL is fine
 */
bool bird_holds(const struct bird_held *held, const char *set, const struct bgp_routes *routes,
		bool flowspec, struct text *why);

/** bird_parse_protocols() - the answer to `show protocols all "weir_*"` into @held. */
void bird_parse_protocols(const char *answer, struct bird_held *held);
