/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers: what BIRD says of its BGP sessions in, how many are up and how often one fell out.
 *
 * Worker thread.
 */
#pragma once

#include "actuate/bgp/peers.h"
#include "actuate/bird/link.h"

/** bird_parse_peers() - the answer to `show protocols`. */
struct actuator_peers bird_parse_peers(struct bgp_peers *peers, const char *answer);

/**
 * bird_ask_peers() - ask for it.
 *
 * What cannot be known (more sessions than an answer has room for) is told as not known: nothing
 * fails for it. The link is not to be used any more then.
 */
struct actuator_peers bird_ask_peers(struct bird_link *link, struct bgp_peers *peers);
