/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conversation: what one host and one peer say to each other, packet by packet.
 *
 * A table of kinds (port, who asks, lengths, share of each way) and the dice. One thread.
 */
#pragma once

#include "lab/site.h"

/** Packets a second that one conversation has. */
#define CONVERSATION_PPS   20
/** Most conversations of one host at once. */
#define CONVERSATIONS_MOST 3000

/** One of them. */
struct conversation {
	uint32_t peer;
	uint16_t port; /**< of the side that asks */
	uint8_t kind;  /**< row of the table */
	uint8_t ttl;   /**< of the peer's packets as they arrive */
	float length;  /**< packets until it ends, in the mean */
};

/** conversation_begin() - a new one of a host. */
void conversation_begin(struct conversation *c, const struct site *site,
			const struct site_host *host, struct lab_rng *rng);

/** conversation_fetch() - the host fetches something from a place outside. */
void conversation_fetch(struct conversation *c, uint32_t place, struct lab_rng *rng);

/** conversation_packet() - one packet of it; it may have ended since the last one sampled. */
void conversation_packet(struct conversation *c, const struct site *site,
			 const struct site_host *host, double sampling, struct lab_rng *rng,
			 struct lab_packet *ret_packet);
