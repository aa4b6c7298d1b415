/* SPDX-License-Identifier: Apache-2.0 */
/* frame: see frame.h. Headers by RFC 791, 8200, 9293, 768, 792 and 4443. */
#include "lab/frame.h"

#include "lab/checksum.h"
#include "lab/put.h"

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	FRAGMENT_HEADER = 8,
	TCP_HEADER = 20,
	TCP_OPTIONS_MAX = 40,
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_FRAGMENT = 44,
	PROTO_ICMPV6 = 58,
	TCP_SYN = 2,
	TCP_ACK = 16,
	WHOLE = 0,
	LATER = 2,
	/* In units of 8 bytes: what follows a first part of 1480. */
	LATER_OFFSET = 185,
	IPV4_MORE = 0x2000,
	IPV4_WHOLE = 0x4000,
	IPV6_MORE = 1,
};

bool frame_is_v4(const struct lab_packet *packet)
{
	return ip_is_v4(&packet->src) && ip_is_v4(&packet->dst);
}

uint8_t *frame_ethernet(uint8_t *at, unsigned version)
{
	/* Locally administered addresses: there is no such device. */
	static const uint8_t addresses[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };

	at = put_bytes(at, addresses, sizeof(addresses));
	return put16(at, version == 4 ? 0x0800 : 0x86dd);
}

/* Of the transport header, @left bytes being in the packet behind the IP header. */
static size_t transport_len(const struct lab_packet *packet, size_t left)
{
	if (packet->fragment == LATER)
		return 0;
	switch (packet->proto) {
	case PROTO_UDP:
		return UDP_HEADER;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return ICMP_HEADER;
	case PROTO_TCP:
		break;
	default:
		return 0;
	}
	/* A SYN carries options rather than data. */
	if (packet->tcp_flags & TCP_SYN && left > TCP_HEADER && left % 4 == 0 &&
	    left <= TCP_HEADER + TCP_OPTIONS_MAX)
		return left;
	return TCP_HEADER;
}

static uint8_t *put_tcp(uint8_t *at, const struct lab_packet *packet, size_t len)
{
	static const uint8_t segment_size[4] = { 2, 4, 5, 0xb4 };
	uint32_t number = (uint32_t)(packet->time_ns >> 10);

	at = put16(put16(at, packet->sport), packet->dport);
	at = put32(put32(at, number), packet->tcp_flags & TCP_ACK ? ~number : 0);
	at = put8(put8(at, (uint8_t)(len / 4 << 4)), packet->tcp_flags);
	at = put32(put16(at, 0xffff), 0);
	if (len > TCP_HEADER)
		at = put_zeros(put_bytes(at, segment_size, 4), len - TCP_HEADER - 4);
	return at;
}

/* @len: of the header; @left: of header and data. Return: offset of the checksum, or 0. */
static size_t put_transport(uint8_t *at, const struct lab_packet *packet, size_t len, size_t left)
{
	if (len == 0)
		return 0;
	switch (packet->proto) {
	case PROTO_TCP:
		put_tcp(at, packet, len);
		return 16;
	case PROTO_UDP:
		put16(put16(put16(put16(at, packet->sport), packet->dport), (uint16_t)left), 0);
		return 6;
	default:
		put32(put32(at, (uint32_t)packet->dport << 16), 0);
		return 2;
	}
}

static void put_checksum(uint8_t *at, size_t offset, const struct lab_packet *packet, size_t len,
			 size_t left)
{
	bool v4 = frame_is_v4(packet);
	uint64_t sum = checksum_add(0, at, len);

	if (packet->proto != PROTO_ICMP) {
		size_t skip = v4 ? 12 : 0;

		sum = checksum_add(sum, packet->src.b + skip, 16 - skip);
		sum = checksum_add(sum, packet->dst.b + skip, 16 - skip);
		sum = checksum_add32(checksum_add32(sum, (uint32_t)left), packet->proto);
	}
	uint16_t checksum = checksum_of(sum);
	/* UDP: zero would stand for none. */
	put16(at + offset, checksum || packet->proto != PROTO_UDP ? checksum : 0xffff);
}

static uint8_t *put_ipv4(uint8_t *at, const struct lab_packet *packet, size_t len)
{
	static const uint16_t fragments[] = { IPV4_WHOLE, IPV4_MORE, LATER_OFFSET };
	uint8_t *begin = at;

	at = put16(put8(put8(at, 0x45), 0), (uint16_t)len);
	at = put16(put16(at, (uint16_t)(packet->time_ns >> 10)), fragments[packet->fragment]);
	at = put16(put8(put8(at, packet->ttl), packet->proto), 0);
	at = put_bytes(put_bytes(at, packet->src.b + 12, 4), packet->dst.b + 12, 4);
	put16(begin + 10, checksum_of(checksum_add(0, begin, IPV4_HEADER)));
	return at;
}

static uint8_t *put_ipv6(uint8_t *at, const struct lab_packet *packet, size_t len)
{
	static const uint16_t fragments[] = { 0, IPV6_MORE, LATER_OFFSET << 3 };

	at = put16(put32(at, 0x60000000), (uint16_t)(len - IPV6_HEADER));
	at = put8(at, packet->fragment == WHOLE ? packet->proto : PROTO_FRAGMENT);
	at = put8(at, packet->ttl);
	at = put_bytes(put_bytes(at, packet->src.b, 16), packet->dst.b, 16);
	if (packet->fragment == WHOLE)
		return at;
	at = put16(put8(put8(at, packet->proto), 0), fragments[packet->fragment]);
	return put32(at, (uint32_t)(packet->time_ns >> 10));
}

/* Bytes of the headers before the transport's. */
static size_t network_len(const struct lab_packet *packet)
{
	if (frame_is_v4(packet))
		return IPV4_HEADER;
	return packet->fragment == WHOLE ? IPV6_HEADER : IPV6_HEADER + FRAGMENT_HEADER;
}

size_t frame_length(const struct lab_packet *packet)
{
	size_t header = network_len(packet);
	size_t left = packet->length > header ? packet->length - header : 0;
	size_t least = transport_len(packet, left);

	return header + (left > least ? left : least);
}

uint8_t *frame_ip(uint8_t *at, const struct lab_packet *packet, size_t *ret_len)
{
	bool v4 = frame_is_v4(packet);
	size_t header = network_len(packet);
	size_t left = frame_length(packet) - header;
	size_t len = transport_len(packet, left);

	at = v4 ? put_ipv4(at, packet, header + left) : put_ipv6(at, packet, header + left);
	size_t checksum = put_transport(at, packet, len, left);
	if (checksum)
		put_checksum(at, checksum, packet, len, left);
	*ret_len = header + left;
	return at + len;
}
