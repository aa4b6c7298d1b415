/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_link: from the first byte of a packet, or of what a tunnel carries,
 * to its IP header.
 *
 * Each step reads one header and says what stands behind it. Steps are
 * counted, so that a packet made of tags alone comes to an end.
 */
#include "ingest/packet_layer.h"

enum ethertype {
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_9100 = 0x9100,
	TYPE_VLAN_9200 = 0x9200,
	TYPE_SVLAN = 0x88a8,
	TYPE_IPV6 = 0x86dd,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_TRANSPARENT_ETHERNET = 0x6558, /* in GRE */
	TYPE_PPP = 0x880b,                  /* in GRE */
	TYPE_LLC_MAX = 1500,                /* up to here it is a length */
};

enum {
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
	ARPHRD_NETLINK = 824,
	NLPID_SNAP = 0x80,
	NLPID_IPV6 = 0x8e,
	NLPID_IPV4 = 0xcc,
	CONTROL_WORD_LEN = 4,
	ETHERNET_TYPE_AT = 12,
};

static enum packet_next step_ethernet(struct packet_walk *walk)
{
	bytes_skip(&walk->b, ETHERNET_TYPE_AT);
	walk->type = bytes_be16(&walk->b);
	return NEXT_TYPE;
}

static enum packet_next step_vlan(struct packet_walk *walk)
{
	uint16_t tag = bytes_be16(&walk->b);

	walk->type = bytes_be16(&walk->b);
	/* Id 0 carries a priority and names no VLAN. */
	if (!walk->b.failed && (tag & 0xfff))
		walk->vlan = tag & 0xfff;
	return NEXT_TYPE;
}

/** Behind an 802.3 length: only SNAP with the zero organisation holds an ethertype. */
static enum packet_next step_llc(struct packet_walk *walk)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	const uint8_t *at = bytes_take(&walk->b, sizeof(snap));

	if (!at || memcmp(at, snap, sizeof(snap)) != 0)
		return NEXT_NOT_IP;
	walk->type = bytes_be16(&walk->b);
	return walk->type > TYPE_LLC_MAX ? NEXT_TYPE : NEXT_NOT_IP;
}

static enum packet_next step_type(struct packet_walk *walk)
{
	switch (walk->type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
		return NEXT_IP;
	case TYPE_VLAN:
	case TYPE_SVLAN:
	case TYPE_VLAN_9100:
	case TYPE_VLAN_9200:
		return step_vlan(walk);
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		return NEXT_MPLS;
	case TYPE_PPPOE:
		bytes_skip(&walk->b, 6);
		return NEXT_PPP;
	case TYPE_PPP:
		return NEXT_PPP;
	case TYPE_TRANSPARENT_ETHERNET:
		return NEXT_ETHERNET;
	default:
		return walk->type <= TYPE_LLC_MAX ? step_llc(walk) : NEXT_NOT_IP;
	}
}

/** PPP: address and control field may be left out, the protocol may be one byte (RFC 1661). */
static enum packet_next step_ppp(struct packet_walk *walk)
{
	uint16_t proto = bytes_u8(&walk->b);

	if (proto == 0xff) {
		bytes_skip(&walk->b, 1);
		proto = bytes_u8(&walk->b);
	}
	if (!(proto & 1))
		proto = (uint16_t)(proto << 8 | bytes_u8(&walk->b));
	if (proto == PPP_IPV4 || proto == PPP_IPV6)
		return NEXT_IP;
	return proto == PPP_MPLS ? NEXT_MPLS : NEXT_NOT_IP;
}

/** Does an Ethernet header that starts @offset bytes on have an ethertype we can go on from? */
static bool ethernet_at(const struct packet_walk *walk, size_t offset)
{
	size_t type_at = offset + ETHERNET_TYPE_AT;

	if (bytes_left(&walk->b) < type_at + 2)
		return false;
	switch (be16_at(walk->b.at + type_at)) {
	case TYPE_IPV4:
	case TYPE_IPV6:
	case TYPE_VLAN:
	case TYPE_SVLAN:
	case TYPE_VLAN_9100:
	case TYPE_MPLS:
	case TYPE_PPPOE:
		return true;
	default:
		return false;
	}
}

/** Does an IP header start @offset bytes on, with a length that fits the room there is? */
static bool ip_at(const struct packet_walk *walk, size_t offset)
{
	size_t room = packet_wire_left(walk) - offset;

	if (bytes_left(&walk->b) < offset + 6)
		return false;
	const uint8_t *at = walk->b.at + offset;
	size_t header = (at[0] & 15) * (size_t)4;
	size_t len = be16_at(at + 2);

	if (at[0] >> 4 == 6)
		return be16_at(at + 4) + 40U <= room;
	return at[0] >> 4 == 4 && header >= 20 && (len == 0 || len >= header) && len <= room;
}

/** As ethernet_at(), sure: it says IP, and IP it is. */
static bool ethernet_with_ip_at(const struct packet_walk *walk, size_t offset)
{
	size_t type_at = offset + ETHERNET_TYPE_AT;

	if (!ethernet_at(walk, offset) || !ip_at(walk, type_at + 2))
		return false;
	uint16_t type = be16_at(walk->b.at + type_at);

	return type == (walk->b.at[type_at + 2] >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4);
}

/**
 * Behind the labels nothing says what follows. The first four bits tell IP (4, 6) from a
 * pseudo-wire control word (0), but a pseudo-wire without control word starts with any MAC
 * address: the better fit wins.
 */
static enum packet_next behind_labels(struct packet_walk *walk)
{
	if (bytes_left(&walk->b) == 0) {
		walk->b.failed = true;
		return NEXT_NOT_IP;
	}
	unsigned nibble = walk->b.at[0] >> 4;

	if (nibble == 4 || nibble == 6) {
		if (ethernet_with_ip_at(walk, 0))
			return NEXT_ETHERNET;
		return ip_at(walk, 0) || !ethernet_at(walk, 0) ? NEXT_IP : NEXT_ETHERNET;
	}
	if (nibble == 0 && ethernet_at(walk, CONTROL_WORD_LEN)) {
		bytes_skip(&walk->b, CONTROL_WORD_LEN);
		return NEXT_ETHERNET;
	}
	return ethernet_at(walk, 0) ? NEXT_ETHERNET : NEXT_NOT_IP;
}

static enum packet_next step_mpls(struct packet_walk *walk)
{
	for (int label = 0; label < PACKET_LINK_HEADERS; label++) {
		uint32_t entry = bytes_be32(&walk->b);

		if (walk->b.failed)
			return NEXT_NOT_IP;
		if (entry & 0x100)
			return behind_labels(walk);
	}
	return NEXT_NOT_IP;
}

static enum packet_next cooked_type(struct packet_walk *walk, uint16_t hardware, uint16_t type)
{
	walk->type = type;
	return hardware == ARPHRD_NETLINK || type <= TYPE_LLC_MAX ? NEXT_NOT_IP : NEXT_TYPE;
}

static enum packet_next step_sll(struct packet_walk *walk)
{
	bytes_skip(&walk->b, 2);
	uint16_t hardware = bytes_be16(&walk->b);
	bytes_skip(&walk->b, 10);
	return cooked_type(walk, hardware, bytes_be16(&walk->b));
}

static enum packet_next step_sll2(struct packet_walk *walk)
{
	uint16_t type = bytes_be16(&walk->b);

	bytes_skip(&walk->b, 6);
	uint16_t hardware = bytes_be16(&walk->b);
	bytes_skip(&walk->b, 10);
	return cooked_type(walk, hardware, type);
}

/** The address family is in the byte order of the machine that captured. */
static enum packet_next step_loop(struct packet_walk *walk)
{
	uint32_t family = bytes_be32(&walk->b);

	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:  /* IPv4 everywhere */
	case 10: /* IPv6 on Linux */
	case 24: /* IPv6 on NetBSD, OpenBSD */
	case 28: /* IPv6 on FreeBSD */
	case 30: /* IPv6 on macOS */
		return NEXT_IP;
	default:
		return NEXT_NOT_IP;
	}
}

/** Frame control and addresses, then always LLC. */
static enum packet_next step_fddi(struct packet_walk *walk)
{
	bytes_skip(&walk->b, 13);
	return step_llc(walk);
}

/** Address of 2 to 4 bytes, the last one odd; then RFC 2427, or Cisco's bare ethertype. */
static enum packet_next step_frame_relay(struct packet_walk *walk)
{
	int address = 1;

	while (!(bytes_u8(&walk->b) & 1) && !walk->b.failed && address < 4)
		address++;
	uint16_t word = bytes_be16(&walk->b);

	if (word >> 8 != 0x03) {
		walk->type = word;
		return word > TYPE_LLC_MAX ? NEXT_TYPE : NEXT_NOT_IP;
	}
	uint8_t nlpid = word & 0xff ? word & 0xff : bytes_u8(&walk->b);

	if (nlpid == NLPID_SNAP) {
		bytes_skip(&walk->b, 3);
		walk->type = bytes_be16(&walk->b);
		return walk->type > TYPE_LLC_MAX ? NEXT_TYPE : NEXT_NOT_IP;
	}
	return nlpid == NLPID_IPV4 || nlpid == NLPID_IPV6 ? NEXT_IP : NEXT_NOT_IP;
}

static enum packet_next step_cisco_hdlc(struct packet_walk *walk)
{
	bytes_skip(&walk->b, 2);
	walk->type = bytes_be16(&walk->b);
	return walk->type > TYPE_LLC_MAX ? NEXT_TYPE : NEXT_NOT_IP;
}

static enum packet_next step(struct packet_walk *walk, enum packet_next next)
{
	switch (next) {
	case NEXT_ETHERNET:
		return step_ethernet(walk);
	case NEXT_TYPE:
		return step_type(walk);
	case NEXT_MPLS:
		return step_mpls(walk);
	case NEXT_PPP:
		return step_ppp(walk);
	case NEXT_SLL:
		return step_sll(walk);
	case NEXT_SLL2:
		return step_sll2(walk);
	case NEXT_LOOP:
		return step_loop(walk);
	case NEXT_FDDI:
		return step_fddi(walk);
	case NEXT_FRAME_RELAY:
		return step_frame_relay(walk);
	case NEXT_CISCO_HDLC:
		return step_cisco_hdlc(walk);
	default:
		return NEXT_NOT_IP;
	}
}

int packet_link_enter(struct packet_walk *walk, enum packet_next next)
{
	for (int i = 0; i < PACKET_LINK_HEADERS; i++) {
		if (next == NEXT_IP)
			return 0;
		next = step(walk, next);
		if (walk->b.failed)
			return packet_fail(REASON_SHORT);
		if (next == NEXT_NOT_IP)
			break;
	}
	return next == NEXT_IP ? 0 : packet_fail(REASON_NOT_IP);
}
