/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_sflow5: sFlow version 5 datagrams with flow samples of Ethernet packets.
 *
 * Header, 28 bytes: version, address type, agent, sub-agent, sequence (counts datagrams),
 * uptime, samples. Sample, 192 bytes:
 *
 *    0 type   4 length   8 sequence  12 source  16 rate  20 pool  24 drops  28 in  32 out
 *   36 records  40 record type  44 length  48 protocol  52 frame length  56 stripped
 *   60 header length  64 128 bytes of packet: Ethernet, IPv4, TCP or UDP; checksums are 0
 */
#include "wire.h"

#define HEADER  28
#define SAMPLE  192
#define SAMPLES 7
#define PACKET  64
#define IP      (PACKET + 14)

static void lay_packet(uint8_t *sample, unsigned index)
{
	static const uint8_t ethernet[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	uint8_t *ip = sample + IP;
	uint16_t len = (uint16_t)wire_packet_bytes(index);

	__builtin_memcpy(sample + PACKET, ethernet, sizeof(ethernet));
	put16(put8(put8(ip, 0x45), 0), len);
	put8(put8(ip + 8, 60), wire_is_udp(index) ? 17 : 6);
	put16(ip + 22, wire_service(index));
	if (wire_is_udp(index))
		put16(ip + 24, (uint16_t)(len - 20));
	else
		put16(put8(put8(ip + 32, 0x50), 0x18), 0xffff);
}

static void lay(uint8_t *datagram, const struct wire_source *source)
{
	put32(put32(put32(put32(datagram, 5), 1), source->address), source->number);
	put32(datagram + 24, SAMPLES);
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint8_t *s = datagram + HEADER + (size_t)i * SAMPLE;
		put32(put32(s, 1), SAMPLE - 8);
		put32(put32(s + 12, 1), source->sampling ? source->sampling : 1);
		put32(put32(put32(s + 28, 1), 2), 1);
		put32(put32(s + 40, 1), SAMPLE - 48);
		put32(put32(put32(put32(s + 48, 1), wire_packet_bytes(i) + 18), 4), 128);
		lay_packet(s, i);
	}
}

static void fill(uint8_t *datagram, struct wire_source *source, const struct sight *sights)
{
	uint32_t rate = source->sampling ? source->sampling : 1;

	put32(put32(datagram + 8, source->address), source->number);
	put32(put32(datagram + 16, ++source->sequence), wire_uptime_ms(source));
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint8_t *s = datagram + HEADER + (size_t)i * SAMPLE;
		put32(s + 8, ++source->samples);
		put32(s + 20, source->samples * rate);
		put32(put32(s + IP + 12, sights[i].src), sights[i].dst);
		put16(s + IP + 20, sights[i].sport);
	}
}

const struct wire wire_sflow5 = {
	.name = "sflow5",
	.port = 6343,
	.len = HEADER + SAMPLES * SAMPLE,
	.records = SAMPLES,
	.sequence = 1,
	.lay = lay,
	.fill = fill,
};
