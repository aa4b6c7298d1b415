/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet: walks the headers of a packet from the outside in (packet.h).
 *
 * The parts: packet_link.c up to the IP header, packet_ip.c the IP and
 * transport headers, packet_tunnel.c what tunnels carry.
 */
#include "ingest/packet.h"

#include <assert.h>

#include "ingest/packet_layer.h"

/** Tunnels within tunnels that are followed. */
#define TUNNEL_DEPTH 4

static const enum packet_next first_header[PACKET_LINK_COUNT] = {
	[PACKET_ETHERNET] = NEXT_ETHERNET,
	[PACKET_IP] = NEXT_IP,
	[PACKET_MPLS] = NEXT_MPLS,
	[PACKET_PPP] = NEXT_PPP,
	[PACKET_SLL] = NEXT_SLL,
	[PACKET_SLL2] = NEXT_SLL2,
	[PACKET_LOOP] = NEXT_LOOP,
	[PACKET_FDDI] = NEXT_FDDI,
	[PACKET_FRAME_RELAY] = NEXT_FRAME_RELAY,
	[PACKET_CISCO_HDLC] = NEXT_CISCO_HDLC,
};

static struct packet_walk walk_of(const struct packet_view *view)
{
	assert(view && view->data);
	return (struct packet_walk){
		.b = bytes_of(view->data, view->len),
		.start = view->data,
		.wire_len = view->wire_len > view->len ? view->wire_len : view->len,
	};
}

/** Follow tunnels inward; the last packet that can be read is the inner one. */
static void inner_read(struct packet_walk *walk, const struct packet_ip *outer, struct flow *flow)
{
	struct packet_ip around = *outer;
	enum packet_next next;

	for (int depth = 0; depth < TUNNEL_DEPTH; depth++) {
		enum tunnel tunnel = packet_tunnel_open(walk, &around, &next);
		struct packet_ip ip = { 0 };

		if (tunnel == TUNNEL_NONE || packet_link_enter(walk, next) < 0 ||
		    packet_ip_read(walk, &ip) < 0)
			return;
		packet_transport_read(walk, &ip);
		flow->has |= FLOW_HAS_INNER;
		flow->inner = (struct flow_inner){
			.src = ip.src,
			.dst = ip.dst,
			.sport = ip.sport,
			.dport = ip.dport,
			.proto = ip.proto,
			.tcp_flags = ip.tcp_flags,
			.tunnel = (uint8_t)tunnel,
		};
		around = ip;
	}
}

static void flow_fill(struct flow *flow, const struct packet_ip *ip)
{
	flow->has |= ip->has | FLOW_HAS_BYTES | FLOW_HAS_PACKETS;
	flow->src = ip->src;
	flow->dst = ip->dst;
	flow->bytes = ip->len_bytes;
	flow->packets = 1;
	flow->sport = ip->sport;
	flow->dport = ip->dport;
	flow->proto = ip->proto;
	flow->tcp_flags = ip->tcp_flags;
	flow->tos = ip->tos;
	flow->ttl = ip->ttl;
	flow->icmp_type = ip->icmp_type;
	flow->icmp_code = ip->icmp_code;
	flow->fragment = ip->fragment;
}

int packet_parse(const struct packet_view *view, struct flow *flow)
{
	struct packet_walk walk = walk_of(view);
	struct packet_ip ip = { 0 };
	int r = packet_link_enter(&walk, first_header[view->link]);

	if (r < 0)
		return r;
	uint16_t vlan = walk.vlan;
	r = packet_ip_read(&walk, &ip);
	if (r < 0)
		return r;
	packet_transport_read(&walk, &ip);
	flow_fill(flow, &ip);
	if (vlan) {
		flow->has |= FLOW_HAS_VLAN;
		flow->vlan = vlan;
	}
	inner_read(&walk, &ip, flow);
	return 0;
}

int packet_udp(const struct packet_view *view, struct packet_udp *ret_udp)
{
	struct packet_walk walk = walk_of(view);
	struct packet_ip ip = { 0 };
	int r = packet_link_enter(&walk, first_header[view->link]);

	if (r < 0)
		return r;
	r = packet_ip_read(&walk, &ip);
	if (r < 0)
		return r;
	if (ip.proto != 17)
		return packet_fail(REASON_FIELD);
	struct packet_udp udp = { .src = ip.src, .dst = ip.dst, .fragment = ip.fragment };
	if (ip.fragment < 2) {
		udp.sport = bytes_be16(&walk.b);
		udp.dport = bytes_be16(&walk.b);
		uint16_t len = bytes_be16(&walk.b);
		bytes_skip(&walk.b, 2);
		if (walk.b.failed)
			return packet_fail(REASON_SHORT);
		if (len && len < 8)
			return packet_fail(REASON_LENGTH);
		udp.data = walk.b.at;
		udp.len = bytes_left(&walk.b);
		udp.wire_len = len ? len - 8U : udp.len;
		if (udp.len > udp.wire_len)
			udp.len = udp.wire_len;
	}
	*ret_udp = udp;
	return 0;
}
