/* SPDX-License-Identifier: Apache-2.0 */
/*
 * element: element number in, what it is used for out.
 *
 * One line an element, by its number in the IANA registry of RFC 7012. Where
 * several elements say the same thing, the rank orders them: counts of this
 * observation before totals, those before counts of one direction of a
 * connection, and counts behind the exporter's own treatment last.
 */
#include "ingest/element.h"

#include <stddef.h>

#define UINT(s, r)                                                   \
	{                                                            \
		.slot = (s), .rank = (r), .min_len = 1, .max_len = 8 \
	}
#define V4(s, r)                                                     \
	{                                                            \
		.slot = (s), .rank = (r), .min_len = 4, .max_len = 4 \
	}
#define V6(s, r)                                                       \
	{                                                              \
		.slot = (s), .rank = (r), .min_len = 16, .max_len = 16 \
	}
#define TIME(s, r, u)                                                             \
	{                                                                         \
		.slot = (s), .rank = (r), .unit = (u), .min_len = 1, .max_len = 8 \
	}
#define OCTETS(s, r)                     \
	{                                \
		.slot = (s), .rank = (r) \
	}

static const struct element elements[] = {
	[1] = UINT(SLOT_BYTES, 0),                  /* octetDeltaCount */
	[2] = UINT(SLOT_PACKETS, 0),                /* packetDeltaCount */
	[4] = UINT(SLOT_PROTO, 0),                  /* protocolIdentifier */
	[5] = UINT(SLOT_TOS, 0),                    /* ipClassOfService */
	[6] = UINT(SLOT_TCP_FLAGS, 0),              /* tcpControlBits */
	[7] = UINT(SLOT_SPORT, 0),                  /* sourceTransportPort */
	[8] = V4(SLOT_SRC4, 0),                     /* sourceIPv4Address */
	[10] = UINT(SLOT_IN_IF, 0),                 /* ingressInterface */
	[11] = UINT(SLOT_DPORT, 0),                 /* destinationTransportPort */
	[12] = V4(SLOT_DST4, 0),                    /* destinationIPv4Address */
	[14] = UINT(SLOT_OUT_IF, 0),                /* egressInterface */
	[15] = V4(SLOT_NEXT_HOP4, 0),               /* ipNextHopIPv4Address */
	[16] = UINT(SLOT_SRC_AS, 0),                /* bgpSourceAsNumber */
	[17] = UINT(SLOT_DST_AS, 0),                /* bgpDestinationAsNumber */
	[18] = V4(SLOT_NEXT_HOP4, 1),               /* bgpNextHopIPv4Address */
	[21] = TIME(SLOT_END, 5, UNIT_UPTIME),      /* flowEndSysUpTime */
	[22] = TIME(SLOT_START, 5, UNIT_UPTIME),    /* flowStartSysUpTime */
	[23] = UINT(SLOT_BYTES, 3),                 /* postOctetDeltaCount */
	[24] = UINT(SLOT_PACKETS, 3),               /* postPacketDeltaCount */
	[27] = V6(SLOT_SRC6, 0),                    /* sourceIPv6Address */
	[28] = V6(SLOT_DST6, 0),                    /* destinationIPv6Address */
	[32] = UINT(SLOT_ICMP4, 0),                 /* icmpTypeCodeIPv4 */
	[34] = UINT(SLOT_INTERVAL, 0),              /* samplingInterval */
	[44] = V4(SLOT_SRC4, 1),                    /* sourceIPv4Prefix */
	[45] = V4(SLOT_DST4, 1),                    /* destinationIPv4Prefix */
	[48] = UINT(SLOT_SAMPLER, 0),               /* samplerId */
	[50] = UINT(SLOT_RANDOM_INTERVAL, 0),       /* samplerRandomInterval */
	[52] = UINT(SLOT_TTL, 1),                   /* minimumTTL */
	[53] = UINT(SLOT_TTL, 2),                   /* maximumTTL */
	[58] = UINT(SLOT_VLAN, 0),                  /* vlanId */
	[61] = UINT(SLOT_FLOW_DIRECTION, 0),        /* flowDirection */
	[62] = V6(SLOT_NEXT_HOP6, 0),               /* ipNextHopIPv6Address */
	[63] = V6(SLOT_NEXT_HOP6, 1),               /* bgpNextHopIPv6Address */
	[85] = UINT(SLOT_BYTES, 1),                 /* octetTotalCount */
	[86] = UINT(SLOT_PACKETS, 1),               /* packetTotalCount */
	[88] = UINT(SLOT_FRAGMENT_OFFSET, 0),       /* fragmentOffset */
	[89] = UINT(SLOT_FORWARDING, 0),            /* forwardingStatus */
	[104] = OCTETS(SLOT_FRAME, 1),              /* layer2packetSectionData */
	[139] = UINT(SLOT_ICMP6, 0),                /* icmpTypeCodeIPv6 */
	[150] = TIME(SLOT_START, 3, UNIT_S),        /* flowStartSeconds */
	[151] = TIME(SLOT_END, 3, UNIT_S),          /* flowEndSeconds */
	[152] = TIME(SLOT_START, 2, UNIT_MS),       /* flowStartMilliseconds */
	[153] = TIME(SLOT_END, 2, UNIT_MS),         /* flowEndMilliseconds */
	[154] = TIME(SLOT_START, 1, UNIT_US),       /* flowStartMicroseconds */
	[155] = TIME(SLOT_END, 1, UNIT_US),         /* flowEndMicroseconds */
	[156] = TIME(SLOT_START, 0, UNIT_NS),       /* flowStartNanoseconds */
	[157] = TIME(SLOT_END, 0, UNIT_NS),         /* flowEndNanoseconds */
	[158] = TIME(SLOT_START, 4, UNIT_DELTA_US), /* flowStartDeltaMicroseconds */
	[159] = TIME(SLOT_END, 4, UNIT_DELTA_US),   /* flowEndDeltaMicroseconds */
	[160] = TIME(SLOT_SYSTEM_INIT, 0, UNIT_MS), /* systemInitTimeMilliseconds */
	[161] = TIME(SLOT_DURATION, 1, UNIT_MS),    /* flowDurationMilliseconds */
	[162] = TIME(SLOT_DURATION, 0, UNIT_US),    /* flowDurationMicroseconds */
	[169] = V6(SLOT_DST6, 1),                   /* destinationIPv6Prefix */
	[170] = V6(SLOT_SRC6, 1),                   /* sourceIPv6Prefix */
	[171] = UINT(SLOT_BYTES, 4),                /* postOctetTotalCount */
	[172] = UINT(SLOT_PACKETS, 4),              /* postPacketTotalCount */
	[176] = UINT(SLOT_ICMP4_TYPE, 0),           /* icmpTypeIPv4 */
	[177] = UINT(SLOT_ICMP4_CODE, 0),           /* icmpCodeIPv4 */
	[178] = UINT(SLOT_ICMP6_TYPE, 0),           /* icmpTypeIPv6 */
	[179] = UINT(SLOT_ICMP6_CODE, 0),           /* icmpCodeIPv6 */
	[180] = UINT(SLOT_SPORT, 1),                /* udpSourcePort */
	[181] = UINT(SLOT_DPORT, 1),                /* udpDestinationPort */
	[182] = UINT(SLOT_SPORT_TCP, 0),            /* tcpSourcePort */
	[183] = UINT(SLOT_DPORT_TCP, 0),            /* tcpDestinationPort */
	[192] = UINT(SLOT_TTL, 0),                  /* ipTTL */
	[193] = UINT(SLOT_PROTO, 1),                /* nextHeaderIPv6 */
	[197] = UINT(SLOT_FRAGMENT_FLAGS, 0),       /* fragmentFlags */
	[231] = UINT(SLOT_BYTES, 2),                /* initiatorOctets */
	[232] = UINT(SLOT_REV_BYTES, 1),            /* responderOctets */
	[233] = UINT(SLOT_FIREWALL, 0),             /* firewallEvent */
	[243] = UINT(SLOT_VLAN, 1),                 /* dot1qVlanId */
	[252] = UINT(SLOT_IN_IF, 1),                /* ingressPhysicalInterface */
	[253] = UINT(SLOT_OUT_IF, 1),               /* egressPhysicalInterface */
	[298] = UINT(SLOT_PACKETS, 2),              /* initiatorPackets */
	[299] = UINT(SLOT_REV_PACKETS, 1),          /* responderPackets */
	[302] = UINT(SLOT_SAMPLER, 1),              /* selectorId */
	[305] = UINT(SLOT_PACKET_INTERVAL, 0),      /* samplingPacketInterval */
	[306] = UINT(SLOT_PACKET_SPACE, 0),         /* samplingPacketSpace */
	[309] = UINT(SLOT_SIZE, 0),                 /* samplingSize */
	[310] = UINT(SLOT_POPULATION, 0),           /* samplingPopulation */
	[311] = UINT(SLOT_PROBABILITY, 0),          /* samplingProbability */
	[312] = UINT(SLOT_FRAME_SIZE, 0),           /* dataLinkFrameSize */
	[313] = OCTETS(SLOT_IP_PACKET, 0),          /* ipHeaderPacketSection */
	[315] = OCTETS(SLOT_FRAME, 0),              /* dataLinkFrameSection */
	[322] = TIME(SLOT_END, 9, UNIT_S),          /* observationTimeSeconds */
	[323] = TIME(SLOT_END, 8, UNIT_MS),         /* observationTimeMilliseconds */
	[324] = TIME(SLOT_END, 7, UNIT_US),         /* observationTimeMicroseconds */
	[325] = TIME(SLOT_END, 6, UNIT_NS),         /* observationTimeNanoseconds */
	[352] = UINT(SLOT_BYTES, 5),                /* layer2OctetDeltaCount */
	[353] = UINT(SLOT_BYTES, 6),                /* layer2OctetTotalCount */
};

#define ELEMENT_COUNT (sizeof(elements) / sizeof(elements[0]))

/* The same elements, for the way back (RFC 5103). */
static const struct element *find_reverse(uint16_t id)
{
	static const struct element octets = UINT(SLOT_REV_BYTES, 0);
	static const struct element packets = UINT(SLOT_REV_PACKETS, 0);

	if (id == 1 || id == 85)
		return &octets;
	if (id == 2 || id == 86)
		return &packets;
	return &elements[0];
}

const struct element *element_find(uint32_t pen, uint16_t id)
{
	/* Cisco ASA before release 8.4 numbered its firewall event in the vendor's own range. */
	static const struct element asa_event = UINT(SLOT_FIREWALL, 1);

	if (pen == ELEMENT_PEN_REVERSE)
		return find_reverse(id);
	if (pen == 0 && id == 40005)
		return &asa_event;
	if (pen != 0 || id >= ELEMENT_COUNT)
		return &elements[0];
	return &elements[id];
}
