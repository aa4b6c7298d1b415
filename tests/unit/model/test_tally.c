/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/tally and model/finding: sums, heavy lists and their error bounds, the sketch. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/finding.h"
#include "model/tally.h"

static struct ip peer(uint32_t number)
{
	struct ip ip = { .b = { 0x20, 0x01, 0x0d, 0xb8 } };

	memcpy(&ip.b[12], &number, sizeof(number));
	return ip;
}

static void add_peer(struct tally_detail *detail, uint32_t number, uint64_t packets)
{
	struct flow flow = { .proto = 17, .class = CLASS_UDP, .sport = 4000, .dport = 5000 };
	struct ip ip = peer(number);

	tally_detail_add(detail, &ip, &flow, packets, packets * 100);
}

static void add_ports(struct tally_detail *detail, const struct flow *flow, uint64_t packets)
{
	struct ip ip = peer(1);

	tally_detail_add(detail, &ip, flow, packets, packets * 100);
}

static const struct tally_peer *find_peer(const struct tally_detail *detail, uint32_t number)
{
	struct ip ip = peer(number);

	for (size_t i = 0; i < TALLY_PEERS; i++) {
		if (detail->peers[i].packets && ip_equal(&detail->peers[i].ip, &ip))
			return &detail->peers[i];
	}
	return NULL;
}

static void sums_add_up_and_do_not_wrap(void **state)
{
	struct tally_count total = { 3, 300, 1 };
	const struct tally_count more = { 4, UINT64_MAX - 100, 2 };

	(void)state;
	tally_count_add(&total, &more);
	assert_int_equal(total.packets, 7);
	assert_true(total.bytes == UINT64_MAX);
	assert_int_equal(total.flows, 3);
}

static void few_peers_are_exact(void **state)
{
	struct tally_detail detail = { 0 };

	(void)state;
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < TALLY_PEERS; i++)
			add_peer(&detail, i, i + 1);
	}
	for (uint32_t i = 0; i < TALLY_PEERS; i++) {
		const struct tally_peer *found = find_peer(&detail, i);
		assert_non_null(found);
		assert_int_equal(found->packets, 10 * (i + 1));
		assert_int_equal(found->bytes, 1000 * (i + 1));
		assert_int_equal(found->error, 0);
	}
}

/* A stream where peer n sends `weight(n)`: some heavy, and noise that would flush an LRU list. */
static uint64_t true_weight[5000];

static void add_stream(struct tally_detail *detail, uint64_t seed, int count)
{
	for (int i = 0; i < count; i++) {
		uint64_t r = hash_words((uint64_t)i, 1, seed);
		uint32_t number =
			r % 3 == 0 ? (uint32_t)(r >> 32) % 4 : 4 + (uint32_t)(r >> 20) % 4996;
		add_peer(detail, number, 1 + r % 5);
		true_weight[number] += 1 + r % 5;
	}
}

static void check_bounds(const struct tally_detail *detail)
{
	for (size_t i = 0; i < TALLY_PEERS; i++) {
		const struct tally_peer *found = &detail->peers[i];
		uint32_t number = 0;
		memcpy(&number, &found->ip.b[12], sizeof(number));
		assert_true(found->packets >= true_weight[number]);
		assert_true(found->packets - found->error <= true_weight[number]);
	}
	for (uint32_t heavy = 0; heavy < 4; heavy++)
		assert_non_null(find_peer(detail, heavy));
}

static void error_bounds_hold_in_noise(void **state)
{
	struct tally_detail detail = { 0 };

	(void)state;
	memset(true_weight, 0, sizeof(true_weight));
	add_stream(&detail, 1, 20000);
	check_bounds(&detail);
}

static void error_bounds_hold_after_merging(void **state)
{
	struct tally_detail all = { 0 };

	(void)state;
	memset(true_weight, 0, sizeof(true_weight));
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct tally_detail part = { 0 };
		add_stream(&part, seed, 3000);
		tally_detail_merge(&all, &part);
	}
	check_bounds(&all);
	for (size_t i = 1; i < TALLY_PEERS; i++)
		assert_true(all.peers[i - 1].packets >= all.peers[i].packets);
}

static void a_peer_missing_in_a_full_list_may_have_had_its_least(void **state)
{
	struct tally_detail few = { 0 };
	struct tally_detail full = { 0 };

	(void)state;
	add_peer(&few, 100, 50);
	for (uint32_t i = 0; i < TALLY_PEERS; i++)
		add_peer(&full, i, 7 + i);
	struct tally_detail sum = few;
	tally_detail_merge(&sum, &full);
	assert_int_equal(find_peer(&sum, 100)->packets, 57);
	assert_int_equal(find_peer(&sum, 100)->error, 7);
	assert_int_equal(find_peer(&sum, 1)->packets, 8);
	assert_int_equal(find_peer(&sum, 1)->error, 0);
	tally_detail_merge(&full, &few);
	assert_int_equal(find_peer(&full, 100)->packets, 57);
	assert_int_equal(find_peer(&full, 100)->error, 7);
	/* There were 17: the lightest had to go. */
	assert_null(find_peer(&full, 0));
}

static void merging_into_nothing_copies(void **state)
{
	struct tally_detail into = { 0 };
	struct tally_detail from = { 0 };
	struct tally_detail none = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		add_peer(&from, i, 50 - i);
	tally_detail_merge(&into, &from);
	assert_memory_equal(&into, &from, sizeof(into));
	tally_detail_merge(&into, &none);
	assert_memory_equal(&into, &from, sizeof(into));
}

static void flows_without_packets_count_as_peers_only(void **state)
{
	struct tally_detail detail = { 0 };

	(void)state;
	add_peer(&detail, 7, 0);
	assert_int_equal(detail.peers[0].packets, 0);
	assert_int_equal(detail.ports[0].packets, 0);
	assert_int_equal(tally_detail_distinct(&detail), 1);
}

static void ports_say_what_a_flow_is(void **state)
{
	static const struct {
		struct flow flow;
		uint16_t sport;
		uint16_t dport;
	} cases[] = {
		{ { .proto = 17, .class = CLASS_UDP_AMP, .sport = 11211, .dport = 80 }, 11211, 0 },
		{ { .proto = 6, .class = CLASS_SYN, .sport = 51234, .dport = 443 }, 0, 443 },
		{ { .proto = 6, .class = CLASS_TCP, .sport = 443, .dport = 51234 }, 443, 0 },
		{ { .proto = 17, .class = CLASS_UDP, .sport = 0, .dport = 27015 }, 0, 27015 },
		{ { .proto = 17, .class = CLASS_UDP, .sport = 9, .dport = 0 }, 9, 0 },
		{ { .proto = 47, .class = CLASS_OTHER }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tally_detail detail = { 0 };
		add_ports(&detail, &cases[i].flow, 3);
		assert_int_equal(detail.ports[0].packets, 3);
		assert_int_equal(detail.ports[0].sport, cases[i].sport);
		assert_int_equal(detail.ports[0].dport, cases[i].dport);
		assert_int_equal(detail.ports[0].proto, cases[i].flow.proto);
		assert_int_equal(detail.ports[0].class, cases[i].flow.class);
	}
}

static void a_flood_with_random_second_ports_grows_one_heavy_port(void **state)
{
	struct tally_detail detail = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		struct flow flow = { .proto = 17, .class = CLASS_UDP_AMP, .sport = 123 };
		flow.dport = (uint16_t)(i * 21 + 1);
		add_ports(&detail, &flow, 1);
	}
	assert_int_equal(detail.ports[0].packets, 3000);
	assert_int_equal(detail.ports[0].sport, 123);
	assert_int_equal(detail.ports[1].packets, 0);
}

static void distinct_peers_are_estimated(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 10, 50, 200, 1000, 20000, 300000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct tally_detail detail = { 0 };
		for (uint32_t n = 0; n < sizes[i]; n++)
			add_peer(&detail, n, 0);
		uint64_t estimate = tally_detail_distinct(&detail);
		/* Three standard errors; below ten, linear counting is exact but for collisions. */
		assert_in_range(estimate, sizes[i] - sizes[i] / 5, sizes[i] + sizes[i] / 5);
	}
	struct tally_detail none = { 0 };
	assert_int_equal(tally_detail_distinct(&none), 0);
}

static void merged_sketches_count_the_union(void **state)
{
	struct tally_detail a = { 0 };
	struct tally_detail b = { 0 };
	struct tally_detail both = { 0 };

	(void)state;
	for (uint32_t n = 0; n < 2000; n++) {
		add_peer(n < 1500 ? &a : &b, n, 0);
		add_peer(n >= 500 ? &b : &a, n, 0);
		add_peer(&both, n, 0);
	}
	tally_detail_merge(&a, &b);
	assert_memory_equal(a.sketch, both.sketch, sizeof(a.sketch));
}

static void decay_lets_old_peers_give_way(void **state)
{
	struct tally_detail detail = { 0 };

	(void)state;
	add_peer(&detail, 1, 1);
	add_peer(&detail, 2, 9);
	tally_detail_decay(&detail);
	assert_null(find_peer(&detail, 1));
	assert_int_equal(detail.peers[0].packets, 4);
	assert_int_equal(detail.peers[0].bytes, 450);
	assert_int_equal(detail.peers[1].packets, 0);
	assert_int_equal(detail.ports[0].packets, 5);
	assert_int_equal(detail.by_class[CLASS_UDP].packets, 5);
	assert_int_equal(detail.by_class[CLASS_UDP].flows, 1);
	assert_int_equal(tally_detail_distinct(&detail), 0);
	for (int i = 0; i < 4; i++)
		tally_detail_decay(&detail);
	assert_int_equal(detail.peers[0].packets, 0);
	assert_int_equal(detail.ports[0].packets, 0);
}

static void names_are_complete(void **state)
{
	(void)state;
	for (enum metric m = 0; m < METRIC_COUNT; m++)
		assert_non_null(metric_name(m));
	for (enum severity s = 0; s < SEVERITY_COUNT; s++)
		assert_non_null(severity_name(s));
	assert_string_equal(metric_name(METRIC_FPS), "flows/s");
	assert_string_equal(severity_name(SEVERITY_CRITICAL), "critical");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_add_up_and_do_not_wrap),
		cmocka_unit_test(few_peers_are_exact),
		cmocka_unit_test(error_bounds_hold_in_noise),
		cmocka_unit_test(error_bounds_hold_after_merging),
		cmocka_unit_test(a_peer_missing_in_a_full_list_may_have_had_its_least),
		cmocka_unit_test(merging_into_nothing_copies),
		cmocka_unit_test(flows_without_packets_count_as_peers_only),
		cmocka_unit_test(ports_say_what_a_flow_is),
		cmocka_unit_test(a_flood_with_random_second_ports_grows_one_heavy_port),
		cmocka_unit_test(distinct_peers_are_estimated),
		cmocka_unit_test(merged_sketches_count_the_union),
		cmocka_unit_test(decay_lets_old_peers_give_way),
		cmocka_unit_test(names_are_complete),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
