/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paths: routes in, GoBGP's paths out, and back as far as it takes to compare.
 *
 * Attributes are BGP's own bytes (RFC 4271, 4.3). A path of ours is told by its
 * path identifier, which GoBGP keeps and does not send to neighbours. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actuate/bgp/attributes.h"
#include "actuate/bgp/route.h"
#include "base/ip.h"

/** "WEIR": the path identifier of what is ours. */
#define PATH_MARK 0x57454952U

/** Most bytes of one attribute that we make. */
#define PATH_ATTRIBUTE_MAX 160

/** Most attributes of a path that we make: origin, next hop, communities of one kind. */
#define PATH_ATTRIBUTES_MAX 3

/** What is the same in all paths of one actuator. */
struct path_style {
	struct ip next_hop_v4; /**< of blackholes; zero: GoBGP's own */
	struct ip next_hop_v6;
	uint32_t communities[BGP_COMMUNITIES_MAX]; /**< of blackholes */
	size_t community_count;
};

/** One attribute: flags, type, length, value. */
struct path_attribute {
	uint8_t data[PATH_ATTRIBUTE_MAX];
	size_t len;
};

/** The attributes of a path. */
struct path_attributes {
	struct path_attribute list[PATH_ATTRIBUTES_MAX];
	size_t count;
};

/** path_attributes_of() - what a route is announced with. */
void path_attributes_of(const struct path_style *style, const struct bgp_route *route,
			struct path_attributes *ret);

/**
 * path_sum() - a number for all of a path's attributes that we set, in any order.
 *
 * Communities, extended communities and the next hop of blackholes; what GoBGP adds does not
 * count. Adds one attribute: start with 0.
 */
uint64_t path_sum(uint64_t sum, enum bgp_kind kind, const uint8_t *attribute, size_t len);

/** path_afi() - the address family of a kind (RFC 4760): 1 or 2. */
int path_afi(enum bgp_kind kind);

/** path_safi() - the subsequent address family: 1 of blackholes, 133 of rules (RFC 8955, 4). */
int path_safi(enum bgp_kind kind);
