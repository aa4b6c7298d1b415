/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_tunnel: packets within packets.
 *
 * GRE version 0 with checksum, key and sequence (RFC 2784, 2890), version 1
 * (PPTP, RFC 2637); IPv4 and IPv6 in either (RFC 2003, 4213, 2473); VXLAN
 * (RFC 7348) on its own port, and on the one Linux used before when all bytes
 * of its header agree. Source-routed GRE (RFC 1701) is not entered.
 */
#include "ingest/packet_layer.h"

enum {
	PROTO_IPV4 = 4,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_GRE = 47,
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACKNOWLEDGE = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
	VXLAN_PORT = 4789,
	VXLAN_PORT_LINUX = 8472,
	VXLAN_ID_VALID = 0x08,
};

static enum tunnel open_gre(struct packet_walk *walk, enum packet_next *ret_next)
{
	uint16_t flags = bytes_be16(&walk->b);
	unsigned version = flags & GRE_VERSION;

	walk->type = bytes_be16(&walk->b);
	if (version > 1 || (flags & GRE_ROUTING))
		return TUNNEL_NONE;
	if (flags & GRE_CHECKSUM)
		bytes_skip(&walk->b, 4);
	if (flags & GRE_KEY)
		bytes_skip(&walk->b, 4);
	if (flags & GRE_SEQUENCE)
		bytes_skip(&walk->b, 4);
	if (version == 1 && (flags & GRE_ACKNOWLEDGE))
		bytes_skip(&walk->b, 4);
	if (walk->b.failed)
		return TUNNEL_NONE;
	*ret_next = NEXT_TYPE;
	return TUNNEL_GRE;
}

static enum tunnel open_vxlan(struct packet_walk *walk, uint16_t port, enum packet_next *ret_next)
{
	bytes_skip(&walk->b, 8); /* UDP */
	uint32_t flags = bytes_be32(&walk->b);
	uint32_t id = bytes_be32(&walk->b);

	if (walk->b.failed || !(flags >> 24 & VXLAN_ID_VALID))
		return TUNNEL_NONE;
	if (port == VXLAN_PORT_LINUX && (flags != (uint32_t)VXLAN_ID_VALID << 24 || (id & 0xff)))
		return TUNNEL_NONE;
	*ret_next = NEXT_ETHERNET;
	return TUNNEL_VXLAN;
}

enum tunnel packet_tunnel_open(struct packet_walk *walk, const struct packet_ip *ip,
			       enum packet_next *ret_next)
{
	if (ip->fragment == 2 || walk->b.failed)
		return TUNNEL_NONE;
	switch (ip->proto) {
	case PROTO_IPV4:
	case PROTO_IPV6:
		*ret_next = NEXT_IP;
		return TUNNEL_IPIP;
	case PROTO_GRE:
		return open_gre(walk, ret_next);
	case PROTO_UDP:
		if (ip->dport == VXLAN_PORT || ip->dport == VXLAN_PORT_LINUX)
			return open_vxlan(walk, ip->dport, ret_next);
		return TUNNEL_NONE;
	default:
		return TUNNEL_NONE;
	}
}
