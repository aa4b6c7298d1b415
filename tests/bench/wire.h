/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire: contents of records in, export datagrams out, in four protocols.
 *
 * A datagram's bytes that never change are laid out once; for each sending only
 * sequence, times, addresses and ports are written. Layouts:
 *
 *   netflow5  30 records of 48 bytes behind 24 bytes of header: 1,464 bytes
 *   netflow9  26 records of 54 bytes behind 20 + 4: 1,428 bytes; template 256 has
 *             19 fields (wire_flowsets.c), as a router's "original" record does
 *   ipfix     26 records of 54 bytes behind 16 + 4: 1,424 bytes; times in ms
 *   sflow5    7 flow samples with 128 bytes of packet each: 1,372 bytes
 *
 * NetFlow v9 (RFC 3954), IPFIX (RFC 7011), sFlow version 5. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "feed.h"

#define WIRE_RECORDS_MAX 30
#define WIRE_LEN_MAX     1500

/** One exporter as it is after what it has sent so far. */
struct wire_source {
	uint32_t address;  /**< host order */
	uint32_t number;   /**< source id, observation domain, engine, sub-agent */
	uint32_t sequence; /**< as the protocol counts */
	uint32_t samples;  /**< sFlow: samples taken */
	uint32_t sampling; /**< 1:N; 0 is not announced, and counts as 1 */
	uint32_t packets;  /**< in each record */
	uint64_t boot_ns;  /**< when its SysUptime was 0 */
	uint64_t now_ns;   /**< export time of what is written next */
};

/** One protocol. */
struct wire {
	const char *name;
	uint16_t port;
	uint16_t len;      /**< bytes of a full datagram */
	unsigned records;  /**< in it */
	unsigned sequence; /**< numbers that a full datagram takes */
	/** Bytes that each datagram of @source has. */
	void (*lay)(uint8_t *datagram, const struct wire_source *source);
	/** The rest of it: header, and what @sights tell; advances @source. */
	void (*fill)(uint8_t *datagram, struct wire_source *source, const struct sight *sights);
	/** Templates and options as a datagram of their own; NULL where there are none. */
	size_t (*announce)(uint8_t *datagram, struct wire_source *source);
};

extern const struct wire wire_netflow5;
extern const struct wire wire_netflow9;
extern const struct wire wire_ipfix;
extern const struct wire wire_sflow5;

/** wire_find() - a protocol by name; NULL if there is none. */
const struct wire *wire_find(const char *name);

/** wire_packet_bytes() - bytes of each packet that record @index of a datagram tells of. */
static inline uint32_t wire_packet_bytes(unsigned index)
{
	static const uint16_t sizes[4] = { 52, 576, 1500, 1500 };
	return sizes[index % 4];
}

/** Record @index tells of UDP (DNS), else of TCP. */
static inline int wire_is_udp(unsigned index)
{
	return index % 5 == 4;
}

/** Service port of record @index. */
static inline uint16_t wire_service(unsigned index)
{
	if (wire_is_udp(index))
		return 53;
	return index % 3 ? 443 : 80;
}

static inline uint8_t *put8(uint8_t *at, uint8_t value)
{
	*at = value;
	return at + 1;
}

static inline uint8_t *put16(uint8_t *at, uint16_t value)
{
	value = __builtin_bswap16(value);
	__builtin_memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static inline uint8_t *put32(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	__builtin_memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static inline uint8_t *put64(uint8_t *at, uint64_t value)
{
	value = __builtin_bswap64(value);
	__builtin_memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

/** SysUptime in milliseconds, as 32 bits that wrap. */
static inline uint32_t wire_uptime_ms(const struct wire_source *source)
{
	return (uint32_t)((source->now_ns - source->boot_ns) / 1000000U);
}
