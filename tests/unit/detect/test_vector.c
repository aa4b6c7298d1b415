/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/vector: every amplifier has a name, and shares come out as the traffic was. */
#include "check.h"

#include <string.h>

#include "base/hash.h"
#include "detect/vector.h"
#include "own_space.h"

struct traffic {
	struct tally_count by_class[CLASS_COUNT];
	struct tally_detail detail;
	struct vector_share vectors[FINDING_VECTORS];
};

static struct flow of(enum traffic_class class, uint8_t proto, uint16_t sport, uint16_t dport)
{
	return (struct flow){
		.class = (uint8_t) class, .proto = proto, .sport = sport, .dport = dport
	};
}

static void add(struct traffic *traffic, struct flow flow, uint64_t packets, uint64_t bytes)
{
	struct ip peer = ip_of("192.0.2.1");

	traffic->by_class[flow.class].packets += packets;
	traffic->by_class[flow.class].bytes += bytes;
	tally_detail_add(&traffic->detail, &peer, &flow, packets, bytes);
}

static unsigned name(struct traffic *traffic, uint32_t classes, bool by_bytes)
{
	return vector_shares(traffic->by_class, classes, by_bytes, &traffic->detail,
			     traffic->vectors);
}

static void check_vector(const struct vector_share *vector, const char *name, double share)
{
	assert_string_equal(vector->name, name);
	assert_true(vector->share > share - 0.001 && vector->share < share + 0.001);
}

#define ALL ((1U << CLASS_COUNT) - 1)

static void every_amplifying_port_has_a_name(void **state)
{
	(void)state;
	for (unsigned port = 1; port <= UINT16_MAX; port++) {
		const char *found = vector_find(CLASS_UDP_AMP, 17, (uint16_t)port, 0);
		bool general = strcmp(found, "udp-amplification") == 0;
		assert_int_equal(general, !port_amplifies((uint16_t)port));
		assert_true(strlen(found) < VECTOR_NAME_MAX);
	}
}

static void every_class_has_a_name(void **state)
{
	static const char *const names[CLASS_COUNT] = {
		[CLASS_UDP_AMP] = "udp-amplification",
		[CLASS_UDP_ANSWER] = "udp-amplification",
		[CLASS_UDP] = "udp-flood",
		[CLASS_FRAGMENT] = "fragment-flood",
		[CLASS_SYN] = "syn-flood",
		[CLASS_SYNACK] = "syn-ack-reflection",
		[CLASS_RST_FIN] = "rst-flood",
		[CLASS_TCP] = "ack-flood",
		[CLASS_TCP_BAD] = "tcp-bad-flags",
		[CLASS_ICMP] = "icmp-flood",
		[CLASS_OTHER] = "ip-protocol-flood",
	};

	(void)state;
	for (enum traffic_class c = 0; c < CLASS_COUNT; c++)
		assert_string_equal(vector_find(c, 0, 0, 0), names[c]);
	assert_string_equal(vector_find(CLASS_FRAGMENT, 17, 0, 0), "udp-fragment-flood");
	assert_string_equal(vector_find(CLASS_OTHER, 47, 0, 0), "gre-flood");
	assert_string_equal(vector_find(CLASS_OTHER, 50, 0, 0), "esp-flood");
	assert_string_equal(vector_find(CLASS_ICMP, 58, 0, 0), "icmpv6-flood");
	assert_string_equal(vector_find(CLASS_UDP, 17, 0, 53), "dns-query-flood");
	assert_string_equal(vector_find(CLASS_UDP, 17, 443, 0), "quic-reflection");
	assert_string_equal(vector_find(CLASS_UDP_ANSWER, 17, 53, 0), "dns-amplification");
	assert_string_equal(vector_find(CLASS_UDP_ANSWER, 17, 123, 0), "ntp-amplification");
}

static struct vector_match match(enum traffic_class class, uint16_t sport, uint16_t length)
{
	const struct sample sample = {
		.class = (uint8_t) class, .proto = 17, .sport = sport, .length = length
	};

	return vector_match(&sample);
}

static void a_length_that_honest_packets_have_is_not_certain(void **state)
{
	(void)state;
	assert_string_equal(match(CLASS_UDP_AMP, 123, 468).name, "ntp-amplification");
	assert_int_equal(match(CLASS_UDP_AMP, 123, 468).certainty, VECTOR_CERTAIN);
	assert_int_equal(match(CLASS_UDP_AMP, 123, 199).certainty, VECTOR_GENERAL);
	assert_int_equal(match(CLASS_UDP_AMP, 500, 260).certainty, VECTOR_CERTAIN);
	assert_int_equal(match(CLASS_UDP_AMP, 500, 261).certainty, VECTOR_GENERAL);
	assert_int_equal(match(CLASS_UDP_AMP, 5060, 400).certainty, VECTOR_LIKELY);
	assert_int_equal(match(CLASS_UDP_ANSWER, 53, 200).certainty, VECTOR_GENERAL);
	assert_int_equal(match(CLASS_UDP, 40000, 1400).certainty, VECTOR_GENERAL);
}

static void shares_follow_the_packets(void **state)
{
	struct traffic t = { 0 };

	(void)state;
	add(&t, of(CLASS_UDP_AMP, 17, 123, 80), 600, 280800);
	add(&t, of(CLASS_UDP_AMP, 17, 11211, 80), 250, 350000);
	add(&t, of(CLASS_SYN, 6, 40000, 80), 100, 4000);
	add(&t, of(CLASS_ICMP, 1, 0, 0), 50, 4200);
	assert_int_equal(name(&t, ALL, false), 3);
	check_vector(&t.vectors[0], "ntp-amplification", 0.6);
	check_vector(&t.vectors[1], "memcached-amplification", 0.25);
	check_vector(&t.vectors[2], "syn-flood", 0.1);
	assert_int_equal(name(&t, ALL, true), 2);
	check_vector(&t.vectors[0], "memcached-amplification", 350000. / 639000);
	assert_int_equal(name(&t, 1U << CLASS_ICMP, false), 1);
	check_vector(&t.vectors[0], "icmp-flood", 1);
}

static void ports_of_one_name_add_up(void **state)
{
	struct traffic t = { 0 };

	(void)state;
	add(&t, of(CLASS_UDP_AMP, 17, 500, 80), 30, 3000);
	add(&t, of(CLASS_UDP_AMP, 17, 4500, 80), 30, 3000);
	add(&t, of(CLASS_UDP_AMP, 17, 53, 80), 40, 4000);
	assert_int_equal(name(&t, ALL, false), 2);
	check_vector(&t.vectors[0], "isakmp-reflection", 0.6);
}

static void without_detail_classes_are_named(void **state)
{
	struct traffic t = { 0 };

	(void)state;
	t.by_class[CLASS_UDP_AMP].packets = 3;
	t.by_class[CLASS_OTHER].packets = 1;
	assert_int_equal(vector_shares(t.by_class, ALL, false, NULL, t.vectors), 2);
	check_vector(&t.vectors[0], "udp-amplification", 0.75);
	check_vector(&t.vectors[1], "ip-protocol-flood", 0.25);
	memset(&t, 0, sizeof(t));
	assert_int_equal(name(&t, ALL, false), 0);
}

/* A few packets to port 53 among a flood to random ports are no DNS flood. */
static void noise_does_not_promote_a_small_port(void **state)
{
	struct traffic t = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t r = hash_words(i, 1, 2);
		bool dns = i % 20 == 0;
		add(&t,
		    of(CLASS_UDP, 17, (uint16_t)(30000 + r % 30000),
		       dns ? 53 : (uint16_t)(1024 + (r >> 20) % 60000)),
		    1, 100);
	}
	assert_int_equal(name(&t, ALL, false), 1);
	assert_string_equal(t.vectors[0].name, "udp-flood");
	assert_true(t.vectors[0].share > 0.94);
}

/* Ports that come last inherit the counts of those they push out, but not the blame. */
static void late_ports_are_not_blamed_for_earlier_ones(void **state)
{
	static const uint16_t ports[] = {
		17,  19,  53,   69,   111,  123,  137,  161,  389,  427,
		520, 623, 1194, 1434, 1604, 1701, 1900, 3283, 3389, 3478
	};
	struct traffic t = { 0 };

	(void)state;
	for (size_t i = 0; i < 4000; i++)
		add(&t, of(CLASS_UDP_AMP, 17, ports[i % 20], 80), 1, 100);
	for (uint16_t port = 6881; port <= 6889; port++)
		add(&t, of(CLASS_UDP_AMP, 17, port, 80), 1, 100);
	unsigned count = name(&t, ALL, false);
	for (unsigned i = 0; i < count; i++)
		assert_string_not_equal(t.vectors[i].name, "bittorrent-reflection");
}

static void a_tenth_is_named_under_noise_of_its_own_class(void **state)
{
	struct traffic t = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t r = hash_words(i, 1, 2);
		add(&t,
		    of(CLASS_UDP, 17, (uint16_t)(30000 + r % 30000),
		       i % 5 == 0 ? 53 : (uint16_t)(1024 + (r >> 20) % 60000)),
		    1, 100);
	}
	assert_int_equal(name(&t, ALL, false), 2);
	assert_string_equal(t.vectors[1].name, "dns-query-flood");
	assert_true(t.vectors[1].share > 0.15 && t.vectors[1].share <= 0.2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_amplifying_port_has_a_name),
		cmocka_unit_test(every_class_has_a_name),
		cmocka_unit_test(a_length_that_honest_packets_have_is_not_certain),
		cmocka_unit_test(shares_follow_the_packets),
		cmocka_unit_test(ports_of_one_name_add_up),
		cmocka_unit_test(without_detail_classes_are_named),
		cmocka_unit_test(noise_does_not_promote_a_small_port),
		cmocka_unit_test(late_ports_are_not_blamed_for_earlier_ones),
		cmocka_unit_test(a_tenth_is_named_under_noise_of_its_own_class),
	};

	return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
