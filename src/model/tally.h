/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally: what one host or prefix received or sent in one tick, row by row.
 *
 * Shards make rows, detectors read them. A row is about one host (or prefix),
 * one direction, one traffic class, one vantage and one stretch of time. Rows
 * that agree in all of these merge by addition, whichever thread or collector
 * made them; rows of two vantages may be about the same packets.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"
#include "model/sample.h"

/** Most peers and ports that a tally's detail names. */
#define TALLY_PEERS  16
#define TALLY_PORTS  16
/** Registers of the distinct-peer sketch (HyperLogLog, standard error 1.04/sqrt(256) = 6.5 %). */
#define TALLY_SKETCH 256

/** Estimated real traffic: already multiplied by the sampling rate. */
struct tally_count {
	uint64_t packets;
	uint64_t bytes;
	uint64_t flows; /**< records; for sampled packets each sample is one */
};

/** Sum of two estimates that stays at the largest number instead of wrapping. */
static inline uint64_t tally_sum(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/** Add @from to @into. */
static inline void tally_count_add(struct tally_count *into, const struct tally_count *from)
{
	into->packets = tally_sum(into->packets, from->packets);
	into->bytes = tally_sum(into->bytes, from->bytes);
	into->flows = tally_sum(into->flows, from->flows);
}

/** One of the heaviest peers; an overestimate by at most `error` packets. */
struct tally_peer {
	struct ip ip;
	uint64_t packets; /**< 0: this and all later places are empty */
	uint64_t bytes;
	uint64_t error;
};

/**
 * One of the heaviest ports; an overestimate by at most `error` packets.
 *
 * A flow counts under the one port that says what it is: the source port if
 * that is an amplifier's, otherwise the lower one; the other port is 0. Floods
 * vary the second port, and pairs would let no entry grow heavy.
 */
struct tally_port {
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t class;    /**< enum traffic_class */
	uint8_t zero[10]; /**< always 0; lets ports and peers share one layout */
	uint64_t packets; /**< 0: this and all later places are empty */
	uint64_t bytes;
	uint64_t error;
};

/** Who the peers of a busy host are; kept only for hosts above a floor. */
struct tally_detail {
	struct tally_peer peers[TALLY_PEERS];
	struct tally_port ports[TALLY_PORTS];
	struct tally_count by_class[CLASS_COUNT]; /**< all that the two lists rest on */
	uint8_t sketch[TALLY_SKETCH];             /**< distinct peers */
};

/** What a row is about. */
enum tally_kind {
	TALLY_OWN,     /**< an own host or prefix */
	TALLY_OUTSIDE, /**< an outside address that own hosts send to */
	TALLY_KIND_COUNT
};

/** Unit of the ages in a row, in ms. */
#define TALLY_AGE_MS 100

/** One row. Borrowed by those who receive it. */
struct tally {
	struct ip host;   /**< first address of the prefix; a host if `len` is 128 */
	uint64_t packets; /**< estimated: scaled by the sampling rate */
	uint64_t bytes;   /**< likewise */
	uint32_t flows;   /**< records; for sampled packets each sample is one; saturating */
	uint32_t sampled; /**< packets behind the estimates, before scaling; saturating */
	uint32_t vantage; /**< flow.vantage */
	uint32_t next;    /**< the host's next row in this direction and tick, plus one; 0: none */
	uint32_t detail;  /**< in tally_set.details, plus one; 0: none; on a host's first row */
	uint32_t error;   /**< TALLY_OUTSIDE: packets that may be missing; saturating */
	/**
	 * When it was, in units of TALLY_AGE_MS before the end of the tick: evenly from
	 * begin_age to end_age. Both 0: traffic of this tick.
	 */
	uint16_t begin_age;
	uint16_t end_age;
	uint8_t direction; /**< enum direction */
	uint8_t class;     /**< enum traffic_class */
	uint8_t len;       /**< of the prefix, in the 128-bit form; 128: a host */
	uint8_t kind;      /**< enum tally_kind */
};
static_assert(sizeof(struct tally) == 64, "a row is a cache line");

/** Most vantages that a tick's rows name. */
#define TALLY_VANTAGES 64

/** Whose vantage it is; named where traffic belongs to nobody here, so that its port can be. */
struct tally_vantage {
	uint32_t vantage;
	struct ip exporter;
};

/** The rows of one shard and tick, in an order that depends on the flows alone. */
struct tally_set {
	const struct tally *rows;
	size_t count;
	const struct tally_detail *details;
	size_t detail_count;
	uint64_t tick_ns;             /**< end of the tick */
	const struct sample *samples; /**< flows of the tick, transit as well */
	size_t sample_count;
	const struct tally_vantage *vantages; /**< of the transit among the samples */
	size_t vantage_count;
	uint32_t sample_each; /**< one flow in so many is among them; 0 and 1: all */
};

/**
 * tally_detail_add() - account a flow's peer and port.
 * @peer: the other side, seen from the tally's host
 * @packets: scaled; without any, only the number of distinct peers may grow
 * @bytes: scaled
 */
void tally_detail_add(struct tally_detail *detail, const struct ip *peer, const struct flow *flow,
		      uint64_t packets, uint64_t bytes);

/** tally_detail_merge() - add @from to @into. */
void tally_detail_merge(struct tally_detail *into, const struct tally_detail *from);

/** tally_detail_decay() - halve all counts, so that old peers give way; the sketch is emptied. */
void tally_detail_decay(struct tally_detail *detail);

/** tally_detail_distinct() - estimated number of distinct peers (HyperLogLog). */
uint64_t tally_detail_distinct(const struct tally_detail *detail);
