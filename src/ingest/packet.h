/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet: the headers of one packet, whole or cut short, become a flow.
 *
 * Bytes of a sampled or captured packet in, the address, transport and tunnel
 * fields of a struct flow out. Used for sFlow raw headers, IPFIX packet
 * sections and packet captures. Pure: no state, no allocation; any thread.
 *
 * Understood: Ethernet with 802.1Q, 802.1ad and 0x9100 tags, LLC/SNAP, PPPoE
 * (RFC 2516), MPLS (RFC 3032) with IP or Ethernet behind it (RFC 4448, with
 * and without control word), PPP, Linux cooked v1 and v2, BSD loopback, FDDI,
 * frame relay (RFC 2427), Cisco HDLC, raw IP; IPv4 (RFC 791), IPv6 with
 * extension headers (RFC 8200), TCP, UDP, SCTP, DCCP, ICMP; tunnels GRE
 * (RFC 2784, 2890, 2637), IP in IP (RFC 2003, 4213, 2473), VXLAN (RFC 7348).
 *
 * Not done: reassembly, checksums, anything above the transport header.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "model/flow.h"
#include "model/reason.h"

/** What the first byte of a packet belongs to. */
enum packet_link {
	PACKET_ETHERNET,
	PACKET_IP,   /**< an IPv4 or IPv6 header, told apart by its version */
	PACKET_MPLS, /**< a label stack */
	PACKET_PPP,  /**< with or without address and control field */
	PACKET_SLL,  /**< Linux cooked, version 1 */
	PACKET_SLL2, /**< Linux cooked, version 2 */
	PACKET_LOOP, /**< BSD loopback: address family in either byte order */
	PACKET_FDDI,
	PACKET_FRAME_RELAY,
	PACKET_CISCO_HDLC,
	PACKET_LINK_COUNT
};

/** Bytes of a packet; borrowed. */
struct packet_view {
	const uint8_t *data;
	size_t len;      /**< bytes at hand */
	size_t wire_len; /**< bytes the packet had, never less than `len` */
	enum packet_link link;
};

/** The UDP datagram a packet carries, as far as it is at hand. */
struct packet_udp {
	struct ip src;
	struct ip dst;
	uint16_t sport;
	uint16_t dport;
	const uint8_t *data; /**< payload, inside the bytes of the view */
	size_t len;          /**< payload bytes at hand */
	size_t wire_len;     /**< payload bytes by the UDP length field */
	uint8_t fragment;    /**< as in struct flow; with 2 there is no UDP header */
};

/**
 * packet_parse() - describe one packet as a flow.
 * @flow: zeroed by the caller; gets addresses, protocol, ports or ICMP type, TCP flags, TTL,
 *        ToS, fragment, VLAN and `inner`, each with its bit in `has`, packets = 1 and
 *        bytes = length of the IP packet (its own length field; the length on the wire
 *        where that field is zero, as for jumbograms and segmentation offload)
 *
 * Of nested headers the outermost IP header is the flow; `inner` is the innermost packet
 * that could be read. Of stacked VLAN tags the innermost is kept. A packet cut behind its
 * addresses is still a flow, with the fields that are there.
 *
 * Return: 0, or -(enum reason) - 1 with @flow untouched: REASON_NOT_IP, REASON_SHORT (cut
 * before the addresses), REASON_LENGTH, REASON_VERSION.
 */
WEIR_CHECK int packet_parse(const struct packet_view *view, struct flow *flow);

/**
 * packet_udp() - find the UDP datagram of a packet, for captures of telemetry.
 * @ret_udp: untouched on failure
 *
 * Tunnels are not entered. A fragment is a success, to be told by its `fragment`.
 *
 * Return: 0; -(enum reason) - 1 as packet_parse(), with REASON_FIELD for IP that is not UDP.
 */
WEIR_CHECK int packet_udp(const struct packet_view *view, struct packet_udp *ret_udp);
