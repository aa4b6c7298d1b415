/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_flowsets: NetFlow v9 and IPFIX messages, which differ in header and times.
 *
 * Data records of template 256, 54 bytes: what a router's fixed record has.
 *
 *    0 src  4 dst  8 next hop  12 in  16 out  20 packets  24 bytes
 *   v9:    28 first  32 last (SysUptime)  36 src as  40 dst as
 *   IPFIX: 28 start, 8 bytes  36 end, 8 bytes (ms since 1970)
 *   44 sport  46 dport  48 flags  49 protocol  50 tos  51 src mask  52 dst mask  53 direction
 *
 * Template 257 announces the sampling rate of the whole exporter.
 */
#include "wire.h"

#define V9_HEADER    20
#define IPFIX_HEADER 16
#define SET_HEADER   4
#define RECORD       54
#define RECORDS      26
#define TEMPLATE     256
#define OPTIONS      257

/* Element and length of each field. */
static const uint16_t v9_fields[][2] = {
	{ 8, 4 },  { 12, 4 }, { 15, 4 }, { 10, 4 }, { 14, 4 }, { 2, 4 },  { 1, 4 },
	{ 22, 4 }, { 21, 4 }, { 16, 4 }, { 17, 4 }, { 7, 2 },  { 11, 2 }, { 6, 1 },
	{ 4, 1 },  { 5, 1 },  { 9, 1 },  { 13, 1 }, { 61, 1 },
};
static const uint16_t ipfix_fields[][2] = {
	{ 8, 4 }, { 12, 4 },  { 15, 4 },  { 10, 4 }, { 14, 4 }, { 2, 4 },
	{ 1, 4 }, { 152, 8 }, { 153, 8 }, { 7, 2 },  { 11, 2 }, { 6, 1 },
	{ 4, 1 }, { 5, 1 },   { 9, 1 },   { 13, 1 }, { 61, 1 },
};
#define V9_FIELDS    (sizeof(v9_fields) / sizeof(v9_fields[0]))
#define IPFIX_FIELDS (sizeof(ipfix_fields) / sizeof(ipfix_fields[0]))

static void lay_records(uint8_t *set, const struct wire_source *source)
{
	put16(put16(set, TEMPLATE), SET_HEADER + RECORDS * RECORD);
	for (unsigned i = 0; i < RECORDS; i++) {
		uint8_t *r = set + SET_HEADER + (size_t)i * RECORD;
		put32(put32(r + 12, 1), 2);
		put32(put32(r + 20, source->packets), source->packets * wire_packet_bytes(i));
		put16(r + 46, wire_service(i));
		put8(put8(r + 48, wire_is_udp(i) ? 0 : 0x18), wire_is_udp(i) ? 17 : 6);
		put8(put8(r + 51, 24), 16);
	}
}

static void v9_header(uint8_t *datagram, const struct wire_source *source, uint16_t count)
{
	uint8_t *at = put16(put16(datagram, 9), count);

	at = put32(at, wire_uptime_ms(source));
	at = put32(at, (uint32_t)(source->now_ns / 1000000000U));
	put32(put32(at, source->sequence), source->number);
}

static void v9_lay(uint8_t *datagram, const struct wire_source *source)
{
	lay_records(datagram + V9_HEADER, source);
}

static void v9_fill(uint8_t *datagram, struct wire_source *source, const struct sight *sights)
{
	uint32_t uptime_ms = wire_uptime_ms(source);

	v9_header(datagram, source, RECORDS);
	for (unsigned i = 0; i < RECORDS; i++) {
		uint8_t *r = datagram + V9_HEADER + SET_HEADER + (size_t)i * RECORD;
		put32(put32(r, sights[i].src), sights[i].dst);
		put32(r + 28, uptime_ms - sights[i].begin_age_ms);
		put32(r + 32, uptime_ms - sights[i].end_age_ms);
		put16(r + 44, sights[i].sport);
	}
	source->sequence++;
}

static uint8_t *put_fields(uint8_t *at, const uint16_t (*fields)[2], size_t count)
{
	at = put16(put16(at, TEMPLATE), (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		at = put16(put16(at, fields[i][0]), fields[i][1]);
	return at;
}

static size_t v9_announce(uint8_t *datagram, struct wire_source *source)
{
	uint8_t *at = datagram + V9_HEADER;

	at = put16(put16(at, 0), SET_HEADER + 4 + V9_FIELDS * 4);
	at = put_fields(at, v9_fields, V9_FIELDS);
	if (source->sampling) {
		/* Scope "system", 4 bytes; sampling interval 34 and algorithm 35. */
		at = put16(put16(put16(put16(put16(at, 1), 24), OPTIONS), 4), 8);
		at = put16(put16(put16(put16(put16(put16(at, 1), 4), 34), 4), 35), 1);
		at = put16(at, 0);
		at = put16(put16(at, OPTIONS), SET_HEADER + 12);
		at = put8(put32(put32(at, 0), source->sampling), 2);
		at = put8(put16(at, 0), 0);
	}
	v9_header(datagram, source, source->sampling ? 3 : 1);
	source->sequence++;
	return (size_t)(at - datagram);
}

static void ipfix_header(uint8_t *message, const struct wire_source *source, size_t len)
{
	uint8_t *at = put16(put16(message, 10), (uint16_t)len);

	at = put32(at, (uint32_t)(source->now_ns / 1000000000U));
	put32(put32(at, source->sequence), source->number);
}

static void ipfix_lay(uint8_t *message, const struct wire_source *source)
{
	lay_records(message + IPFIX_HEADER, source);
}

static void ipfix_fill(uint8_t *message, struct wire_source *source, const struct sight *sights)
{
	uint64_t now_ms = source->now_ns / 1000000U;

	ipfix_header(message, source, IPFIX_HEADER + SET_HEADER + RECORDS * RECORD);
	for (unsigned i = 0; i < RECORDS; i++) {
		uint8_t *r = message + IPFIX_HEADER + SET_HEADER + (size_t)i * RECORD;
		put32(put32(r, sights[i].src), sights[i].dst);
		put64(r + 28, now_ms - sights[i].begin_age_ms);
		put64(r + 36, now_ms - sights[i].end_age_ms);
		put16(r + 44, sights[i].sport);
	}
	source->sequence += RECORDS;
}

static size_t ipfix_announce(uint8_t *message, struct wire_source *source)
{
	uint8_t *at = message + IPFIX_HEADER;
	uint32_t options = 0;

	at = put16(put16(at, 2), SET_HEADER + 4 + IPFIX_FIELDS * 4);
	at = put_fields(at, ipfix_fields, IPFIX_FIELDS);
	if (source->sampling) {
		/* Scope observation domain 149; 305 packets taken, 306 left out. */
		at = put16(put16(put16(put16(put16(at, 3), 22), OPTIONS), 3), 1);
		at = put16(put16(put16(put16(put16(put16(at, 149), 4), 305), 4), 306), 4);
		at = put16(put16(at, OPTIONS), SET_HEADER + 12);
		at = put32(put32(put32(at, source->number), 1), source->sampling - 1);
		options = 1;
	}
	ipfix_header(message, source, (size_t)(at - message));
	/* The sequence counts data records, and options data are such. */
	source->sequence += options;
	return (size_t)(at - message);
}

const struct wire wire_netflow9 = {
	.name = "netflow9",
	.port = 2055,
	.len = V9_HEADER + SET_HEADER + RECORDS * RECORD,
	.records = RECORDS,
	.sequence = 1,
	.lay = v9_lay,
	.fill = v9_fill,
	.announce = v9_announce,
};

const struct wire wire_ipfix = {
	.name = "ipfix",
	.port = 4739,
	.len = IPFIX_HEADER + SET_HEADER + RECORDS * RECORD,
	.records = RECORDS,
	.sequence = RECORDS,
	.lay = ipfix_lay,
	.fill = ipfix_fill,
	.announce = ipfix_announce,
};
