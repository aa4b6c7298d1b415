/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attributes: what shall be done with a route's traffic in, numbers of BGP communities out.
 *
 * Pure; any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "actuate/bgp/route.h"

/** Most communities of blackholes; as the configuration allows. */
#define BGP_COMMUNITIES_MAX 16

/** Most extended communities of a rule. */
#define BGP_ACTIONS_MAX 2

/**
 * bgp_actions() - the traffic filtering actions of a FlowSpec rule as extended communities.
 * @ret_actions: room for BGP_ACTIONS_MAX
 *
 * A drop is traffic-rate-bytes 0 (RFC 8955, 7.1), which every router knows. A limit in packets a
 * second is said twice: exactly (traffic-rate-packets, 7.2), and for the routers that only count
 * bytes as so many packets of the longest size the rule matches (1,500 bytes where it does not
 * say). Both apply where both are known; the second alone never lets through less than was wanted.
 *
 * Return: how many.
 */
size_t bgp_actions(const struct plan_rule *rule, uint64_t *ret_actions);

/**
 * bgp_communities() - the communities of blackholes (RFC 1997) as numbers.
 * @ret_communities: room for BGP_COMMUNITIES_MAX
 * @ret_count: how many; untouched on failure
 * @why: on failure gets one sentence
 *
 * Return: 0, or -EINVAL.
 */
WEIR_CHECK int bgp_communities(const struct config_actuator *settings, uint32_t *ret_communities,
			       size_t *ret_count, struct text *why);
