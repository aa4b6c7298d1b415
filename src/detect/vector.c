/* SPDX-License-Identifier: Apache-2.0 */
/* vector: the table of attack vectors, and how traffic is shared out among its rows. */
#include "detect/vector.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ANY         0
#define PROTO_ICMP6 58
#define PROTO_UDP   17
#define PROTO_GRE   47
#define PROTO_ESP   50
/* Least share that gets a name. */
#define SHARE_MIN   0.1

/* A kind of traffic; the first row that fits wins, and each class ends in one that fits all. */
struct row {
	uint8_t class; /* enum traffic_class */
	uint8_t proto;
	uint16_t sport;
	uint16_t sport_last; /* for a range of source ports */
	uint16_t dport;
	const char *name;
};

#define FROM(port, name)                                  \
	{                                                 \
		CLASS_UDP_AMP, ANY, port, port, ANY, name \
	}
#define FROM_RANGE(first, last, name)                      \
	{                                                  \
		CLASS_UDP_AMP, ANY, first, last, ANY, name \
	}
#define TO(class, port, name)                    \
	{                                        \
		class, ANY, ANY, ANY, port, name \
	}
#define PROTO(class, proto, name)                 \
	{                                         \
		class, proto, ANY, ANY, ANY, name \
	}
#define REST(class, name)                       \
	{                                       \
		class, ANY, ANY, ANY, ANY, name \
	}

static const struct row rows[] = {
	FROM(17, "qotd-amplification"),
	FROM(19, "chargen-amplification"),
	FROM(53, "dns-amplification"),
	FROM(69, "tftp-amplification"),
	FROM(111, "portmap-amplification"),
	FROM(123, "ntp-amplification"),
	FROM_RANGE(137, 138, "netbios-amplification"),
	FROM(161, "snmp-amplification"),
	FROM(389, "cldap-amplification"),
	FROM(427, "slp-amplification"),
	FROM(500, "isakmp-reflection"),
	FROM(520, "rip-amplification"),
	FROM(623, "ipmi-amplification"),
	FROM(1194, "openvpn-reflection"),
	FROM(1434, "mssql-amplification"),
	FROM(1604, "citrix-amplification"),
	FROM(1701, "l2tp-reflection"),
	FROM(1900, "ssdp-amplification"),
	FROM(3283, "arms-amplification"),
	FROM(3389, "rdp-amplification"),
	FROM(3478, "stun-reflection"),
	FROM(3702, "ws-discovery-amplification"),
	FROM(4500, "isakmp-reflection"),
	FROM(5060, "sip-reflection"),
	FROM(5093, "sentinel-amplification"),
	FROM(5353, "mdns-amplification"),
	FROM(5683, "coap-amplification"),
	FROM_RANGE(6881, 6889, "bittorrent-reflection"),
	FROM(10001, "ubiquiti-amplification"),
	FROM(10074, "tp240-amplification"),
	FROM(11211, "memcached-amplification"),
	FROM(17185, "vxworks-amplification"),
	FROM_RANGE(27015, 27030, "steam-amplification"),
	FROM(27960, "quake-amplification"),
	FROM(32410, "plex-amplification"),
	FROM_RANGE(32412, 32414, "plex-amplification"),
	FROM(33848, "jenkins-amplification"),
	FROM(37810, "dvr-amplification"),
	FROM(47808, "bacnet-amplification"),
	REST(CLASS_UDP_AMP, "udp-amplification"),
	{ CLASS_UDP, ANY, 443, 443, ANY, "quic-reflection" },
	TO(CLASS_UDP, 53, "dns-query-flood"),
	TO(CLASS_UDP, 443, "quic-flood"),
	REST(CLASS_UDP, "udp-flood"),
	PROTO(CLASS_FRAGMENT, PROTO_UDP, "udp-fragment-flood"),
	REST(CLASS_FRAGMENT, "fragment-flood"),
	REST(CLASS_SYN, "syn-flood"),
	REST(CLASS_SYNACK, "syn-ack-reflection"),
	REST(CLASS_RST_FIN, "rst-flood"),
	REST(CLASS_TCP, "ack-flood"),
	REST(CLASS_TCP_BAD, "tcp-bad-flags"),
	PROTO(CLASS_ICMP, PROTO_ICMP6, "icmpv6-flood"),
	REST(CLASS_ICMP, "icmp-flood"),
	PROTO(CLASS_OTHER, PROTO_GRE, "gre-flood"),
	PROTO(CLASS_OTHER, PROTO_ESP, "esp-flood"),
	REST(CLASS_OTHER, "ip-protocol-flood"),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Packets or bytes claimed by each row. */
struct claims {
	double of[ROWS];
};

static size_t row_of(enum traffic_class class, uint8_t proto, uint16_t sport, uint16_t dport)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		if (row->class == class && (row->proto == ANY || row->proto == proto) &&
		    (row->sport == ANY || (row->sport <= sport && sport <= row->sport_last)) &&
		    (row->dport == ANY || row->dport == dport))
			return i;
	}
	assert(!"every class has a row that fits all");
	return ROWS - 1;
}

const char *vector_find(enum traffic_class class, uint8_t proto, uint16_t sport, uint16_t dport)
{
	return rows[row_of(class, proto, sport, dport)].name;
}

/* Several rows may have the same name: the first of them gets all. */
static void join_names(struct claims *claims)
{
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t j = i + 1; claims->of[i] > 0 && j < ROWS; j++) {
			if (claims->of[j] <= 0 || strcmp(rows[i].name, rows[j].name) != 0)
				continue;
			claims->of[i] += claims->of[j];
			claims->of[j] = 0;
		}
	}
}

/* What a port certainly had, packets or bytes: its count without the part that may be another's. */
static double certain(const struct tally_port *port, bool by_bytes)
{
	double share = (double)(port->packets - port->error) / (double)port->packets;

	return (double)(by_bytes ? port->bytes : port->packets) * share;
}

/* Split @amount of a class among its rows as the ports had it; the general row gets the rest. */
static void claim(struct claims *claims, enum traffic_class class, double amount, bool by_bytes,
		  const struct tally_detail *detail)
{
	double left = amount;

	for (size_t i = 0; detail && i < TALLY_PORTS && detail->ports[i].packets; i++) {
		const struct tally_port *port = &detail->ports[i];
		const struct tally_count *seen = &detail->by_class[class];
		double all = (double)(by_bytes ? seen->bytes : seen->packets);
		if (port->class != class || all <= 0)
			continue;
		double part = amount * certain(port, by_bytes) / all;
		if (part > left)
			part = left;
		claims->of[row_of(class, port->proto, port->sport, port->dport)] += part;
		left -= part;
	}
	claims->of[row_of(class, 0, 0, 0)] += left;
}

static size_t largest(const struct claims *claims)
{
	size_t best = 0;

	for (size_t i = 1; i < ROWS; i++) {
		if (claims->of[i] > claims->of[best])
			best = i;
	}
	return best;
}

unsigned vector_shares(const struct tally_count by_class[static CLASS_COUNT], uint32_t classes,
		       bool by_bytes, const struct tally_detail *detail,
		       struct vector_share ret_vectors[static FINDING_VECTORS])
{
	struct claims claims = { 0 };
	unsigned count = 0;
	double total = 0;

	for (size_t class = 0; class < CLASS_COUNT; class ++) {
		const struct tally_count *sum = &by_class[class];
		double amount = (double)(by_bytes ? sum->bytes : sum->packets);
		if (!(classes & 1U << class) || amount <= 0)
			continue;
		total += amount;
		claim(&claims, (enum traffic_class) class, amount, by_bytes, detail);
	}
	join_names(&claims);
	while (count < FINDING_VECTORS) {
		size_t row = largest(&claims);
		if (total <= 0 || claims.of[row] < SHARE_MIN * total)
			break;
		struct vector_share *vector = &ret_vectors[count++];
		vector->share = claims.of[row] / total;
		snprintf(vector->name, sizeof(vector->name), "%s", rows[row].name);
		claims.of[row] = 0;
	}
	return count;
}
