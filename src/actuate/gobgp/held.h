/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held: what GoBGP has of ours, and what must change in it.
 *
 * Reads the global table, one address family at a time. Worker thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actuate/bgp/routes.h"
#include "actuate/gobgp/grpc.h"
#include "actuate/gobgp/paths.h"
#include "actuate/gobgp/where.h"

/** One path of ours that GoBGP has; compared as routes are. */
struct gobgp_path {
	struct bgp_route route; /**< kind and NLRI only */
	uint64_t sum;           /**< of its attributes, by path_sum() */
};

/** All of them, sorted; release with gobgp_held_done(). */
struct gobgp_held {
	struct gobgp_path *list;
	size_t count;
	size_t room;
};

/** gobgp_held_done() - harmless when repeated. */
void gobgp_held_done(struct gobgp_held *held);

/**
 * gobgp_list() - ask for what is ours of one kind, and append it.
 * @where: blackholes are looked for inside of these only; NULL: everywhere
 *
 * Return: as grpc_call(), -WEIR_EFULL when there are more than could ever be ours.
 */
WEIR_CHECK int gobgp_list(const struct grpc_peer *peer, enum bgp_kind kind,
			  const struct gobgp_where *where, struct gobgp_held *held,
			  struct text *why);

/** gobgp_sort() - to be called once after all lists. */
void gobgp_sort(struct gobgp_held *held);

/** gobgp_is_held() - with just these attributes; after gobgp_sort(). */
bool gobgp_is_held(const struct path_style *style, const struct gobgp_held *held,
		   const struct bgp_route *route);

/** How what is wanted and what is held differ. */
struct gobgp_change {
	uint64_t added; /**< among them, those that only have other attributes */
	uint64_t removed;
	uint64_t kept;
	struct grpc_bytes frames; /**< for AddPathStream; empty if nothing differs */
};

/** gobgp_compare() - what must be sent. @ret_change->frames is the caller's. Return: 0, -ENOMEM. */
WEIR_CHECK int gobgp_compare(const struct path_style *style, const struct bgp_routes *routes,
			     const struct gobgp_held *held, struct gobgp_change *ret_change);
