/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_layer: the pieces packet_parse() is made of; for packet*.c only.
 *
 * A walk goes over the headers from the outside in. packet_link_enter() brings
 * it to an IP header, packet_ip_read() over that and the transport header,
 * packet_tunnel_open() says whether there is another packet behind those.
 */
#pragma once

#include "base/bytes.h"
#include "ingest/packet.h"

/** Headers below IP that are stepped over before a packet is given up. */
#define PACKET_LINK_HEADERS 16

/** What the walk stands before. */
enum packet_next {
	NEXT_IP,
	NEXT_ETHERNET,
	NEXT_TYPE, /**< whatever the ethertype in walk.type says */
	NEXT_MPLS,
	NEXT_PPP,
	NEXT_SLL,
	NEXT_SLL2,
	NEXT_LOOP,
	NEXT_FDDI,
	NEXT_FRAME_RELAY,
	NEXT_CISCO_HDLC,
	NEXT_NOT_IP, /**< nothing that leads to an IP header */
};

/** A position in a packet. */
struct packet_walk {
	struct bytes b;       /**< bytes at hand and not read yet */
	const uint8_t *start; /**< first byte of the packet */
	size_t wire_len;      /**< length of the whole packet on the wire */
	uint16_t type;        /**< ethertype, for NEXT_TYPE */
	uint16_t vlan;        /**< innermost VLAN id, 0: none */
};

/** One IP header and what follows it. */
struct packet_ip {
	struct ip src;
	struct ip dst;
	uint64_t len_bytes; /**< header included */
	uint32_t has;       /**< enum flow_has, only for what is below */
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t tcp_flags;
	uint8_t tos;
	uint8_t ttl;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t fragment;
};

/** Bytes from the position to the end of the packet on the wire, at hand or not. */
static inline size_t packet_wire_left(const struct packet_walk *walk)
{
	size_t read = (size_t)(walk->b.at - walk->start);
	return walk->wire_len > read ? walk->wire_len - read : 0;
}

/** A failure as packet_parse() returns it. */
static inline int packet_fail(enum reason reason)
{
	return -(int)reason - 1;
}

/**
 * packet_link_enter() - go to the IP header.
 * @next: what the walk stands before
 *
 * Return: 0, or -(enum reason) - 1.
 */
int packet_link_enter(struct packet_walk *walk, enum packet_next next);

/**
 * packet_ip_read() - read an IP header, its extension headers and the address part.
 * @ip: zeroed by the caller
 *
 * Leaves the walk before the transport header, with the bytes behind the IP packet (padding,
 * frame check sequence) cut off. Return: 0, or -(enum reason) - 1.
 */
int packet_ip_read(struct packet_walk *walk, struct packet_ip *ip);

/** packet_transport_read() - ports, TCP flags, ICMP type; the walk stays where it is. */
void packet_transport_read(const struct packet_walk *walk, struct packet_ip *ip);

/**
 * packet_tunnel_open() - is what @ip carries a packet of its own?
 * @ret_next: what the walk then stands before; untouched if there is no tunnel
 *
 * Return: the kind, TUNNEL_NONE if there is none.
 */
enum tunnel packet_tunnel_open(struct packet_walk *walk, const struct packet_ip *ip,
			       enum packet_next *ret_next);
