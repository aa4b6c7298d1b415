/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow: one observed flow or sampled packet, the same shape for every source.
 *
 * Decoders make it, tally and archive consume it. Addresses of both families
 * are in one form (base/ip.h). `bytes` and `packets` are as exported;
 * `sampling` is the rate to multiply by. Only fields whose bit is set in `has`
 * were sent by the exporter; all others are zero.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/text.h"

/** Where a flow comes from. */
enum flow_source {
	FLOW_NETFLOW5,
	FLOW_NETFLOW9,
	FLOW_IPFIX,
	FLOW_SFLOW5,
	FLOW_PACKET, /**< a packet capture or a live interface */
	FLOW_AWS_VPC,
	FLOW_AZURE_NSG, /**< Azure's flow logs, of network security groups and of virtual networks */
	FLOW_GCP_VPC,
	FLOW_SOURCE_COUNT
};

/** Which way, seen from the operator's networks. */
enum direction {
	DIRECTION_INBOUND,  /**< outside to own */
	DIRECTION_OUTBOUND, /**< own to outside */
	DIRECTION_INTERNAL, /**< own to own */
	DIRECTION_TRANSIT,  /**< outside to outside */
	DIRECTION_COUNT
};

/** Who named the sampling rate; the later ones win over the earlier. */
enum sampling_source {
	SAMPLING_UNKNOWN, /**< nobody: `sampling` is 0 and counts are lower bounds */
	SAMPLING_HEADER,  /**< datagram header (NetFlow v5) or sample header (sFlow) */
	SAMPLING_OPTIONS, /**< options data for the exporter, interface or sampler */
	SAMPLING_RECORD,  /**< element in the record itself */
	SAMPLING_CONFIG,  /**< operator's override */
	SAMPLING_SOURCE_COUNT
};

/** Traffic classes; a flow has exactly one. */
enum traffic_class {
	CLASS_UDP_AMP, /**< UDP from a port that amplifiers answer from */
	CLASS_UDP_ANSWER, /**< of these, what honest hosts ask for every day: DNS and NTP, of usual length */
	CLASS_UDP,      /**< other UDP */
	CLASS_FRAGMENT, /**< fragment that carries no ports */
	CLASS_SYN,      /**< TCP connection requests */
	CLASS_SYNACK,   /**< TCP answers to such */
	CLASS_RST_FIN,  /**< TCP ends */
	CLASS_TCP,      /**< other TCP */
	CLASS_TCP_BAD,  /**< TCP flags no stack sends */
	CLASS_ICMP,     /**< ICMP and ICMPv6 */
	CLASS_OTHER,    /**< GRE, ESP and all other protocols */
	CLASS_COUNT
};

/** Bits of flow.has. */
enum flow_has {
	FLOW_HAS_SRC = 1 << 0,
	FLOW_HAS_DST = 1 << 1,
	FLOW_HAS_SPORT = 1 << 2,
	FLOW_HAS_DPORT = 1 << 3,
	FLOW_HAS_PROTO = 1 << 4,
	FLOW_HAS_TCP_FLAGS = 1 << 5,
	FLOW_HAS_BYTES = 1 << 6,
	FLOW_HAS_PACKETS = 1 << 7,
	FLOW_HAS_START = 1 << 8,
	FLOW_HAS_END = 1 << 9,
	FLOW_HAS_IN_IF = 1 << 10,
	FLOW_HAS_OUT_IF = 1 << 11,
	FLOW_HAS_SRC_AS = 1 << 12,
	FLOW_HAS_DST_AS = 1 << 13,
	FLOW_HAS_TTL = 1 << 14,
	FLOW_HAS_TOS = 1 << 15,
	FLOW_HAS_FRAGMENT = 1 << 16,
	FLOW_HAS_ICMP = 1 << 17, /**< icmp_type and icmp_code */
	FLOW_HAS_VLAN = 1 << 18,
	FLOW_HAS_NEXT_HOP = 1 << 19,
	FLOW_HAS_REVERSE = 1 << 20, /**< rev_bytes, rev_packets: RFC 5103, or responder counters */
	FLOW_HAS_INNER = 1 << 21,   /**< a tunnel; `inner` describes what it carries */
	FLOW_HAS_AGENT = 1 << 22,   /**< sFlow agent, sub_agent */
	FLOW_HAS_DROPPED =
		1 << 23, /**< the exporter says it dropped this traffic (forwarding status) */
};

/** Encapsulation found around an inner packet. */
enum tunnel { TUNNEL_NONE, TUNNEL_GRE, TUNNEL_IPIP, TUNNEL_VXLAN, TUNNEL_COUNT };

/** The packet inside a tunnel. */
struct flow_inner {
	struct ip src;
	struct ip dst;
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t tcp_flags;
	uint8_t tunnel; /**< enum tunnel */
};

/**
 * One flow; borrowed by those who receive it, for the length of the call.
 *
 * From `rev_bytes` on it is cold: zero but for flows with FLOW_HAS_REVERSE or FLOW_HAS_INNER,
 * and only those who set these bits write there. See ingest/batch.h.
 */
struct flow {
	struct ip src;
	struct ip dst;
	uint64_t
		bytes; /**< as exported: IP bytes; in sFlow, bytes of the frame as the agent counts it */
	uint64_t packets;  /**< as exported */
	uint64_t start_ns; /**< first packet, exporter's clock made absolute */
	uint64_t end_ns;   /**< last packet */
	uint32_t has;      /**< enum flow_has */
	uint32_t sampling; /**< 1:N; 0 = unknown */
	uint32_t in_if;
	uint32_t out_if;
	uint32_t src_as;
	uint32_t dst_as;
	/**
	 * How long before receipt the first and the last packet were seen, in ms, the exporter's
	 * clock corrected; both 0 for traffic of now. Set by flow_commit().
	 */
	uint32_t begin_age_ms;
	uint32_t end_age_ms;
	/**
	 * Where it was seen: a number for the exporter and the side (ingress or egress) it looked
	 * from. Two vantages may report the same packets. Set by flow_commit().
	 */
	uint32_t vantage;
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t tcp_flags;
	uint8_t tos;
	uint8_t ttl;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t fragment; /**< 1 = part of a fragmented packet, 2 = without ports (not the first) */
	uint8_t sampling_source; /**< enum sampling_source */
	uint8_t direction;       /**< enum direction; set by classification, not by decoders */
	uint8_t class;           /**< enum traffic_class; set by flow_classify() */
	uint8_t source;          /**< enum flow_source */
	bool egress;             /**< seen as it left the exporter, not as it came in */
	/** Waited over a second for its template, or ended over a day ago: not tallied. */
	bool late;
	uint16_t vlan;
	uint16_t exporter_port;
	uint32_t odid;        /**< observation domain, v9 source id, v5 engine, sFlow sub-agent */
	uint64_t received_ns; /**< when the datagram reached Weir; always set */
	struct ip exporter;   /**< source address of the datagram */
	struct ip next_hop;
	struct ip agent;      /**< sFlow agent address */
	uint64_t rev_bytes;   /**< of the opposite direction */
	uint64_t rev_packets; /**< of the opposite direction */
	struct flow_inner inner;
};

/** flow_source_name() - "netflow5", "ipfix", …; the proto_version of the output. */
const char *flow_source_name(enum flow_source source);
/** direction_name() - "inbound", … */
const char *direction_name(enum direction direction);
/** class_name() - "udp-amp", "syn", … */
const char *class_name(enum traffic_class class);
/** tunnel_name() - "gre", "ipip", "vxlan". */
const char *tunnel_name(enum tunnel tunnel);
/** sampling_source_name() - "header", "options", "record", "config", "unknown". */
const char *sampling_source_name(enum sampling_source source);

/**
 * flow_classify() - the traffic class of a flow, from its header fields alone.
 * @flow: borrowed
 */
enum traffic_class flow_classify(const struct flow *flow);

/** port_amplifies() - is this a UDP port that known amplifiers answer from? */
bool port_amplifies(uint16_t port);

/** flow_scale() - the rate to multiply by: sampling, or 1 while it is unknown. */
static inline uint64_t flow_scale(const struct flow *flow)
{
	return flow->sampling ? flow->sampling : 1;
}

/** flow_to_json() - append the flow as one JSON object, without newline. */
void flow_to_json(const struct flow *flow, struct text *out);
/** flow_to_csv() - append the flow as one CSV line, with newline. */
void flow_to_csv(const struct flow *flow, struct text *out);
/** flow_csv_header() - append the CSV column names, with newline. */
void flow_csv_header(struct text *out);
/** flow_to_text() - append the flow as one line for people, with newline. */
void flow_to_text(const struct flow *flow, struct text *out);
