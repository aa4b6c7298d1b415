/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: the flow records of one sample describe one packet.
 *
 * Read: sampled header (0:1), sampled IPv4 (0:3) and IPv6 (0:4), extended
 * switch (0:1001), router (0:1002), gateway (0:1003). Sampled Ethernet (0:2)
 * names no addresses and makes no flow by itself. All others, and those of
 * enterprises, are stepped over by their length.
 *
 * `bytes` is the length of the IP packet where a sampled IPv4 or IPv6 record
 * states it, else the frame length stated with the header, link layer included.
 */
#include "ingest/packet.h"
#include "ingest/sflow5/sflow5.h"

enum {
	RECORD_HEADER = 1,
	RECORD_IPV4 = 3,
	RECORD_IPV6 = 4,
	RECORD_SWITCH = 1001,
	RECORD_ROUTER = 1002,
	RECORD_GATEWAY = 1003,
	VLAN_MAX = 4094,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_SCTP = 132,
};

/** What a sampled IPv4 or IPv6 record says. */
struct sampled_ip {
	struct ip src;
	struct ip dst;
	uint32_t has; /**< enum flow_has */
	uint32_t bytes;
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t tcp_flags;
	uint8_t tos;
};

/** What the records of one sample gave. */
struct gathered {
	struct bytes ipv4;
	struct bytes ipv6;
	bool has_ipv4;
	bool has_ipv6;
	bool has_header; /**< a sampled header that was understood */
	uint32_t vlan;   /**< from extended switch data */
	int failure;     /**< why the latest sampled header gave nothing */
};

static int fail(enum reason reason)
{
	return -(int)reason - 1;
}

/** The header protocols of the specification that can lead to IP. */
static int link_of(uint32_t protocol, enum packet_link *ret_link)
{
	switch (protocol) {
	case 1:
		*ret_link = PACKET_ETHERNET;
		return 0;
	case 7:
		*ret_link = PACKET_PPP;
		return 0;
	case 11:
	case 12:
		*ret_link = PACKET_IP;
		return 0;
	case 13:
		*ret_link = PACKET_MPLS;
		return 0;
	default:
		return fail(REASON_LINK_TYPE);
	}
}

static int header_record(struct bytes b, struct flow *flow)
{
	uint32_t protocol = bytes_be32(&b);
	uint32_t frame_len = bytes_be32(&b);
	struct packet_view view = { 0 };

	bytes_skip(&b, 4); /* bytes stripped from the frame; part of its length all the same */
	view.len = bytes_be32(&b);
	view.data = bytes_take(&b, view.len);
	if (b.failed)
		return fail(REASON_LENGTH);
	view.wire_len = frame_len;
	int r = link_of(protocol, &view.link);
	if (r < 0)
		return r;
	r = packet_parse(&view, flow);
	if (r < 0)
		return r;
	flow->bytes = frame_len;
	return 0;
}

/** The part that sampled IPv4 and IPv6 share: behind the addresses. */
static void ports_read(struct bytes *b, struct sampled_ip *ip)
{
	uint32_t sport = bytes_be32(b);
	uint32_t dport = bytes_be32(b);
	uint32_t tcp_flags = bytes_be32(b);

	if (ip->proto == PROTO_TCP || ip->proto == PROTO_UDP || ip->proto == PROTO_SCTP) {
		ip->sport = (uint16_t)sport;
		ip->dport = (uint16_t)dport;
		ip->has |= FLOW_HAS_SPORT | FLOW_HAS_DPORT;
	}
	if (ip->proto == PROTO_TCP) {
		ip->tcp_flags = (uint8_t)tcp_flags;
		ip->has |= FLOW_HAS_TCP_FLAGS;
	}
	ip->tos = (uint8_t)bytes_be32(b); /* IPv6: called priority */
}

/** @ret_ip: untouched on failure. */
static int ip_record(struct bytes b, bool v6, struct sampled_ip *ret_ip)
{
	size_t address_len = v6 ? 16 : 4;
	struct sampled_ip read = { 0 };

	read.bytes = bytes_be32(&b);
	read.proto = (uint8_t)bytes_be32(&b);
	const uint8_t *src = bytes_take(&b, address_len);
	const uint8_t *dst = bytes_take(&b, address_len);

	ports_read(&b, &read);
	if (b.failed)
		return fail(REASON_LENGTH);
	read.src = v6 ? ip_from_v6(src) : ip_from_v4(src);
	read.dst = v6 ? ip_from_v6(dst) : ip_from_v4(dst);
	read.has |= FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_PROTO | FLOW_HAS_TOS | FLOW_HAS_BYTES |
		    FLOW_HAS_PACKETS;
	*ret_ip = read;
	return 0;
}

static void ip_fill(struct flow *flow, const struct sampled_ip *ip)
{
	flow->has |= ip->has;
	flow->src = ip->src;
	flow->dst = ip->dst;
	flow->bytes = ip->bytes;
	flow->packets = 1;
	flow->proto = ip->proto;
	flow->sport = ip->sport;
	flow->dport = ip->dport;
	flow->tcp_flags = ip->tcp_flags;
	flow->tos = ip->tos;
}

static void router_record(struct bytes b, struct flow *flow)
{
	struct ip next_hop = sflow_address_read(&b);

	if (b.failed || ip_is_zero(&next_hop))
		return;
	flow->next_hop = next_hop;
	flow->has |= FLOW_HAS_NEXT_HOP;
}

/** The last number of the path to the destination; @count segments of type, length, numbers. */
static bool path_end(struct bytes *b, uint32_t *ret_as)
{
	uint32_t segments = bytes_be32(b);
	bool found = false;

	for (uint32_t i = 0; i < segments && !b->failed; i++) {
		bytes_skip(b, 4);
		uint32_t len = bytes_be32(b);
		const uint8_t *at = bytes_take(b, (size_t)len * 4);

		if (at && len) {
			*ret_as = be32_at(at + (size_t)(len - 1) * 4);
			found = true;
		}
	}
	return found && !b->failed;
}

static void gateway_record(struct bytes b, struct flow *flow)
{
	struct ip next_hop = sflow_address_read(&b);
	uint32_t dst_as;

	bytes_skip(&b, 4); /* the router's own number */
	uint32_t src_as = bytes_be32(&b);
	bytes_skip(&b, 4); /* the peer it came from */
	if (b.failed)
		return;
	flow->src_as = src_as;
	flow->has |= FLOW_HAS_SRC_AS;
	if (!(flow->has & FLOW_HAS_NEXT_HOP) && !ip_is_zero(&next_hop)) {
		flow->next_hop = next_hop;
		flow->has |= FLOW_HAS_NEXT_HOP;
	}
	if (path_end(&b, &dst_as)) {
		flow->dst_as = dst_as;
		flow->has |= FLOW_HAS_DST_AS;
	}
}

static void record_read(const struct sflow_item *item, struct gathered *gathered, struct flow *flow)
{
	struct bytes b = item->body;
	int r;

	switch (item->type) {
	case RECORD_HEADER:
		if (gathered->has_header)
			break;
		r = header_record(b, flow);
		gathered->has_header = r == 0;
		gathered->failure = r;
		break;
	case RECORD_IPV4:
		gathered->ipv4 = b;
		gathered->has_ipv4 = true;
		break;
	case RECORD_IPV6:
		gathered->ipv6 = b;
		gathered->has_ipv6 = true;
		break;
	case RECORD_SWITCH:
		gathered->vlan = bytes_be32(&b);
		break;
	case RECORD_ROUTER:
		router_record(b, flow);
		break;
	case RECORD_GATEWAY:
		gateway_record(b, flow);
		break;
	default:
		break;
	}
}

/** The packet from the records gathered. Return: 0, or -(enum reason) - 1. */
static int packet_fill(const struct gathered *gathered, struct flow *flow)
{
	struct sampled_ip ip;
	int r = fail(REASON_FIELD);

	if (gathered->has_ipv4)
		r = ip_record(gathered->ipv4, false, &ip);
	if (r < 0 && gathered->has_ipv6)
		r = ip_record(gathered->ipv6, true, &ip);
	if (gathered->has_header) {
		if (r == 0)
			flow->bytes = ip.bytes;
		return 0;
	}
	if (r < 0)
		return gathered->failure;
	ip_fill(flow, &ip);
	return 0;
}

int sflow_records_read(struct bytes *b, uint32_t count, struct flow *flow)
{
	struct gathered gathered = { .failure = fail(REASON_FIELD) };

	for (uint32_t i = 0; i < count && bytes_left(b) > 0; i++) {
		struct sflow_item item;

		if (!sflow_item_read(b, &item)) {
			gathered.failure = fail(REASON_LENGTH);
			break;
		}
		record_read(&item, &gathered, flow);
	}
	int r = packet_fill(&gathered, flow);
	if (r < 0)
		return r;
	if (!(flow->has & FLOW_HAS_VLAN) && gathered.vlan > 0 && gathered.vlan <= VLAN_MAX) {
		flow->vlan = (uint16_t)gathered.vlan;
		flow->has |= FLOW_HAS_VLAN;
	}
	return 0;
}
