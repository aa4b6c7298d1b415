/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/packet: each link layer, extension header and tunnel, whole and cut short. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "ingest/packet.h"

/* Packets are built by putting these pieces of hexadecimal text together. */
#define MACS                  "020000000001 020000000002"
#define ETHER4                MACS "0800"
#define ETHER6                MACS "86dd"
/* 192.0.2.1 to 198.51.100.2, tos 0x10, ttl 64: total length and protocol to be given. */
#define IP4(len, proto)       "4510" len "1234 0000 40" proto "0000 c0000201 c6336402"
#define IP4_FRAG(frag, proto) "4510 0024 1234" frag "40" proto "0000 c0000201 c6336402"
/* 2001:db8::1 to 2001:db8::2, traffic class 0x10, hop limit 63. */
#define IP6(len, next)                                            \
	"61000000" len next "3f 20010db8000000000000000000000001" \
	"20010db8000000000000000000000002"
#define UDP53      "0035 d431 0010 0000 0001020304050607"
#define TCPSYN     "c350 01bb 00000001 00000000 5002 ffff 0000 0000"
#define FLOW_PORTS (FLOW_HAS_SPORT | FLOW_HAS_DPORT)

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Exactly as many bytes on the heap as the packet has, so that ASan sees a read behind them. */
static uint8_t *bytes_of_hex(const char *hex, size_t *ret_len)
{
	uint8_t *data = malloc(strlen(hex) / 2 + 1);
	size_t len = 0;

	assert_non_null(data);
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		data[len++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex++;
	}
	data = realloc(data, len);
	assert_non_null(data);
	*ret_len = len;
	return data;
}

static int parse_wire(enum packet_link link, const char *hex, size_t wire_len, struct flow *flow)
{
	size_t len;
	uint8_t *data = bytes_of_hex(hex, &len);
	struct packet_view view = { data, len, wire_len ? wire_len : len, link };

	memset(flow, 0, sizeof(*flow));
	int r = packet_parse(&view, flow);
	free(data);
	return r;
}

static int parse(enum packet_link link, const char *hex, struct flow *flow)
{
	return parse_wire(link, hex, 0, flow);
}

static void assert_ip(const struct ip *ip, const char *text)
{
	char got[IP_TEXT_MAX];

	assert_string_equal(ip_format(ip, got), text);
}

static int failure(enum reason reason)
{
	return -(int)reason - 1;
}

static void assert_udp53(const struct flow *flow)
{
	assert_ip(&flow->src, "192.0.2.1");
	assert_ip(&flow->dst, "198.51.100.2");
	assert_int_equal(flow->proto, 17);
	assert_int_equal(flow->sport, 53);
	assert_int_equal(flow->dport, 54321);
	assert_int_equal(flow->bytes, 36);
	assert_int_equal(flow->packets, 1);
	assert_int_equal(flow->tos, 0x10);
	assert_int_equal(flow->ttl, 64);
	assert_int_equal(flow->fragment, 0);
}

static void every_link_layer_leads_to_ip(void **state)
{
	static const struct {
		enum packet_link link;
		const char *hex;
		unsigned vlan;
	} cases[] = {
		{ PACKET_IP, IP4("0024", "11") UDP53, 0 },
		{ PACKET_ETHERNET, ETHER4 IP4("0024", "11") UDP53, 0 },
		{ PACKET_ETHERNET, MACS "8100 0064 0800" IP4("0024", "11") UDP53, 100 },
		{ PACKET_ETHERNET, MACS "8100 2000 0800" IP4("0024", "11") UDP53, 0 },
		{ PACKET_ETHERNET, MACS "88a8 00c8 8100 0064 0800" IP4("0024", "11") UDP53, 100 },
		{ PACKET_ETHERNET, MACS "9100 00c8 8100 0064 0800" IP4("0024", "11") UDP53, 100 },
		{ PACKET_ETHERNET, MACS "0030 aaaa03 000000 0800" IP4("0024", "11") UDP53, 0 },
		{ PACKET_ETHERNET, MACS "8864 1100 0001 0026 0021" IP4("0024", "11") UDP53, 0 },
		{ PACKET_ETHERNET, MACS "8847 00010040 00020140" IP4("0024", "11") UDP53, 0 },
		{ PACKET_MPLS, "00000140" IP4("0024", "11") UDP53, 0 }, /* explicit null */
		/* Ethernet pseudo-wires: with control word, without, and with a MAC like IPv4. */
		{ PACKET_MPLS, "00011140 00000000" ETHER4 IP4("0024", "11") UDP53, 0 },
		{ PACKET_MPLS, "00011140" ETHER4 IP4("0024", "11") UDP53, 0 },
		{ PACKET_MPLS, "00011140 450000000001 0200000000020800" IP4("0024", "11") UDP53,
		  0 },
		{ PACKET_MPLS, "00011140 600000000001 0200000000020800" IP4("0024", "11") UDP53,
		  0 },
		{ PACKET_PPP, "ff03 0021" IP4("0024", "11") UDP53, 0 },
		{ PACKET_PPP, "0021" IP4("0024", "11") UDP53, 0 },
		{ PACKET_PPP, "21" IP4("0024", "11") UDP53, 0 },
		{ PACKET_SLL, "0000 0001 0006 0200000000010000 0800" IP4("0024", "11") UDP53, 0 },
		{ PACKET_SLL2,
		  "0800 0000 00000002 0001 00 06 0200000000010000" IP4("0024", "11") UDP53, 0 },
		{ PACKET_FDDI, "50" MACS "aaaa03 000000 0800" IP4("0024", "11") UDP53, 0 },
		{ PACKET_FRAME_RELAY, "1841 03 cc" IP4("0024", "11") UDP53, 0 },
		{ PACKET_FRAME_RELAY, "1841 03 00 80 000000 0800" IP4("0024", "11") UDP53, 0 },
		{ PACKET_FRAME_RELAY, "1841 0800" IP4("0024", "11") UDP53, 0 },
		{ PACKET_CISCO_HDLC, "0f00 0800" IP4("0024", "11") UDP53, 0 },
		{ PACKET_LOOP, "00000002" IP4("0024", "11") UDP53, 0 },
		{ PACKET_LOOP, "02000000" IP4("0024", "11") UDP53, 0 },
	};
	struct flow flow;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].link, cases[i].hex, &flow), 0);
		assert_udp53(&flow);
		assert_int_equal(flow.vlan, cases[i].vlan);
		assert_int_equal(!!(flow.has & FLOW_HAS_VLAN), cases[i].vlan != 0);
		assert_int_equal(flow.has & FLOW_HAS_INNER, 0);
	}
}

static void what_is_not_ip_has_its_reason(void **state)
{
	static const struct {
		enum packet_link link;
		const char *hex;
		enum reason reason;
	} cases[] = {
		{ PACKET_ETHERNET, MACS "0806 0001080006040001", REASON_NOT_IP },
		{ PACKET_ETHERNET, MACS "0026 424203 0000", REASON_SHORT },
		{ PACKET_ETHERNET, MACS "0026 424203 000000 0000", REASON_NOT_IP },
		{ PACKET_ETHERNET, MACS, REASON_SHORT },
		{ PACKET_ETHERNET, MACS "8100 0064", REASON_SHORT },
		{ PACKET_ETHERNET, ETHER4, REASON_SHORT },
		{ PACKET_ETHERNET, ETHER4 "4500 0024 0000", REASON_SHORT },
		{ PACKET_ETHERNET, ETHER4 "5500 0024 0000", REASON_VERSION },
		{ PACKET_IP, "4410 0024 1234 0000 4011 0000 c0000201 c6336402", REASON_LENGTH },
		{ PACKET_IP, "6000", REASON_SHORT },
		{ PACKET_MPLS, "00010040", REASON_SHORT },
		{ PACKET_MPLS, "00010140", REASON_SHORT },
		{ PACKET_MPLS, "00010140 10000000", REASON_NOT_IP },
		{ PACKET_PPP, "c021 01", REASON_NOT_IP },
		{ PACKET_SLL, "0004 0338 0000 0000000000000000 0800", REASON_NOT_IP },
		{ PACKET_LOOP, "00000007 00", REASON_NOT_IP },
		{ PACKET_FRAME_RELAY, "1840", REASON_SHORT },
		{ PACKET_FRAME_RELAY, "1841 03 81", REASON_NOT_IP },
		{ PACKET_CISCO_HDLC, "8f00 2000", REASON_NOT_IP },
	};
	struct flow flow;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const struct flow untouched;
		assert_int_equal(parse(cases[i].link, cases[i].hex, &flow),
				 failure(cases[i].reason));
		assert_memory_equal(&flow, &untouched, sizeof(flow));
	}
}

static void tags_alone_come_to_an_end(void **state)
{
	char hex[4096] = MACS "8100";
	struct flow flow;

	(void)state;
	for (int i = 0; i < 200; i++)
		strncat(hex, "00648100", sizeof(hex) - strlen(hex) - 1);
	assert_int_equal(parse(PACKET_ETHERNET, hex, &flow), failure(REASON_NOT_IP));
	strncpy(hex, "", 2);
	for (int i = 0; i < 200; i++)
		strncat(hex, "00010040", sizeof(hex) - strlen(hex) - 1);
	assert_int_equal(parse(PACKET_MPLS, hex, &flow), failure(REASON_NOT_IP));
}

static void options_and_padding_are_stepped_over(void **state)
{
	struct flow flow;

	(void)state;
	/* Header of 24 bytes. */
	assert_int_equal(parse(PACKET_IP,
			       "4600 0028 0000 0000 4011 0000 c0000201 c6336402 94040000" UDP53,
			       &flow),
			 0);
	assert_int_equal(flow.dport, 54321);
	assert_int_equal(flow.bytes, 40);
	/* 20 bytes of IP, padded to an Ethernet minimum: the padding is no port. */
	assert_int_equal(parse(PACKET_ETHERNET, ETHER4 IP4("0014", "11") "ffffffffffffffff", &flow),
			 0);
	assert_int_equal(flow.has & FLOW_PORTS, 0);
	assert_int_equal(flow.dport, 0);
	/* Cut within the options: still a flow. */
	assert_int_equal(
		parse(PACKET_IP, "4f00 0100 0000 0000 4011 0000 c0000201 c6336402 0000", &flow), 0);
	assert_int_equal(flow.proto, 17);
	assert_int_equal(flow.has & FLOW_PORTS, 0);
}

static void a_cut_transport_header_leaves_what_is_there(void **state)
{
	struct flow flow;

	(void)state;
	assert_int_equal(parse_wire(PACKET_IP, IP4("0028", "06") "c350", 40, &flow), 0);
	assert_int_equal(flow.has & FLOW_PORTS, FLOW_HAS_SPORT);
	assert_int_equal(flow.sport, 50000);
	assert_int_equal(parse_wire(PACKET_IP, IP4("0028", "06") "c350 01bb 0000", 40, &flow), 0);
	assert_int_equal(flow.has & (FLOW_PORTS | FLOW_HAS_TCP_FLAGS), FLOW_PORTS);
	assert_int_equal(flow.dport, 443);
	assert_int_equal(flow.bytes, 40);
	assert_int_equal(parse(PACKET_IP, IP4("0028", "06") TCPSYN, &flow), 0);
	assert_true(flow.has & FLOW_HAS_TCP_FLAGS);
	assert_int_equal(flow.tcp_flags, 0x02);
}

static void other_transports_have_their_fields(void **state)
{
	struct flow flow;

	(void)state;
	assert_int_equal(parse(PACKET_IP, IP4("001c", "01") "0301 0000 00000000", &flow), 0);
	assert_true(flow.has & FLOW_HAS_ICMP);
	assert_int_equal(flow.icmp_type, 3);
	assert_int_equal(flow.icmp_code, 1);
	assert_int_equal(flow.has & FLOW_PORTS, 0);
	assert_int_equal(parse(PACKET_IP, IP6("0008", "3a") "8700 0000 00000000", &flow), 0);
	assert_true(flow.has & FLOW_HAS_ICMP);
	assert_int_equal(flow.icmp_type, 135);
	assert_int_equal(parse(PACKET_IP, IP4("0020", "84") "0b59 0b58 00000000 00000000", &flow),
			 0);
	assert_int_equal(flow.sport, 2905);
	assert_int_equal(flow.dport, 2904);
	assert_int_equal(parse(PACKET_IP, IP4("001c", "32") "00000001 00000002", &flow), 0);
	assert_int_equal(flow.proto, 50);
	assert_int_equal(flow.has & (FLOW_PORTS | FLOW_HAS_ICMP), 0);
}

static void only_the_first_fragment_has_ports(void **state)
{
	static const struct {
		const char *hex;
		unsigned fragment;
	} cases[] = {
		{ IP4_FRAG("2000", "11") UDP53, 1 },
		{ IP4_FRAG("2001", "11") UDP53, 2 },
		{ IP4_FRAG("00b9", "11") UDP53, 2 },
		{ IP4_FRAG("4000", "11") UDP53, 0 }, /* do not fragment */
		{ IP6("0018", "2c") "1100 0001 00000001" UDP53, 1 },
		{ IP6("0018", "2c") "1100 00b9 00000001" UDP53, 2 },
		{ IP6("0018", "2c") "1100 00b8 00000001" UDP53, 2 },
		{ IP6("0018", "2c") "1100 0000 00000001" UDP53, 0 }, /* atomic, RFC 6946 */
	};
	struct flow flow;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ports = cases[i].fragment != 2;
		assert_int_equal(parse(PACKET_IP, cases[i].hex, &flow), 0);
		assert_true(flow.has & FLOW_HAS_FRAGMENT);
		assert_int_equal(flow.fragment, cases[i].fragment);
		assert_int_equal(flow.proto, 17);
		assert_int_equal(flow.has & FLOW_PORTS, ports ? FLOW_PORTS : 0);
		assert_int_equal(flow.dport, ports ? 54321 : 0);
	}
}

static void ipv6_extension_headers_are_stepped_over(void **state)
{
	struct flow flow;

	(void)state;
	/* Hop-by-hop, routing, destination options, AH (24 bytes), then UDP. */
	assert_int_equal(parse(PACKET_ETHERNET,
			       ETHER6 IP6("0040", "00") "2b00 050200000000"
							"3c00 000000000000"
							"3300 010400000000"
							"1104 0000 00000001 00000001"
							"000000000000000000000000" UDP53,
			       &flow),
			 0);
	assert_ip(&flow.src, "2001:db8::1");
	assert_ip(&flow.dst, "2001:db8::2");
	assert_int_equal(flow.proto, 17);
	assert_int_equal(flow.sport, 53);
	assert_int_equal(flow.bytes, 104);
	assert_int_equal(flow.tos, 0x10);
	assert_int_equal(flow.ttl, 63);
	/* A header that claims more than there is. */
	assert_int_equal(parse(PACKET_IP, IP6("0018", "00") "11ff 050200000000" UDP53, &flow), 0);
	assert_int_equal(flow.proto, 17);
	assert_int_equal(flow.has & FLOW_PORTS, 0);
	/* No next header. */
	assert_int_equal(parse(PACKET_IP, IP6("0000", "3b"), &flow), 0);
	assert_int_equal(flow.proto, 59);
}

static void endless_extension_headers_come_to_an_end(void **state)
{
	char hex[8192] = IP6("0400", "00");
	struct flow flow;

	(void)state;
	for (int i = 0; i < 128; i++)
		strncat(hex, "0000050200000000", sizeof(hex) - strlen(hex) - 1);
	assert_int_equal(parse(PACKET_IP, hex, &flow), 0);
	assert_int_equal(flow.proto, 0);
	assert_int_equal(flow.has & FLOW_PORTS, 0);
}

static void a_zero_length_means_the_length_on_the_wire(void **state)
{
	struct flow flow;

	(void)state;
	assert_int_equal(
		parse_wire(PACKET_ETHERNET, ETHER4 IP4("0000", "06") TCPSYN, 14 + 20000, &flow), 0);
	assert_int_equal(flow.bytes, 20000);
	assert_int_equal(flow.dport, 443);
	assert_int_equal(
		parse_wire(PACKET_ETHERNET, ETHER6 IP6("0000", "06") TCPSYN, 14 + 70000, &flow), 0);
	assert_int_equal(flow.bytes, 70000);
	assert_int_equal(flow.dport, 443);
	/* A length below the header's own is no length either. */
	assert_int_equal(parse_wire(PACKET_ETHERNET, ETHER4 IP4("0003", "06") TCPSYN, 0, &flow), 0);
	assert_int_equal(flow.bytes, 40);
}

static void tunnels_have_an_outer_and_an_inner_packet(void **state)
{
	static const struct {
		const char *hex;
		enum tunnel tunnel;
	} cases[] = {
		{ IP4("003c", "2f") "0000 0800" IP4("0024", "11") UDP53, TUNNEL_GRE },
		{ IP4("0048", "2f") "b000 0800 00000000 00000007 00000001" IP4("0024", "11") UDP53,
		  TUNNEL_GRE },
		{ IP4("004a", "2f") "0000 6558" ETHER4 IP4("0024", "11") UDP53, TUNNEL_GRE },
		{ IP4("0040", "2f") "0000 8847 00010140" IP4("0024", "11") UDP53, TUNNEL_GRE },
		{ IP4("004c", "2f") "3081 880b 00280001 00000001 00000001 ff030021" IP4("0024",
											"11") UDP53,
		  TUNNEL_GRE },
		{ IP6("0028", "2f") "0000 0800" IP4("0024", "11") UDP53, TUNNEL_GRE },
		{ IP4("0038", "04") IP4("0024", "11") UDP53, TUNNEL_IPIP },
		{ IP6("0024", "04") IP4("0024", "11") UDP53, TUNNEL_IPIP },
		{ IP4("0056", "11") "c000 12b5 0042 0000 08000000 00000700" ETHER4 IP4("0024", "11")
			  UDP53,
		  TUNNEL_VXLAN },
		{ IP4("0056", "11") "c000 2118 0042 0000 08000000 00000700" ETHER4 IP4("0024", "11")
			  UDP53,
		  TUNNEL_VXLAN },
		/* Two levels: the innermost packet, and the tunnel around it. */
		{ IP4("0054", "04") IP4("003c", "2f") "0000 0800" IP4("0024", "11") UDP53,
		  TUNNEL_GRE },
	};
	struct flow flow;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(PACKET_IP, cases[i].hex, &flow), 0);
		assert_int_not_equal(flow.bytes, 36);
		assert_true(flow.has & FLOW_HAS_INNER);
		assert_int_equal(flow.inner.tunnel, cases[i].tunnel);
		assert_ip(&flow.inner.src, "192.0.2.1");
		assert_ip(&flow.inner.dst, "198.51.100.2");
		assert_int_equal(flow.inner.proto, 17);
		assert_int_equal(flow.inner.sport, 53);
		assert_int_equal(flow.inner.dport, 54321);
	}
	assert_int_equal(parse(PACKET_IP, IP4("0050", "29") IP6("0014", "06") TCPSYN, &flow), 0);
	assert_int_equal(flow.inner.tunnel, TUNNEL_IPIP);
	assert_ip(&flow.inner.src, "2001:db8::1");
	assert_int_equal(flow.inner.tcp_flags, 2);
	assert_int_equal(parse(PACKET_IP, IP6("003c", "29") IP6("0014", "06") TCPSYN, &flow), 0);
	assert_ip(&flow.src, "2001:db8::1");
	assert_int_equal(flow.inner.dport, 443);
}

static void what_only_looks_like_a_tunnel_has_no_inner_packet(void **state)
{
	static const char *const cases[] = {
		IP4("0034", "2f") "0000 88cc" IP4("0024", "11"),          /* GRE with LLDP */
		IP4("0034", "2f") "4000 0800 00000000" IP4("0024", "11"), /* source-routed */
		IP4("0034", "2f") "0002 0800" IP4("0024", "11") UDP53,    /* version 2 */
		IP4("0034", "2f") "b000 0800 0000",                       /* cut */
		IP4("0034", "04") "4500 0024",                            /* cut */
		IP4("0034", "04") "00000000 00000000 00000000 00000000 00000000",
		IP4_FRAG("2001", "04") IP4("0024", "11") UDP53, /* not the first fragment */
		/* VXLAN without a valid id, and reserved bits on the old Linux port. */
		IP4("0056", "11") "c000 12b5 0042 0000 00000000 00000700" ETHER4 IP4("0024", "11"),
		IP4("0056", "11") "c000 2118 0042 0000 08000001 00000700" ETHER4 IP4("0024", "11"),
	};
	struct flow flow;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(PACKET_IP, cases[i], &flow), 0);
		assert_ip(&flow.src, "192.0.2.1");
		assert_int_equal(flow.has & FLOW_HAS_INNER, 0);
	}
}

static void every_cut_of_a_packet_is_safe(void **state)
{
	static const char hex[] = MACS "88a8 00c8 8100 0064 8847 00010140" IP4(
		"0098", "2f") "b000 6558 00000000 00000007 00000001" ETHER6
		IP6("0050", "00") "1100 050200000000 c000 12b5 0048 0000 08000000 00000700" ETHER4
			IP4("0028", "06") TCPSYN;
	size_t full;
	uint8_t *data = bytes_of_hex(hex, &full);
	int ok = 0;

	(void)state;
	for (size_t len = 0; len <= full; len++) {
		uint8_t *part = malloc(len ? len : 1);
		struct flow flow = { 0 };

		assert_non_null(part);
		memcpy(part, data, len);
		struct packet_view view = { part, len, full, PACKET_ETHERNET };
		int r = packet_parse(&view, &flow);
		/* Tags, label and 20 bytes of IPv4 must be there, no more. */
		assert_int_equal(r, len < 12 + 2 + 4 + 4 + 4 + 20 ? failure(REASON_SHORT) : 0);
		ok += !!(flow.has & FLOW_HAS_INNER);
		free(part);
	}
	assert_true(ok > 20);
	free(data);
}

static int udp_of(const char *hex, struct packet_udp *ret_udp)
{
	static uint8_t data[512];
	size_t len;
	uint8_t *heap = bytes_of_hex(hex, &len);

	memcpy(data, heap, len);
	free(heap);
	struct packet_view view = { data, len, len, PACKET_ETHERNET };
	return packet_udp(&view, ret_udp);
}

static void a_udp_payload_is_found(void **state)
{
	struct packet_udp udp;

	(void)state;
	assert_int_equal(udp_of(ETHER4 IP4("0024", "11") UDP53 "0000", &udp), 0);
	assert_ip(&udp.src, "192.0.2.1");
	assert_int_equal(udp.dport, 54321);
	assert_int_equal(udp.len, 8);
	assert_int_equal(udp.wire_len, 8);
	assert_int_equal(udp.data[7], 7);
	assert_int_equal(udp_of(ETHER4 IP4("0028", "06") TCPSYN, &udp), failure(REASON_FIELD));
	assert_int_equal(udp_of(ETHER4 IP4("0024", "11") "0035", &udp), failure(REASON_SHORT));
	assert_int_equal(udp_of(ETHER4 IP4("0024", "11") "0035 d431 0003 0000", &udp),
			 failure(REASON_LENGTH));
	assert_int_equal(udp_of(ETHER4 IP4("0024", "11") "0035 d431 0400 0000 0001", &udp), 0);
	assert_int_equal(udp.len, 2);
	assert_int_equal(udp.wire_len, 1016);
	assert_int_equal(udp_of(ETHER4 IP4_FRAG("0001", "11") UDP53, &udp), 0);
	assert_int_equal(udp.fragment, 2);
	assert_int_equal(udp.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_layer_leads_to_ip),
		cmocka_unit_test(what_is_not_ip_has_its_reason),
		cmocka_unit_test(tags_alone_come_to_an_end),
		cmocka_unit_test(options_and_padding_are_stepped_over),
		cmocka_unit_test(a_cut_transport_header_leaves_what_is_there),
		cmocka_unit_test(other_transports_have_their_fields),
		cmocka_unit_test(only_the_first_fragment_has_ports),
		cmocka_unit_test(ipv6_extension_headers_are_stepped_over),
		cmocka_unit_test(endless_extension_headers_come_to_an_end),
		cmocka_unit_test(a_zero_length_means_the_length_on_the_wire),
		cmocka_unit_test(tunnels_have_an_outer_and_an_inner_packet),
		cmocka_unit_test(what_only_looks_like_a_tunnel_has_no_inner_packet),
		cmocka_unit_test(every_cut_of_a_packet_is_safe),
		cmocka_unit_test(a_udp_payload_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
