/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers: the BGP sessions that a daemon tells of in, how many are up and how often one fell out.
 *
 * A session that is up since another time than before fell out between two looks. Worker thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actuate/actuator.h"

/** Sessions that are followed; of more only the number is known. */
#define BGP_PEERS_MAX 256

/** A session that is up: hashes of what it is called, and of since when it is. */
struct bgp_peer {
	uint64_t name;
	uint64_t since;
};

/** Those that were up at the last look; zeroed: there was none. */
struct bgp_peers {
	struct bgp_peer up[BGP_PEERS_MAX];
	unsigned count;
	uint64_t falls;
};

/** One look, under way; zeroed to begin with. */
struct bgp_peers_look {
	struct bgp_peer up[BGP_PEERS_MAX];
	unsigned count; /**< of `up` */
	unsigned up_all;
	unsigned all;
};

/** bgp_peers_see() - one more session; @up: NULL if it is not up. */
void bgp_peers_see(struct bgp_peers_look *look, const struct bgp_peer *up);

/** bgp_peers_told() - all were seen. */
struct actuator_peers bgp_peers_told(struct bgp_peers *peers, const struct bgp_peers_look *look);
