/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_netflow5: NetFlow version 5 datagrams.
 *
 * Header, 24 bytes: version, count, SysUptime, seconds, nanoseconds, sequence (counts
 * records), engine type and id, sampling mode and interval. Record, 48 bytes:
 *
 *    0 src   4 dst   8 next hop  12 in  14 out  16 packets  20 bytes  24 first  28 last
 *   32 sport 34 dport 37 flags  38 protocol 39 tos 40 src as 42 dst as 44 masks
 */
#include "wire.h"

#define HEADER        24
#define RECORD        48
#define RECORDS       30
#define SAMPLING_MODE 0x4000U
#define SAMPLING_MAX  0x3fffU

static void lay(uint8_t *datagram, const struct wire_source *source)
{
	uint8_t *at = put16(datagram, 5);
	uint32_t rate = source->sampling < SAMPLING_MAX ? source->sampling : SAMPLING_MAX;

	put16(at, RECORDS);
	put16(datagram + 22, (uint16_t)(rate ? SAMPLING_MODE | rate : 0));
	for (unsigned i = 0; i < RECORDS; i++) {
		uint8_t *r = datagram + HEADER + (size_t)i * RECORD;
		put16(put16(r + 12, 1), 2);
		put32(put32(r + 16, source->packets), source->packets * wire_packet_bytes(i));
		put16(r + 34, wire_service(i));
		put8(put8(put8(r + 37, wire_is_udp(i) ? 0 : 0x18), wire_is_udp(i) ? 17 : 6), 0);
		put8(put8(r + 44, 24), 16);
	}
}

static void fill(uint8_t *datagram, struct wire_source *source, const struct sight *sights)
{
	uint32_t uptime_ms = wire_uptime_ms(source);
	uint8_t *at = put32(datagram + 4, uptime_ms);

	at = put32(at, (uint32_t)(source->now_ns / 1000000000U));
	at = put32(at, (uint32_t)(source->now_ns % 1000000000U));
	at = put32(at, source->sequence);
	put8(put8(at, 0), (uint8_t)source->number);
	for (unsigned i = 0; i < RECORDS; i++) {
		uint8_t *r = datagram + HEADER + (size_t)i * RECORD;
		put32(put32(r, sights[i].src), sights[i].dst);
		put32(r + 24, uptime_ms - sights[i].begin_age_ms);
		put32(r + 28, uptime_ms - sights[i].end_age_ms);
		put16(r + 32, sights[i].sport);
	}
	source->sequence += RECORDS;
}

const struct wire wire_netflow5 = {
	.name = "netflow5",
	.port = 2055,
	.len = HEADER + RECORDS * RECORD,
	.records = RECORDS,
	.sequence = RECORDS,
	.lay = lay,
	.fill = fill,
};
