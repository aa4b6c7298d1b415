/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet: one packet of simulated traffic that an exporter has sampled.
 *
 * The traffic model makes them in order of time, encoders turn them into what a router would export
 * about them. A value without pointers. Telemetry about traffic, never traffic.
 */
#pragma once

#include <stdint.h>

#include "base/ip.h"

/** Who sent it, which only the scorer may know. */
enum lab_origin {
	LAB_BENIGN, /**< everyday traffic, and look-alikes of attacks */
	LAB_ATTACK, /**< part of the attack */
	LAB_REPLY   /**< what a victim answers to the attack */
};

/** One packet that was drawn, of `sampling` that passed. */
struct lab_packet {
	uint64_t time_ns;
	struct ip src;
	struct ip dst;
	uint32_t in_if;  /**< interface it came in by; 0: unknown */
	uint32_t out_if; /**< and left by */
	uint16_t sport;  /**< ICMP: type << 8 | code, as destination port as well */
	uint16_t dport;
	uint16_t length; /**< of the IP packet, headers included */
	uint8_t proto;
	uint8_t tcp_flags;
	uint8_t ttl;
	uint8_t fragment; /**< as flow.fragment: 0 whole, 1 first, 2 later part without ports */
	uint8_t origin;   /**< enum lab_origin */
};
