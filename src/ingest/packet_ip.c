/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_ip: IPv4 (RFC 791), IPv6 with its extension headers (RFC 8200, AH
 * RFC 4302, fragments RFC 6946), and the front of the transport headers.
 */
#include "ingest/packet_layer.h"

/** IPv6 extension headers that are stepped over; more than a real packet has. */
#define IPV6_EXTENSIONS 8

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DESTINATION = 60,
	PROTO_SCTP = 132,
	PROTO_MOBILITY = 135,
	PROTO_UDP_LITE = 136,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

#define HAS_IP                                                                        \
	(FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_PROTO | FLOW_HAS_TTL | FLOW_HAS_TOS | \
	 FLOW_HAS_FRAGMENT)

/** Leave only what belongs to the IP packet; @len counts from the position. */
static void trim(struct packet_walk *walk, size_t len)
{
	if (len < bytes_left(&walk->b))
		walk->b.end = walk->b.at + len;
}

static int read_ipv4(struct packet_walk *walk, struct packet_ip *ip)
{
	size_t wire_left = packet_wire_left(walk);
	const uint8_t *at = bytes_take(&walk->b, IPV4_HEADER);

	if (!at)
		return packet_fail(REASON_SHORT);
	size_t header = (at[0] & 15) * (size_t)4;
	size_t len = be16_at(at + 2);
	uint16_t fragment = be16_at(at + 6);

	if (header < IPV4_HEADER)
		return packet_fail(REASON_LENGTH);
	if (len < header)
		len = wire_left;
	ip->has = HAS_IP;
	ip->src = ip_from_v4(at + 12);
	ip->dst = ip_from_v4(at + 16);
	ip->len_bytes = len;
	ip->tos = at[1];
	ip->ttl = at[8];
	ip->proto = at[9];
	if (fragment & 0x3fff) /* more to come, or an offset */
		ip->fragment = fragment & 0x1fff ? 2 : 1;
	trim(walk, len - IPV4_HEADER);
	/* Cut within the options: the transport header is not at hand, and that is no error. */
	bytes_skip(&walk->b, header - IPV4_HEADER);
	return 0;
}

/** Length in bytes of the extension header of type @proto at @at; 0 if it is none. */
static size_t extension_len(uint8_t proto, const uint8_t *at)
{
	switch (proto) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return (at[1] + 1U) * (size_t)8;
	case PROTO_FRAGMENT:
		return 8;
	case PROTO_AH:
		return (at[1] + 2U) * (size_t)4;
	default:
		return 0;
	}
}

static void read_extensions(struct packet_walk *walk, struct packet_ip *ip)
{
	for (int i = 0; i < IPV6_EXTENSIONS && ip->fragment < 2; i++) {
		if (bytes_left(&walk->b) < 8) /* no extension header is shorter */
			return;
		const uint8_t *at = walk->b.at;
		size_t len = extension_len(ip->proto, at);

		if (len == 0)
			return;
		if (ip->proto == PROTO_FRAGMENT) {
			uint16_t offset = be16_at(at + 2);

			/* Offset 0 and none to come: a whole packet after all (RFC 6946). */
			if (offset & 0xfff9)
				ip->fragment = offset & 0xfff8 ? 2 : 1;
		}
		ip->proto = at[0];
		bytes_skip(&walk->b, len);
	}
}

static int read_ipv6(struct packet_walk *walk, struct packet_ip *ip)
{
	size_t wire_left = packet_wire_left(walk);
	const uint8_t *at = bytes_take(&walk->b, IPV6_HEADER);

	if (!at)
		return packet_fail(REASON_SHORT);
	size_t payload = be16_at(at + 4);

	ip->has = HAS_IP;
	ip->src = ip_from_v6(at + 8);
	ip->dst = ip_from_v6(at + 24);
	ip->tos = (uint8_t)(be16_at(at) >> 4);
	ip->proto = at[6];
	ip->ttl = at[7];
	ip->len_bytes = payload ? payload + IPV6_HEADER : wire_left;
	if (payload)
		trim(walk, payload);
	read_extensions(walk, ip);
	return 0;
}

int packet_ip_read(struct packet_walk *walk, struct packet_ip *ip)
{
	if (bytes_left(&walk->b) == 0)
		return packet_fail(REASON_SHORT);
	switch (walk->b.at[0] >> 4) {
	case 4:
		return read_ipv4(walk, ip);
	case 6:
		return read_ipv6(walk, ip);
	default:
		return packet_fail(REASON_VERSION);
	}
}

static void read_ports(const uint8_t *at, size_t left, struct packet_ip *ip)
{
	if (left >= 2) {
		ip->sport = be16_at(at);
		ip->has |= FLOW_HAS_SPORT;
	}
	if (left >= 4) {
		ip->dport = be16_at(at + 2);
		ip->has |= FLOW_HAS_DPORT;
	}
	if (ip->proto == PROTO_TCP && left >= 14) {
		ip->tcp_flags = at[13];
		ip->has |= FLOW_HAS_TCP_FLAGS;
	}
}

void packet_transport_read(const struct packet_walk *walk, struct packet_ip *ip)
{
	const uint8_t *at = walk->b.at;
	size_t left = walk->b.failed ? 0 : bytes_left(&walk->b);

	if (ip->fragment == 2)
		return;
	switch (ip->proto) {
	case PROTO_TCP:
	case PROTO_UDP:
	case PROTO_DCCP:
	case PROTO_SCTP:
	case PROTO_UDP_LITE:
		read_ports(at, left, ip);
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if (left >= 2) {
			ip->icmp_type = at[0];
			ip->icmp_code = at[1];
			ip->has |= FLOW_HAS_ICMP;
		}
		break;
	default:
		break;
	}
}
