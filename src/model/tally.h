/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally: what one host received or sent in one tick, by traffic class.
 *
 * Shards make tallies, detectors read them. Tallies of the same host and tick
 * merge by addition, whichever thread or collector made them.
 */
#pragma once

#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"

/** Most peers and port pairs that a tally's detail names. */
#define TALLY_PEERS  16
#define TALLY_PORTS  8
/** Registers of the distinct-peer sketch (HyperLogLog, standard error 1.04/sqrt(256) = 6.5 %). */
#define TALLY_SKETCH 256

/** Estimated real traffic: already multiplied by the sampling rate. */
struct tally_count {
	uint64_t packets;
	uint64_t bytes;
	uint64_t flows; /**< records; for sampled packets each sample is one */
};

/** One of the heaviest peers; an overestimate by at most `error` packets. */
struct tally_peer {
	struct ip ip;
	uint64_t packets;
	uint64_t bytes;
	uint64_t error;
};

/** One of the heaviest (protocol, source port, destination port) combinations. */
struct tally_port {
	uint64_t packets;
	uint64_t bytes;
	uint64_t error;
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t class; /**< enum traffic_class */
};

/** Who the peers of a busy host are; kept only for hosts above a floor. */
struct tally_detail {
	struct tally_peer peers[TALLY_PEERS];
	struct tally_port ports[TALLY_PORTS];
	uint8_t sketch[TALLY_SKETCH]; /**< distinct peers */
};

/** One host, one direction, one tick. Borrowed by those who receive it. */
struct tally {
	struct ip host;    /**< own host: destination if inbound or internal, source if outbound */
	uint64_t sampled;  /**< packets behind the estimates, before scaling */
	uint64_t tick_ns;  /**< end of the tick */
	uint8_t direction; /**< enum direction */
	struct tally_count by_class[CLASS_COUNT];
	const struct tally_detail *detail; /**< NULL for a quiet host */
};

/** tally_total() - all classes added up. */
struct tally_count tally_total(const struct tally *tally);

/** tally_detail_add() - account a flow's peer and ports. @packets and @bytes are scaled. */
void tally_detail_add(struct tally_detail *detail, const struct ip *peer, const struct flow *flow,
		      uint64_t packets, uint64_t bytes);

/** tally_detail_merge() - add @from to @into. */
void tally_detail_merge(struct tally_detail *into, const struct tally_detail *from);

/** tally_detail_decay() - halve all counts, so that old peers give way; the sketch is emptied. */
void tally_detail_decay(struct tally_detail *detail);

/** tally_detail_distinct() - estimated number of distinct peers (HyperLogLog). */
uint64_t tally_detail_distinct(const struct tally_detail *detail);
