/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_class: a flow in, its traffic class out, from header fields alone.
 *
 * TCP flags of a flow record are the OR over all its packets, those of a
 * sampled or captured packet are its own. What is impossible in one packet
 * (SYN with FIN) is the mark of every ordinary connection in a record, so the
 * two are judged apart. Pure; any thread.
 */
#include "model/flow.h"

enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMPV6 = 58,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ALL = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG, /* without ECN */
	/* A record with more packets than this is a conversation that also ended. */
	PACKETS_OF_AN_END = 3,
};

/*
 * Ranges of ports that amplifiers answer from, none over a multiple of 256. 443 is
 * not in it, though QUIC and DTLS can be made to reflect: most of what people
 * download comes from there, and would drown the class.
 */
/* clang-format off */
#define AMPLIFIERS(RANGE) \
	RANGE(17, 17)          /* QOTD */ \
	RANGE(19, 19)          /* CharGEN */ \
	RANGE(53, 53)          /* DNS */ \
	RANGE(69, 69)          /* TFTP */ \
	RANGE(111, 111)        /* portmap */ \
	RANGE(123, 123)        /* NTP */ \
	RANGE(137, 138)        /* NetBIOS */ \
	RANGE(161, 161)        /* SNMP */ \
	RANGE(389, 389)        /* CLDAP */ \
	RANGE(427, 427)        /* SLP */ \
	RANGE(500, 500)        /* ISAKMP */ \
	RANGE(520, 520)        /* RIPv1 */ \
	RANGE(623, 623)        /* IPMI */ \
	RANGE(1194, 1194)      /* OpenVPN */ \
	RANGE(1434, 1434)      /* MS-SQL browser */ \
	RANGE(1604, 1604)      /* Citrix */ \
	RANGE(1701, 1701)      /* L2TP */ \
	RANGE(1900, 1900)      /* SSDP */ \
	RANGE(3283, 3283)      /* Apple remote desktop */ \
	RANGE(3389, 3389)      /* RDP */ \
	RANGE(3478, 3478)      /* STUN */ \
	RANGE(3702, 3702)      /* WS-Discovery */ \
	RANGE(4500, 4500)      /* ISAKMP through NAT */ \
	RANGE(5060, 5060)      /* SIP */ \
	RANGE(5093, 5093)      /* Sentinel */ \
	RANGE(5353, 5353)      /* mDNS */ \
	RANGE(5683, 5683)      /* CoAP */ \
	RANGE(6881, 6889)      /* BitTorrent, Kad */ \
	RANGE(10001, 10001)    /* Ubiquiti discovery */ \
	RANGE(10074, 10074)    /* TP-240 */ \
	RANGE(11211, 11211)    /* memcached */ \
	RANGE(17185, 17185)    /* VxWorks */ \
	RANGE(27015, 27030)    /* Steam */ \
	RANGE(27960, 27960)    /* Quake */ \
	RANGE(32410, 32410)    /* Plex */ \
	RANGE(32412, 32414)    /* Plex */ \
	RANGE(33848, 33848)    /* Jenkins */ \
	RANGE(37810, 37810)    /* digital video recorders */ \
	RANGE(47808, 47808)    /* BACnet */
/* clang-format on */

/* Whether any port with the same upper byte amplifies: most do not, and are told by one look. */
static bool page_amplifies(uint16_t port)
{
#define BIT_IN(word, first) ((first) >> 14 == (word) ? (uint64_t)1 << ((first) >> 8 & 63) : 0)
#define PAGE_0(first, last) | BIT_IN(0, first)
#define PAGE_1(first, last) | BIT_IN(1, first)
#define PAGE_2(first, last) | BIT_IN(2, first)
#define PAGE_3(first, last) | BIT_IN(3, first)
	static const uint64_t pages[4] = { 0 AMPLIFIERS(PAGE_0), 0 AMPLIFIERS(PAGE_1),
					   0 AMPLIFIERS(PAGE_2), 0 AMPLIFIERS(PAGE_3) };

	return pages[port >> 14] >> (port >> 8 & 63) & 1;
}

bool port_amplifies(uint16_t port)
{
	if (!page_amplifies(port))
		return false;
	switch (port) {
#define CASE(first, last) case (first)...(last):
		AMPLIFIERS(CASE)
		return true;
	default:
		return false;
	}
}

/** Mean length up to which packets carry no data: headers with options. */
#define BARE_BYTES 64

/*
 * AWS reports ACK only together with SYN, and no flag that only says "data": what a record of
 * several packets does not show may have been there all the same.
 */
static enum traffic_class classify_aws_tcp(const struct flow *flow, unsigned flags)
{
	bool bare = flow->bytes <= flow->packets * BARE_BYTES;

	if (flags == TCP_SYN && bare)
		return CLASS_SYN;
	if (flags == (TCP_SYN | TCP_ACK) && bare)
		return CLASS_SYNACK;
	if (!(flags & TCP_SYN) && (flags & (TCP_RST | TCP_FIN)) &&
	    flow->packets <= PACKETS_OF_AN_END)
		return CLASS_RST_FIN;
	return CLASS_TCP;
}

/*
 * The classes of all flags; @single: they are those of one packet; @last: of so few packets
 * that they are an end and nothing else.
 */
#define HAS(flags, wanted) (((flags) & (wanted)) == (wanted))
#define ANY(flags, wanted) (((flags) & (wanted)) != 0)
/* Flags that no stack sends. */
#define BAD(flags, single)                                                        \
	(!ANY(flags, TCP_SYN | TCP_ACK | TCP_RST) ||                              \
	 (HAS(flags, TCP_SYN | TCP_FIN) && ((single) || !ANY(flags, TCP_ACK))) || \
	 ((single) && HAS(flags, TCP_SYN | TCP_RST)))
#define ENDS(flags, last) \
	(!ANY(flags, TCP_SYN) && ANY(flags, TCP_RST | TCP_FIN) && ((last) || (flags) == TCP_RST))
#define CLASS_OF(flags, single, last)                                                   \
	(((flags) & (TCP_ACK | TCP_SYN | TCP_FIN | TCP_RST)) == TCP_ACK ? CLASS_TCP     \
	 : BAD(flags, single)                                           ? CLASS_TCP_BAD \
	 : ((flags) & (TCP_SYN | TCP_ACK)) == TCP_SYN                   ? CLASS_SYN     \
	 : (flags) == (TCP_SYN | TCP_ACK)                               ? CLASS_SYNACK  \
	 : ENDS(flags, last)                                            ? CLASS_RST_FIN \
									: CLASS_TCP)
#define CLASSES_4(flags, single, last)                                      \
	CLASS_OF(flags, single, last), CLASS_OF((flags) + 1, single, last), \
		CLASS_OF((flags) + 2, single, last), CLASS_OF((flags) + 3, single, last)
#define CLASSES_16(flags, single, last)                                       \
	CLASSES_4(flags, single, last), CLASSES_4((flags) + 4, single, last), \
		CLASSES_4((flags) + 8, single, last), CLASSES_4((flags) + 12, single, last)
#define CLASSES(single, last)                                                                    \
	CLASSES_16(0, single, last), CLASSES_16(16, single, last), CLASSES_16(32, single, last), \
		CLASSES_16(48, single, last)

static const uint8_t tcp_classes[256] = { CLASSES(0, 0), CLASSES(1, 0), CLASSES(0, 1),
					  CLASSES(1, 1) };

static enum traffic_class classify_tcp(const struct flow *flow)
{
	bool is_packet = flow->source == FLOW_SFLOW5 || flow->source == FLOW_PACKET;
	unsigned flags = flow->tcp_flags & TCP_ALL;
	unsigned single = is_packet || flow->packets <= 1;
	unsigned last = flow->packets <= PACKETS_OF_AN_END;

	/* Flow exporters that cannot see TCP flags send zero: that is no sign of anything. */
	if (!(flow->has & FLOW_HAS_TCP_FLAGS) || (flags == 0 && !is_packet))
		return CLASS_TCP;
	if (flow->source == FLOW_AWS_VPC)
		return classify_aws_tcp(flow, flags);
	return tcp_classes[flags | single << 6 | last << 7];
}

/*
 * Answers of name and time servers that are no longer than honest ones: so common that attacks would
 * drown among them. Amplified ones are long: of DNS 1,000 bytes and more, of NTP 440 to 480.
 */
#define DNS          53
#define NTP          123
#define DNS_ORDINARY 900
#define NTP_ORDINARY 140

static enum traffic_class classify_udp(const struct flow *flow)
{
	if (!(flow->has & FLOW_HAS_SPORT) || !port_amplifies(flow->sport))
		return CLASS_UDP;
	if (flow->fragment)
		return CLASS_UDP_AMP;
	if ((flow->sport == DNS && flow->bytes <= flow->packets * DNS_ORDINARY) ||
	    (flow->sport == NTP && flow->bytes <= flow->packets * NTP_ORDINARY))
		return CLASS_UDP_ANSWER;
	return CLASS_UDP_AMP;
}

/* Flow caches that do not tell fragments give those without ports port 0, which nobody uses. */
static bool has_no_ports(const struct flow *flow)
{
	const uint32_t ports = FLOW_HAS_SPORT | FLOW_HAS_DPORT;
	bool cache = flow->source == FLOW_NETFLOW5 || flow->source == FLOW_NETFLOW9 ||
		     flow->source == FLOW_IPFIX;

	return cache && (flow->proto == PROTO_UDP || flow->proto == PROTO_TCP) &&
	       (flow->has & ports) == ports && (flow->sport | flow->dport) == 0;
}

enum traffic_class flow_classify(const struct flow *flow)
{
	if (!(flow->has & FLOW_HAS_PROTO))
		return CLASS_OTHER;
	if (flow->fragment == 2 || has_no_ports(flow))
		return CLASS_FRAGMENT;
	switch (flow->proto) {
	case PROTO_TCP:
		return classify_tcp(flow);
	case PROTO_UDP:
		return classify_udp(flow);
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return CLASS_ICMP;
	default:
		return CLASS_OTHER;
	}
}
