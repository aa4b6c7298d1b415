/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/flow_class: protocols, TCP flags of packets and of flow records, amplifier ports. */
#include "check.h"

#include <stdbool.h>

#include "model/flow.h"

enum { F = 0x01, S = 0x02, R = 0x04, P = 0x08, A = 0x10, U = 0x20, E = 0x40, C = 0x80 };

static enum traffic_class tcp(enum flow_source source, unsigned flags, uint64_t packets)
{
	struct flow flow = {
		.has = FLOW_HAS_PROTO | FLOW_HAS_TCP_FLAGS | FLOW_HAS_PACKETS,
		.source = (uint8_t)source,
		.proto = 6,
		.tcp_flags = (uint8_t)flags,
		.packets = packets,
	};

	return flow_classify(&flow);
}

static void a_packet_is_judged_by_its_own_flags(void **state)
{
	static const struct {
		unsigned flags;
		enum traffic_class class;
	} cases[] = {
		{ S, CLASS_SYN },         { S | E | C, CLASS_SYN },    { S | P, CLASS_SYN },
		{ S | A, CLASS_SYNACK },  { S | A | E, CLASS_SYNACK }, { R, CLASS_RST_FIN },
		{ R | A, CLASS_RST_FIN }, { F | A, CLASS_RST_FIN },    { F | P | A, CLASS_RST_FIN },
		{ A, CLASS_TCP },         { P | A, CLASS_TCP },        { A | U, CLASS_TCP },
		{ 0, CLASS_TCP_BAD },     { F, CLASS_TCP_BAD },        { F | P | U, CLASS_TCP_BAD },
		{ S | F, CLASS_TCP_BAD }, { S | R, CLASS_TCP_BAD },    { S | F | A, CLASS_TCP_BAD },
		{ P, CLASS_TCP_BAD },     { E | C, CLASS_TCP_BAD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tcp(FLOW_PACKET, cases[i].flags, 1), cases[i].class);
		assert_int_equal(tcp(FLOW_SFLOW5, cases[i].flags, 1), cases[i].class);
		if (cases[i].flags & ~(unsigned)(E | C))
			assert_int_equal(tcp(FLOW_NETFLOW9, cases[i].flags, 1), cases[i].class);
	}
}

static void a_record_is_judged_by_the_flags_of_all_its_packets(void **state)
{
	static const struct {
		unsigned flags;
		uint64_t packets;
		enum traffic_class class;
	} cases[] = {
		{ S | A | P | F, 12, CLASS_TCP }, /* a whole connection */
		{ S | A | R, 4, CLASS_TCP },
		{ S, 3, CLASS_SYN }, /* repeated requests */
		{ S | R, 2, CLASS_SYN },
		{ S | A, 5, CLASS_SYNACK },
		{ A | F, 2, CLASS_RST_FIN },
		{ A | F, 2000, CLASS_TCP }, /* the last piece of a long one */
		{ A | R, 2000, CLASS_TCP },
		{ R, 2000, CLASS_RST_FIN },
		{ S | F, 2, CLASS_TCP_BAD }, /* a FIN without any ACK */
		{ F | P | U, 9, CLASS_TCP_BAD },
		{ 0, 1, CLASS_TCP }, /* an exporter that cannot see flags */
		{ 0, 9, CLASS_TCP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tcp(FLOW_NETFLOW5, cases[i].flags, cases[i].packets),
				 cases[i].class);
}

/* AWS leaves ACK out of its flags: SYN with FIN is an ordinary connection in an interval. */
static void aws_shows_only_some_flags(void **state)
{
	static const struct {
		unsigned flags;
		uint64_t packets;
		uint64_t bytes;
		enum traffic_class class;
	} cases[] = {
		{ S | F, 1, 40, CLASS_TCP },      { S | F, 12, 6000, CLASS_TCP },
		{ S | A | F, 9, 900, CLASS_TCP }, { S | R, 2, 80, CLASS_TCP },
		{ S, 3, 180, CLASS_SYN },         { S, 3, 4000, CLASS_TCP },
		{ S | A, 2, 120, CLASS_SYNACK },  { F, 1, 40, CLASS_RST_FIN },
		{ F, 1000, 900000, CLASS_TCP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow flow = {
			.has = FLOW_HAS_PROTO | FLOW_HAS_TCP_FLAGS | FLOW_HAS_PACKETS |
			       FLOW_HAS_BYTES,
			.source = FLOW_AWS_VPC,
			.proto = 6,
			.tcp_flags = (uint8_t)cases[i].flags,
			.packets = cases[i].packets,
			.bytes = cases[i].bytes,
		};
		assert_int_equal(flow_classify(&flow), cases[i].class);
	}
	assert_int_equal(tcp(FLOW_NETFLOW9, S | F, 2), CLASS_TCP_BAD);
}

static void flags_that_were_not_sent_say_nothing(void **state)
{
	struct flow flow = { .has = FLOW_HAS_PROTO, .proto = 6, .source = FLOW_PACKET };

	(void)state;
	assert_int_equal(flow_classify(&flow), CLASS_TCP);
	flow.has = 0;
	assert_int_equal(flow_classify(&flow), CLASS_OTHER);
}

static void udp_is_judged_by_its_source_port(void **state)
{
	struct flow flow = { .has = FLOW_HAS_PROTO | FLOW_HAS_SPORT | FLOW_HAS_DPORT,
			     .proto = 17,
			     .sport = 11211,
			     .dport = 40000 };

	(void)state;
	assert_int_equal(flow_classify(&flow), CLASS_UDP_AMP);
	flow.sport = 40000;
	flow.dport = 11211; /* a request to such a port is no answer from it */
	assert_int_equal(flow_classify(&flow), CLASS_UDP);
	flow.sport = 53;
	flow.has = FLOW_HAS_PROTO;
	assert_int_equal(flow_classify(&flow), CLASS_UDP);
}

/* What honest name and time servers send is no longer than this; the mean of a record counts. */
static void ordinary_answers_are_told_by_their_length(void **state)
{
	static const struct {
		uint16_t sport;
		uint64_t packets, bytes;
		enum traffic_class class;
	} cases[] = {
		{ 53, 1, 900, CLASS_UDP_ANSWER },   { 53, 1, 901, CLASS_UDP_AMP },
		{ 53, 10, 9000, CLASS_UDP_ANSWER }, { 53, 10, 9001, CLASS_UDP_AMP },
		{ 123, 1, 140, CLASS_UDP_ANSWER },  { 123, 1, 141, CLASS_UDP_AMP },
		{ 11211, 1, 60, CLASS_UDP_AMP },    { 40000, 1, 60, CLASS_UDP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow flow = {
			.has = FLOW_HAS_PROTO | FLOW_HAS_SPORT | FLOW_HAS_DPORT,
			.proto = 17,
			.sport = cases[i].sport,
			.packets = cases[i].packets,
			.bytes = cases[i].bytes,
		};
		assert_int_equal(flow_classify(&flow), cases[i].class);
		/* The first part of a long answer is as long as fits, and tells nothing. */
		flow.fragment = 1;
		assert_int_equal(flow_classify(&flow),
				 cases[i].class == CLASS_UDP ? CLASS_UDP : CLASS_UDP_AMP);
	}
}

static void other_protocols_have_their_classes(void **state)
{
	static const struct {
		uint8_t proto;
		uint8_t fragment;
		enum traffic_class class;
	} cases[] = {
		{ 1, 0, CLASS_ICMP },     { 58, 0, CLASS_ICMP },     { 47, 0, CLASS_OTHER },
		{ 50, 0, CLASS_OTHER },   { 0, 0, CLASS_OTHER },     { 255, 0, CLASS_OTHER },
		{ 17, 1, CLASS_UDP },     { 17, 2, CLASS_FRAGMENT }, { 6, 2, CLASS_FRAGMENT },
		{ 1, 2, CLASS_FRAGMENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow flow = { .has = FLOW_HAS_PROTO | FLOW_HAS_FRAGMENT,
				     .proto = cases[i].proto,
				     .fragment = cases[i].fragment };
		assert_int_equal(flow_classify(&flow), cases[i].class);
	}
}

static void ranges_of_amplifier_ports_end_where_they_should(void **state)
{
	static const uint16_t yes[] = {
		17,   19,    53,    123,   137,   138,   389,   1900,  6881,
		6889, 11211, 27015, 27030, 27960, 32410, 32412, 32414, 47808
	};
	static const uint16_t no[] = { 0,     18,    54,    136,   139,   6880, 6890,
				       27014, 27031, 32411, 32415, 40000, 65535 };
	int count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(port_amplifies(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(port_amplifies(no[i]));
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		count += port_amplifies((uint16_t)port);
	assert_int_equal(count, 65);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_judged_by_its_own_flags),
		cmocka_unit_test(a_record_is_judged_by_the_flags_of_all_its_packets),
		cmocka_unit_test(aws_shows_only_some_flags),
		cmocka_unit_test(flags_that_were_not_sent_say_nothing),
		cmocka_unit_test(udp_is_judged_by_its_source_port),
		cmocka_unit_test(ordinary_answers_are_told_by_their_length),
		cmocka_unit_test(other_protocols_have_their_classes),
		cmocka_unit_test(ranges_of_amplifier_ports_end_where_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
