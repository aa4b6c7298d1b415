/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers: what GoBGP says of its sessions in, how many are up and how often one fell out.
 *
 * Worker thread.
 */
#pragma once

#include "actuate/bgp/peers.h"
#include "actuate/gobgp/grpc.h"

/**
 * gobgp_peers() - ask how its sessions are.
 *
 * What it does not say is told as not known: nothing fails for it.
 */
struct actuator_peers gobgp_peers(const struct grpc_peer *peer, struct bgp_peers *peers);
