/* SPDX-License-Identifier: Apache-2.0 */
/*
 * element: the information elements a flow or a sampling rate is made of.
 *
 * Element numbers of NetFlow v9 and IPFIX in (the IANA registry of RFC 7012
 * holds both), the slot of a plan they fill out. Elements that are not in the
 * table are stepped over. Pure; any thread.
 */
#pragma once

#include <stdint.h>

/** Length that stands for "variable" in a template (RFC 7011, 7). */
#define ELEMENT_VARIABLE    65535
/** Enterprise number of reverse-direction elements (RFC 5103, 6.1). */
#define ELEMENT_PEN_REVERSE 29305

/** What a record can tell; each slot is filled from at most one field of a template. */
enum slot {
	SLOT_NONE,
	/* In every flow: read without asking. */
	SLOT_BYTES,
	SLOT_PACKETS,
	SLOT_SPORT,
	SLOT_DPORT,
	SLOT_PROTO,
	SLOT_TCP_FLAGS,
	SLOT_TOS,
	SLOT_IN_IF,
	SLOT_OUT_IF,
	SLOT_SRC_AS,
	SLOT_DST_AS,
	/* Addresses. */
	SLOT_SRC4,
	SLOT_DST4,
	SLOT_NEXT_HOP4,
	SLOT_SRC6,
	SLOT_DST6,
	SLOT_NEXT_HOP6,
	/* Times, in the unit of their element. */
	SLOT_START,
	SLOT_END,
	SLOT_DURATION,
	SLOT_SYSTEM_INIT,
	/* Only in some templates. */
	SLOT_TTL,
	SLOT_VLAN,
	SLOT_REV_BYTES,
	SLOT_REV_PACKETS,
	SLOT_SPORT_TCP,
	SLOT_DPORT_TCP,
	SLOT_ICMP4,
	SLOT_ICMP4_TYPE,
	SLOT_ICMP4_CODE,
	SLOT_ICMP6,
	SLOT_ICMP6_TYPE,
	SLOT_ICMP6_CODE,
	SLOT_FRAGMENT_OFFSET,
	SLOT_FRAGMENT_FLAGS,
	SLOT_FORWARDING,
	SLOT_FIREWALL,
	SLOT_FLOW_DIRECTION,
	/* Sampling, in flow records and in options records. */
	SLOT_SAMPLER,
	SLOT_INTERVAL,
	SLOT_RANDOM_INTERVAL,
	SLOT_PACKET_INTERVAL,
	SLOT_PACKET_SPACE,
	SLOT_SIZE,
	SLOT_POPULATION,
	SLOT_PROBABILITY,
	/* A piece of the packet itself. */
	SLOT_FRAME_SIZE,
	SLOT_FRAME,
	SLOT_IP_PACKET,
	SLOT_COUNT
};

/** Units of the time elements. */
enum element_unit {
	UNIT_NONE,
	UNIT_S,        /**< seconds since 1970 */
	UNIT_MS,       /**< milliseconds since 1970 */
	UNIT_US,       /**< NTP timestamp (RFC 7011, 6.1.9) */
	UNIT_NS,       /**< NTP timestamp (RFC 7011, 6.1.10) */
	UNIT_DELTA_US, /**< microseconds before the export time */
	UNIT_UPTIME,   /**< milliseconds since the exporter started */
};

/** One element that is used. */
struct element {
	uint8_t slot;    /**< enum slot; SLOT_NONE: not used */
	uint8_t rank;    /**< of several elements for one slot the lowest rank wins */
	uint8_t unit;    /**< enum element_unit, for times */
	uint8_t min_len; /**< lengths that can be read; 0, 0: any, also variable */
	uint8_t max_len;
};

/**
 * element_find() - what an element is used for.
 * @pen: private enterprise number, 0 for the IANA registry
 * @id: element number without the enterprise bit
 *
 * Return: never NULL; slot SLOT_NONE for elements that are not used.
 */
const struct element *element_find(uint32_t pen, uint16_t id);
