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

/* How much a row says by itself about traffic that nobody asked for. */
enum { PLAIN = VECTOR_GENERAL, MAYBE = VECTOR_LIKELY, SURE = VECTOR_CERTAIN };

/* A kind of traffic; the first row that fits wins, and each class ends in one that fits all. */
struct row {
	uint8_t class; /* enum traffic_class */
	uint8_t proto;
	uint16_t sport;
	uint16_t sport_last; /* for a range of source ports */
	uint16_t dport;
	uint8_t flags;   /* all that are set, of samples only; 0: any */
	uint8_t certain; /* enum vector_certainty, inside the lengths */
	uint16_t least;  /* length of such attacks' packets; outside it says less */
	uint16_t most;
	const char *name;
};

#define ECN_SYN 0xc2
/* Amplifiers' answers: port, lengths of the packets in attacks. */
#define FROM(port, name, sure, low, high)                                       \
	{                                                                       \
		CLASS_UDP_AMP, ANY, port, port, ANY, ANY, sure, low, high, name \
	}
#define FROM_RANGE(first, last, name, sure, low, high)                           \
	{                                                                        \
		CLASS_UDP_AMP, ANY, first, last, ANY, ANY, sure, low, high, name \
	}
#define TO(class, port, name)                                               \
	{                                                                   \
		class, ANY, ANY, ANY, port, ANY, PLAIN, 0, UINT16_MAX, name \
	}
#define PROTO(class, proto, name, sure)                                     \
	{                                                                   \
		class, proto, ANY, ANY, ANY, ANY, sure, 0, UINT16_MAX, name \
	}
#define REST(class, name, sure)                                           \
	{                                                                 \
		class, ANY, ANY, ANY, ANY, ANY, sure, 0, UINT16_MAX, name \
	}

/*
 * WHY these lengths: design notes, section 4 (rules mined from blackholed traffic, captures of
 * attacks). Where honest services use the port, only what they do not send is certain; where
 * hardly anybody does, every packet is.
 */
static const struct row rows[] = {
	FROM(17, "qotd-amplification", SURE, 60, UINT16_MAX),
	FROM(19, "chargen-amplification", SURE, 60, UINT16_MAX),
	FROM(53, "dns-amplification", SURE, 1000, UINT16_MAX),
	FROM(69, "tftp-amplification", SURE, 300, 600),
	FROM(111, "portmap-amplification", SURE, 200, UINT16_MAX),
	FROM(123, "ntp-amplification", SURE, 200, UINT16_MAX),
	FROM_RANGE(137, 138, "netbios-amplification", SURE, 100, UINT16_MAX),
	FROM(161, "snmp-amplification", SURE, 40, UINT16_MAX),
	FROM(389, "cldap-amplification", SURE, 500, UINT16_MAX),
	FROM(427, "slp-amplification", SURE, 100, UINT16_MAX),
	FROM(500, "isakmp-reflection", SURE, 200, 260),
	FROM(520, "rip-amplification", SURE, 60, UINT16_MAX),
	FROM(623, "ipmi-amplification", SURE, 40, UINT16_MAX),
	FROM(1194, "openvpn-reflection", MAYBE, 40, 100),
	FROM(1434, "mssql-amplification", SURE, 100, UINT16_MAX),
	FROM(1604, "citrix-amplification", SURE, 60, UINT16_MAX),
	FROM(1701, "l2tp-reflection", MAYBE, 60, 250),
	FROM(1900, "ssdp-amplification", SURE, 150, 600),
	FROM(3283, "arms-amplification", SURE, 900, 1200),
	FROM(3389, "rdp-amplification", SURE, 1000, UINT16_MAX),
	FROM(3478, "stun-reflection", MAYBE, 60, 250),
	FROM(3702, "ws-discovery-amplification", SURE, 400, UINT16_MAX),
	FROM(4500, "isakmp-reflection", SURE, 200, 260),
	FROM(5060, "sip-reflection", MAYBE, 300, 800),
	FROM(5093, "sentinel-amplification", SURE, 100, UINT16_MAX),
	FROM(5353, "mdns-amplification", SURE, 60, UINT16_MAX),
	FROM(5683, "coap-amplification", SURE, 100, UINT16_MAX),
	FROM_RANGE(6881, 6889, "bittorrent-reflection", MAYBE, 60, 600),
	FROM(10001, "ubiquiti-amplification", SURE, 100, 400),
	FROM(10074, "tp240-amplification", SURE, 40, UINT16_MAX),
	FROM(11211, "memcached-amplification", SURE, 500, UINT16_MAX),
	FROM(17185, "vxworks-amplification", SURE, 40, UINT16_MAX),
	FROM_RANGE(27015, 27030, "steam-amplification", MAYBE, 200, UINT16_MAX),
	FROM(27960, "quake-amplification", MAYBE, 300, UINT16_MAX),
	FROM(32410, "plex-amplification", SURE, 150, 500),
	FROM_RANGE(32412, 32414, "plex-amplification", SURE, 150, 500),
	FROM(33848, "jenkins-amplification", SURE, 100, UINT16_MAX),
	FROM(37810, "dvr-amplification", SURE, 100, UINT16_MAX),
	FROM(47808, "bacnet-amplification", SURE, 40, UINT16_MAX),
	REST(CLASS_UDP_AMP, "udp-amplification", PLAIN),
	{ CLASS_UDP_ANSWER, ANY, 53, 53, ANY, ANY, PLAIN, 0, UINT16_MAX, "dns-amplification" },
	{ CLASS_UDP_ANSWER, ANY, 123, 123, ANY, ANY, PLAIN, 0, UINT16_MAX, "ntp-amplification" },
	REST(CLASS_UDP_ANSWER, "udp-amplification", PLAIN),
	{ CLASS_UDP, ANY, 443, 443, ANY, ANY, PLAIN, 0, UINT16_MAX, "quic-reflection" },
	TO(CLASS_UDP, 53, "dns-query-flood"),
	TO(CLASS_UDP, 443, "quic-flood"),
	REST(CLASS_UDP, "udp-flood", PLAIN),
	PROTO(CLASS_FRAGMENT, PROTO_UDP, "udp-fragment-flood", PLAIN),
	REST(CLASS_FRAGMENT, "fragment-flood", PLAIN),
	{ CLASS_SYN, ANY, ANY, ANY, ANY, ECN_SYN, MAYBE, 0, 46, "syn-ecn-flood" },
	REST(CLASS_SYN, "syn-flood", PLAIN),
	REST(CLASS_SYNACK, "syn-ack-reflection", PLAIN),
	REST(CLASS_RST_FIN, "rst-flood", PLAIN),
	REST(CLASS_TCP, "ack-flood", PLAIN),
	REST(CLASS_TCP_BAD, "tcp-bad-flags", SURE),
	PROTO(CLASS_ICMP, PROTO_ICMP6, "icmpv6-flood", MAYBE),
	REST(CLASS_ICMP, "icmp-flood", MAYBE),
	PROTO(CLASS_OTHER, PROTO_GRE, "gre-flood", PLAIN),
	PROTO(CLASS_OTHER, PROTO_ESP, "esp-flood", PLAIN),
	REST(CLASS_OTHER, "ip-protocol-flood", MAYBE),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
static_assert(ROWS <= VECTOR_ROWS, "rows are numbered in so many places");

/* Packets or bytes claimed by each row. */
struct claims {
	double of[ROWS];
};

static size_t row_of(enum traffic_class class, uint8_t proto, uint16_t sport, uint16_t dport)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		if (row->class == class && !row->flags &&
		    (row->proto == ANY || row->proto == proto) &&
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

static bool fits_sample(const struct row *row, const struct sample *sample)
{
	bool flags =
		!row->flags || (sample->has & SAMPLE_HAS_FLAGS && sample->tcp_flags == row->flags);

	return row->class == sample->class && flags &&
	       (row->proto == ANY || row->proto == sample->proto) &&
	       (row->sport == ANY ||
		(row->sport <= sample->sport && sample->sport <= row->sport_last)) &&
	       (row->dport == ANY || row->dport == sample->dport);
}

struct vector_match vector_match(const struct sample *sample)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		if (!fits_sample(row, sample))
			continue;
		bool inside = sample->length >= row->least && sample->length <= row->most;
		return (struct vector_match){
			.row = (uint8_t)i,
			.name = row->name,
			.certainty = inside ? (enum vector_certainty)row->certain : VECTOR_GENERAL,
		};
	}
	assert(!"every class has a row that fits all");
	return (struct vector_match){ .name = "" };
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
