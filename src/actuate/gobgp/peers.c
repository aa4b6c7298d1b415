/* SPDX-License-Identifier: Apache-2.0 */
/* peers: see peers.h. */
#include "actuate/gobgp/peers.h"

#include <string.h>

#include "actuate/gobgp/gobgp.pb-c.h"
#include "base/hash.h"

/* enum SessionState of GoBGP's api/gobgp.proto */
#define ESTABLISHED 6

/* Its own count of falls stays in it: since when a session is up has to do. */
static bool see(struct bgp_peers_look *look, const uint8_t *data, size_t len)
{
	Apipb__ListPeerResponse *message = apipb__list_peer_response__unpack(NULL, len, data);
	const Apipb__Peer *peer = message ? message->peer : NULL;
	bool good = peer && peer->state;

	if (good) {
		const Apipb__TimersState *times = peer->timers ? peer->timers->state : NULL;
		const char *name = peer->state->neighbor_address;
		const struct bgp_peer up = {
			.name = hash_bytes(name, strlen(name), 0),
			.since = times && times->uptime ? (uint64_t)times->uptime->seconds : 0,
		};
		bgp_peers_see(look, peer->state->session_state == ESTABLISHED ? &up : NULL);
	}
	if (message)
		apipb__list_peer_response__free_unpacked(message, NULL);
	return good;
}

static bool see_all(struct bgp_peers_look *look, const struct grpc_bytes *answer)
{
	const uint8_t *data;
	size_t len;
	size_t at = 0;
	int next;

	while ((next = grpc_next(answer, &at, &data, &len)) > 0) {
		if (!see(look, data, len))
			return false;
	}
	return next == 0;
}

struct actuator_peers gobgp_peers(const struct grpc_peer *peer, struct bgp_peers *peers)
{
	struct bgp_peers_look look = { 0 };
	struct actuator_peers told = { 0 };
	struct grpc_bytes frames = { 0 };
	struct grpc_bytes answer = { 0 };
	struct text unused = text_heap();

	/* The request is an empty message: all of them. */
	if (grpc_frame(&frames, 0) && grpc_call(peer, "ListPeer", &frames, &answer, &unused) == 0 &&
	    see_all(&look, &answer))
		told = bgp_peers_told(peers, &look);
	grpc_bytes_done(&frames);
	grpc_bytes_done(&answer);
	text_done(&unused);
	return told;
}
