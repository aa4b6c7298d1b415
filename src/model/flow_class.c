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
 * 443 is not in it, though QUIC and DTLS can be made to reflect: most of what
 * people download comes from there, and would drown the class.
 */
bool port_amplifies(uint16_t port)
{
	switch (port) {
	case 17:              /* QOTD */
	case 19:              /* CharGEN */
	case 53:              /* DNS */
	case 69:              /* TFTP */
	case 111:             /* portmap */
	case 123:             /* NTP */
	case 137 ... 138:     /* NetBIOS */
	case 161:             /* SNMP */
	case 389:             /* CLDAP */
	case 427:             /* SLP */
	case 500:             /* ISAKMP */
	case 520:             /* RIPv1 */
	case 623:             /* IPMI */
	case 1194:            /* OpenVPN */
	case 1434:            /* MS-SQL browser */
	case 1604:            /* Citrix */
	case 1701:            /* L2TP */
	case 1900:            /* SSDP */
	case 3283:            /* Apple remote desktop */
	case 3389:            /* RDP */
	case 3478:            /* STUN */
	case 3702:            /* WS-Discovery */
	case 4500:            /* ISAKMP through NAT */
	case 5060:            /* SIP */
	case 5093:            /* Sentinel */
	case 5353:            /* mDNS */
	case 5683:            /* CoAP */
	case 6881 ... 6889:   /* BitTorrent, Kad */
	case 10001:           /* Ubiquiti discovery */
	case 10074:           /* TP-240 */
	case 11211:           /* memcached */
	case 17185:           /* VxWorks */
	case 27015 ... 27030: /* Steam */
	case 27960:           /* Quake */
	case 32410:           /* Plex */
	case 32412 ... 32414: /* Plex */
	case 33848:           /* Jenkins */
	case 37810:           /* digital video recorders */
	case 47808:           /* BACnet */
		return true;
	default:
		return false;
	}
}

/** Flags that no stack sends; @single: they are those of one packet. */
static bool flags_are_bad(unsigned flags, bool single)
{
	if (!(flags & (TCP_SYN | TCP_ACK | TCP_RST)))
		return true;
	if ((flags & TCP_SYN) && (flags & TCP_FIN))
		return single || !(flags & TCP_ACK);
	return single && (flags & TCP_SYN) && (flags & TCP_RST);
}

static enum traffic_class classify_tcp(const struct flow *flow)
{
	bool is_packet = flow->source == FLOW_SFLOW5 || flow->source == FLOW_PACKET;
	unsigned flags = flow->tcp_flags & TCP_ALL;

	/* Flow exporters that cannot see TCP flags send zero: that is no sign of anything. */
	if (!(flow->has & FLOW_HAS_TCP_FLAGS) || (flags == 0 && !is_packet))
		return CLASS_TCP;
	if (flags_are_bad(flags, is_packet || flow->packets <= 1))
		return CLASS_TCP_BAD;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return CLASS_SYN;
	if (flags == (TCP_SYN | TCP_ACK))
		return CLASS_SYNACK;
	if (!(flags & TCP_SYN) && (flags & (TCP_RST | TCP_FIN)) &&
	    (flow->packets <= PACKETS_OF_AN_END || flags == TCP_RST))
		return CLASS_RST_FIN;
	return CLASS_TCP;
}

enum traffic_class flow_classify(const struct flow *flow)
{
	if (!(flow->has & FLOW_HAS_PROTO))
		return CLASS_OTHER;
	if (flow->fragment == 2)
		return CLASS_FRAGMENT;
	switch (flow->proto) {
	case PROTO_TCP:
		return classify_tcp(flow);
	case PROTO_UDP:
		return (flow->has & FLOW_HAS_SPORT) && port_amplifies(flow->sport) ? CLASS_UDP_AMP
										   : CLASS_UDP;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return CLASS_ICMP;
	default:
		return CLASS_OTHER;
	}
}
