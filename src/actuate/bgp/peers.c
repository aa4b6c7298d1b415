/* SPDX-License-Identifier: Apache-2.0 */
/* peers: see peers.h. */
#include "actuate/bgp/peers.h"

#include <string.h>

void bgp_peers_see(struct bgp_peers_look *look, const struct bgp_peer *up)
{
	look->all++;
	look->up_all += up != NULL;
	if (up && look->count < BGP_PEERS_MAX)
		look->up[look->count++] = *up;
}

static bool is_still_up(const struct bgp_peers_look *look, const struct bgp_peer *peer)
{
	for (unsigned i = 0; i < look->count; i++) {
		if (look->up[i].name == peer->name)
			return look->up[i].since == peer->since;
	}
	return false;
}

struct actuator_peers bgp_peers_told(struct bgp_peers *peers, const struct bgp_peers_look *look)
{
	for (unsigned i = 0; i < peers->count; i++)
		peers->falls += !is_still_up(look, &peers->up[i]);
	memcpy(peers->up, look->up, look->count * sizeof(look->up[0]));
	peers->count = look->count;
	return (struct actuator_peers){
		.known = true, .up = look->up_all, .all = look->all, .falls = peers->falls
	};
}
