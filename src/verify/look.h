/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look: samples from before an attack in, whether a packet looks like them out.
 *
 * Two signs, of which only the first is worth something alone: an attacker does not know who was
 * there before, but can look up which services a host offers. How much the second one is worth is
 * for the caller to say, who knows how the attack itself looks. Pure but for the memory it is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/sample.h"

/** Ports with so large a part of what is usual: 1 in LOOK_SHARE packets. */
#define LOOK_SHARE    20
#define LOOK_SERVICES 40

/** What speaks for a packet; bits. */
enum look_sign {
	LOOK_KNOWN = 1 << 0, /**< its peer was there before, and sent the like, or what is usual */
	LOOK_USUAL = 1 << 1, /**< a usual service and size, and of TCP inside of a connection */
};

/** A packet of a peer. */
struct look_peer {
	struct ip ip;
	uint16_t ours; /**< ports; 0 where there are none */
	uint16_t theirs;
	uint8_t proto;
	uint8_t size; /**< class of its length */
};

/** Packets of one port. */
struct look_service {
	uint8_t proto;
	bool theirs; /**< the port is the peer's */
	uint16_t port;
	uint16_t sizes; /**< bits: classes of lengths that there were */
};

/** What is usual. */
struct look {
	bool outbound;                 /**< peers are the destinations */
	const struct look_peer *peers; /**< by address */
	size_t peer_count;
	unsigned service_count;
	struct look_service services[LOOK_SERVICES];
};

/**
 * look_learn() - from samples of before.
 * @room: for @count packets; kept by @ret_look
 */
void look_learn(const struct sample *before, size_t count, bool outbound, struct look_peer *room,
		struct look *ret_look);

/** look_signs() - what speaks for a packet; bits of enum look_sign. */
unsigned look_signs(const struct look *look, const struct sample *sample);
