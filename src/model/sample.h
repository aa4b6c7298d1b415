/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample: one flow as evidence: who, with which headers, how long.
 *
 * Rows of a tally say how much; samples say what it looks like. Shards hand on all flows of a tick
 * as long as there is room, then one in a power of two. A value without pointers; a cache line.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"

/** Bits of sample.has. */
enum sample_has { SAMPLE_HAS_TTL = 1 << 0, SAMPLE_HAS_FLAGS = 1 << 1, SAMPLE_HAS_ICMP = 1 << 2 };

/** One flow. Borrowed by those who receive it. */
struct sample {
	struct ip src;
	struct ip dst;
	uint32_t vantage;  /**< flow.vantage */
	uint32_t sampling; /**< 1:N; 0: unknown */
	uint32_t in_if;    /**< as the exporter numbers it; 0: unknown */
	uint32_t packets;  /**< as exported; saturating */
	uint16_t length;   /**< mean of the IP packets, in bytes; saturating; 0: not told */
	uint16_t sport;
	uint16_t dport;
	uint16_t age; /**< before the end of the tick, in TALLY_AGE_MS; 0: of this tick */
	uint8_t proto;
	union {
		uint8_t tcp_flags; /**< with SAMPLE_HAS_FLAGS */
		uint8_t icmp_type; /**< with SAMPLE_HAS_ICMP, never both */
	};
	uint8_t ttl;
	uint8_t fragment;  /**< flow.fragment */
	uint8_t direction; /**< enum direction */
	uint8_t class;     /**< enum traffic_class */
	uint8_t source;    /**< enum flow_source */
	uint8_t has;       /**< enum sample_has */
};
static_assert(sizeof(struct sample) == 64, "a sample is a cache line");

/**
 * sample_of() - a flow as a sample.
 * @flow: classified, with its direction
 *
 * Frames counted by sFlow agents lose what is no part of the IP packet. Padding stays: a packet of
 * 40 bytes looks like one of 46.
 */
struct sample sample_of(const struct flow *flow);

/** sample_packets() - estimated packets behind it: exported times the sampling rate. */
static inline double sample_packets(const struct sample *sample)
{
	return (double)sample->packets * (sample->sampling ? sample->sampling : 1);
}
