/* SPDX-License-Identifier: Apache-2.0 */
/* Each condition of a rule and each way a packet can look, one by one, in the kernel. */
#include "check.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lab.h"

#define TARGET  "10.1.2.3"
#define TARGET6 "2001:db8::3"

static struct lab lab;

static int start(void **state)
{
	const struct xdp_engine_config config = { .hosts_max = 100, .members_max = 100 };

	(void)state;
	lab_open(&lab, &config);
	lab_protect(&lab, "10.1.2.0/24", 7);
	lab_protect(&lab, "2001:db8::/48", 8);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

static struct frame_spec udp(void)
{
	return (struct frame_spec){ .src = ip_of("192.0.2.9"),
				    .dst = ip_of(TARGET),
				    .proto = IPPROTO_UDP,
				    .ttl = 64,
				    .sport = 123,
				    .dport = 5000,
				    .length = 100 };
}

static struct frame_spec udp6(void)
{
	return (struct frame_spec){ .src = ip_of("2001:db8:ffff::9"),
				    .dst = ip_of(TARGET6),
				    .proto = IPPROTO_UDP,
				    .ttl = 64,
				    .sport = 123,
				    .dport = 5000,
				    .length = 100 };
}

static struct frame_spec tcp(uint8_t flags)
{
	struct frame_spec spec = udp();

	spec.proto = IPPROTO_TCP;
	spec.flags = flags;
	return spec;
}

/* A single rule to be refined. */
static struct xdp_rule *only_rule(const char *dst)
{
	lab.rule_count = 0;
	return lab_rule(&lab, dst);
}

static void expect(const struct frame_spec *spec, uint32_t reason)
{
	assert_int_equal(lab_send(&lab, spec), reason);
}

static void only_what_is_protected_is_looked_at(void **state)
{
	struct frame_spec spec = udp();

	(void)state;
	only_rule("0.0.0.0/0");
	lab_set(&lab);
	expect(&spec, FILTER_BY_DROP);
	spec.dst = ip_of("10.1.3.3");
	expect(&spec, FILTER_UNPROTECTED);
	spec = udp6();
	expect(&spec, FILTER_NO_RULE);
	spec.dst = ip_of("2001:db8:1::3");
	expect(&spec, FILTER_UNPROTECTED);
	only_rule("::/0");
	lab_set(&lab);
	spec = udp6();
	expect(&spec, FILTER_BY_DROP);
	spec = udp();
	expect(&spec, FILTER_NO_RULE);
}

static void destination_and_source(void **state)
{
	struct frame_spec spec = udp();

	(void)state;
	only_rule("10.1.2.3/32")->src = prefix_of("192.0.2.8/31");
	lab_set(&lab);
	expect(&spec, FILTER_BY_DROP);
	spec.dst = ip_of("10.1.2.2");
	expect(&spec, FILTER_NO_RULE);
	spec = udp();
	spec.src = ip_of("192.0.2.10");
	expect(&spec, FILTER_NO_RULE);
	only_rule("2001:db8::/64")->src = prefix_of("2001:db8:ffff::/48");
	lab_set(&lab);
	spec = udp6();
	expect(&spec, FILTER_BY_DROP);
	spec.src = ip_of("2001:db8:fffe::9");
	expect(&spec, FILTER_NO_RULE);
	spec = udp6();
	spec.dst = ip_of("2001:db8:0:1::3");
	expect(&spec, FILTER_NO_RULE);
}

static void ports_length_ttl_protocol(void **state)
{
	struct frame_spec spec = udp();
	struct xdp_rule *rule = only_rule("10.1.2.0/24");

	(void)state;
	rule->proto = IPPROTO_UDP;
	rule->src_port = (struct xdp_range){ 123, 123 };
	rule->dst_port = (struct xdp_range){ 5000, 5001 };
	rule->length = (struct xdp_range){ 100, 200 };
	rule->ttl = (struct xdp_range){ 60, 64 };
	lab_set(&lab);
	expect(&spec, FILTER_BY_DROP);
	spec.sport = 124;
	expect(&spec, FILTER_NO_RULE);
	spec = udp();
	spec.dport = 5002;
	expect(&spec, FILTER_NO_RULE);
	spec = udp();
	spec.length = 201;
	expect(&spec, FILTER_NO_RULE);
	spec.length = 99;
	expect(&spec, FILTER_NO_RULE);
	spec = udp();
	spec.ttl = 65;
	expect(&spec, FILTER_NO_RULE);
	spec = tcp(0);
	expect(&spec, FILTER_NO_RULE);
}

static void tcp_flags(void **state)
{
	struct xdp_rule *rule = only_rule("10.1.2.0/24");
	struct frame_spec spec = tcp(0x02);

	(void)state;
	rule->flags_mask = 0x12;
	rule->flags = 0x02;
	lab_set(&lab);
	expect(&spec, FILTER_BY_DROP);
	spec = tcp(0xe2);
	expect(&spec, FILTER_BY_DROP);
	spec = tcp(0x12);
	expect(&spec, FILTER_NO_RULE);
	spec = udp();
	expect(&spec, FILTER_NO_RULE);
}

static void icmp_type_and_code(void **state)
{
	struct xdp_rule *rule = only_rule("10.1.2.0/24");
	struct frame_spec spec = udp();

	(void)state;
	rule->icmp_type = 3;
	rule->icmp_code = 4;
	lab_set(&lab);
	spec.proto = IPPROTO_ICMP;
	spec.dport = 3 << 8 | 4;
	expect(&spec, FILTER_BY_DROP);
	spec.dport = 3 << 8 | 3;
	expect(&spec, FILTER_NO_RULE);
	/* A port that looks like it. */
	spec.dport = 3 << 8 | 4;
	spec.proto = IPPROTO_UDP;
	expect(&spec, FILTER_NO_RULE);
}

static void source_sets(void **state)
{
	const struct prefix host = prefix_of("192.0.2.9/32");
	const struct prefix net = prefix_of("192.0.2.0/24");
	const struct prefix net6 = prefix_of("2001:db8:ffff::/48");
	struct frame_spec spec = udp();

	(void)state;
	xdp_rule_add_set(only_rule("10.1.2.0/24"), 5);
	xdp_rule_add_set(lab_rule(&lab, "2001:db8::/48"), 5);
	lab_set(&lab);
	expect(&spec, FILTER_NO_RULE);
	assert_int_equal(xdp_engine_sources_add(lab.engine, 5, &host, 1), 0);
	expect(&spec, FILTER_BY_DROP);
	spec.src = ip_of("192.0.2.10");
	expect(&spec, FILTER_NO_RULE);
	assert_int_equal(xdp_engine_sources_add(lab.engine, 5, &net, 1), 0);
	assert_int_equal(xdp_engine_sources_add(lab.engine, 5, &net6, 1), 0);
	expect(&spec, FILTER_BY_DROP);
	/* The longer one decides. */
	assert_int_equal(xdp_engine_sources_add(lab.engine, 6, &host, 1), 0);
	spec = udp();
	expect(&spec, FILTER_NO_RULE);
	spec = udp6();
	expect(&spec, FILTER_BY_DROP);
	assert_int_equal(xdp_engine_sources_clear(lab.engine, 5), 0);
	expect(&spec, FILTER_NO_RULE);
	assert_int_equal(xdp_engine_sources_remove(lab.engine, &host, 1), 0);
	assert_int_equal(xdp_engine_sources_remove(lab.engine, &host, 1), 0);
}

static void fragments(void **state)
{
	struct frame_spec spec = udp();

	(void)state;
	only_rule("10.1.2.0/24")->fragment = XDP_FRAGMENT_ONLY;
	lab_rule(&lab, "2001:db8::/48")->fragment = XDP_FRAGMENT_ONLY;
	lab_rule(&lab, "10.1.2.0/24")->src_port = (struct xdp_range){ 123, 123 };
	lab.rules[2].action = FILTER_COUNT;
	lab_set(&lab);
	expect(&spec, FILTER_BY_COUNT);
	spec.fragment = 1; /* the first */
	expect(&spec, FILTER_BY_DROP);
	spec.fragment = 100 << 1; /* the last */
	expect(&spec, FILTER_BY_DROP);
	spec = udp6();
	spec.fragment = 100 << 1;
	expect(&spec, FILTER_BY_DROP);
	spec.fragment = 0;
	spec.atomic = true;
	expect(&spec, FILTER_NO_RULE);
	/* Only those whose ports nobody sees. */
	only_rule("10.1.2.0/24")->fragment = XDP_FRAGMENT_NO_PORTS;
	lab_set(&lab);
	spec = udp();
	spec.fragment = 1;
	expect(&spec, FILTER_NO_RULE);
	spec.fragment = 100 << 1;
	expect(&spec, FILTER_BY_DROP);
	/* What looks like ports in a later fragment is none. */
	only_rule("10.1.2.0/24")->src_port = (struct xdp_range){ 123, 123 };
	lab_set(&lab);
	spec = udp();
	spec.fragment = 100 << 1;
	expect(&spec, FILTER_NO_RULE);
}

static void tags_options_and_extensions(void **state)
{
	struct frame_spec spec = udp();

	(void)state;
	only_rule("10.1.2.0/24")->src_port = (struct xdp_range){ 123, 123 };
	lab_rule(&lab, "2001:db8::/48")->src_port = (struct xdp_range){ 123, 123 };
	lab_set(&lab);
	for (spec.tags = 0; spec.tags <= 2; spec.tags++)
		expect(&spec, FILTER_BY_DROP);
	expect(&spec, FILTER_NOT_IP); /* three */
	spec = udp();
	for (spec.options = 0; spec.options <= 10; spec.options++)
		expect(&spec, FILTER_BY_DROP);
	spec = udp6();
	for (unsigned n = 0; n <= FILTER_EXTENSIONS + 1; n++) {
		uint64_t long_chains = lab_counted(&lab, FILTER_LONG_CHAIN);
		spec.chain_len = n;
		memset(spec.chain, n % 2 ? IPPROTO_DSTOPTS : IPPROTO_AH, n);
		expect(&spec, n <= FILTER_EXTENSIONS ? FILTER_BY_DROP : FILTER_NO_RULE);
		assert_int_equal(lab_counted(&lab, FILTER_LONG_CHAIN) - long_chains,
				 n > FILTER_EXTENSIONS);
	}
}

/* A chain too long hides the ports, but not from a rule without any. */
static void what_hides_its_ports_still_meets_other_rules(void **state)
{
	struct frame_spec spec = udp6();
	uint8_t frame[FRAME_MAX];
	struct xdp_told told;

	(void)state;
	only_rule("2001:db8::/48");
	lab_rule(&lab, "10.1.2.0/24");
	lab_set(&lab);
	spec.chain_len = FILTER_EXTENSIONS + 3;
	memset(spec.chain, IPPROTO_DSTOPTS, spec.chain_len);
	expect(&spec, FILTER_BY_DROP);
	spec = tcp(2);
	spec.length = 0;
	size_t len = frame_make(&spec, frame);
	frame[17] = 39; /* 19 bytes of TCP */
	uint64_t before = lab_counted(&lab, FILTER_SHORT_L4);
	lab_run(&lab, frame, len, &told);
	assert_int_equal(told.reason, FILTER_BY_DROP);
	assert_int_equal(lab_counted(&lab, FILTER_SHORT_L4), before + 1);
}

static void judge_bytes(uint8_t *frame, size_t len, uint32_t reason)
{
	struct xdp_told told;
	uint64_t before = lab_counted(&lab, reason);

	assert_false(lab_run(&lab, frame, len, &told));
	assert_int_equal(told.reason, reason);
	assert_int_equal(lab_counted(&lab, reason), before + 1);
}

static void malformed_ones_pass_and_are_counted(void **state)
{
	struct frame_spec spec = udp();
	uint8_t frame[FRAME_MAX];

	(void)state;
	only_rule("10.1.2.0/24");
	lab_rule(&lab, "2001:db8::/48");
	lab_set(&lab);
	size_t len = frame_make(&spec, frame);
	judge_bytes(frame, 14, FILTER_BAD_SHORT);
	judge_bytes(frame, 33, FILTER_BAD_SHORT);
	judge_bytes(frame, len - 1, FILTER_BAD_TRUNCATED);
	frame[14] = 0x65;
	judge_bytes(frame, len, FILTER_BAD_VERSION);
	frame[14] = 0x44;
	judge_bytes(frame, len, FILTER_BAD_HEADER);
	frame[14] = 0x4f;
	frame[17] = 59;
	judge_bytes(frame, len, FILTER_BAD_LENGTH);
	frame[12] = 8;
	frame[13] = 6; /* ARP */
	judge_bytes(frame, len, FILTER_NOT_IP);
	spec = udp6();
	len = frame_make(&spec, frame);
	judge_bytes(frame, 53, FILTER_BAD_SHORT);
	judge_bytes(frame, len - 1, FILTER_BAD_TRUNCATED);
	frame[14] = 0x40;
	judge_bytes(frame, len, FILTER_BAD_VERSION);
}

static void neighbour_discovery_passes(void **state)
{
	struct frame_spec spec = udp6();

	(void)state;
	only_rule("2001:db8::/48");
	lab_set(&lab);
	spec.proto = IPPROTO_ICMPV6;
	spec.ttl = 255;
	for (unsigned type = 132; type <= 138; type++) {
		spec.dport = (uint16_t)(type << 8);
		expect(&spec, type >= 133 && type <= 137 ? FILTER_NEIGHBOUR : FILTER_BY_DROP);
	}
	/* From further away. */
	spec.dport = 135 << 8;
	spec.ttl = 254;
	expect(&spec, FILTER_BY_DROP);
	spec.ttl = 255;
	spec.fragment = 1;
	expect(&spec, FILTER_BY_DROP);
}

static void the_lowest_priority_decides(void **state)
{
	struct frame_spec spec = udp();
	struct xdp_rule_counters counters;

	(void)state;
	only_rule("10.1.2.0/24")->id = 100; /* drops, priority 1 */
	struct xdp_rule *exception = lab_rule(&lab, "10.1.2.3/32");
	exception->id = 101;
	exception->action = FILTER_PASS;
	lab_set(&lab);
	expect(&spec, FILTER_BY_DROP);
	exception->priority = 0;
	lab_set(&lab);
	expect(&spec, FILTER_BY_PASS);
	spec.dst = ip_of("10.1.2.4");
	expect(&spec, FILTER_BY_DROP);
	exception->action = FILTER_COUNT;
	lab_set(&lab);
	spec = udp();
	expect(&spec, FILTER_BY_COUNT);
	/* Counters went on over the three sets. */
	assert_int_equal(xdp_engine_rule_counters(lab.engine, 101, &counters), 0);
	assert_int_equal(counters.packets, 2);
	assert_int_equal(counters.bytes, 200);
	assert_int_equal(counters.dropped_packets, 0);
	assert_int_equal(xdp_engine_rule_counters(lab.engine, 100, &counters), 0);
	assert_int_equal(counters.packets, 2);
	assert_int_equal(counters.dropped_packets, 2);
	assert_int_equal(counters.dropped_bytes, 200);
	assert_int_equal(xdp_engine_rule_counters(lab.engine, 102, &counters), -ENOENT);
}

static void unsound_rules_are_refused_and_change_nothing(void **state)
{
	struct frame_spec spec = udp();
	char why[256];
	struct text error = text_fixed(why, sizeof(why));

	(void)state;
	struct xdp_rule *rule = only_rule("10.1.2.0/24");
	lab_set(&lab);
	rule->proto = IPPROTO_ICMP;
	rule->dst_port.max = 80;
	const struct xdp_wanted wanted = { lab.protect, lab.protect_count, lab.rules, 1 };
	assert_int_equal(xdp_engine_set(lab.engine, &wanted, &error), -EINVAL);
	assert_string_equal(why, "rule 1: ports are of TCP and UDP only");
	expect(&spec, FILTER_BY_DROP);
	only_rule("10.1.2.0/24");
	lab_rule(&lab, "10.1.2.0/24")->id = 1;
	const struct xdp_wanted twice = { lab.protect, lab.protect_count, lab.rules, 2 };
	assert_int_equal(xdp_engine_set(lab.engine, &twice, NULL), -EINVAL);
	expect(&spec, FILTER_BY_DROP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_protected_is_looked_at),
		cmocka_unit_test(destination_and_source),
		cmocka_unit_test(ports_length_ttl_protocol),
		cmocka_unit_test(tcp_flags),
		cmocka_unit_test(icmp_type_and_code),
		cmocka_unit_test(source_sets),
		cmocka_unit_test(fragments),
		cmocka_unit_test(tags_options_and_extensions),
		cmocka_unit_test(what_hides_its_ports_still_meets_other_rules),
		cmocka_unit_test(malformed_ones_pass_and_are_counted),
		cmocka_unit_test(neighbour_discovery_passes),
		cmocka_unit_test(the_lowest_priority_decides),
		cmocka_unit_test(unsound_rules_are_refused_and_change_nothing),
	};

	lab_need_bpf();
	return cmocka_run_group_tests(tests, start, stop);
}
