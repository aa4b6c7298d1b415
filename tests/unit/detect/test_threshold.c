/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold: fires, stays silent, clears; bounds, late tallies, reload. */
#include "follow.h"

#define HOST "198.51.100.7"

static void it_fires_above_the_limit_and_not_at_it(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	assert_int_equal(send_ticks(&f, HOST, 100, 100), 0);
	assert_int_equal(send_ticks(&f, "198.51.100.8", 59, 101), 0);
	/*
	 * The sixtieth completes a window of 5050 packets, 1010 a second. Of the first second, what
	 * came before the host had a sixteenth of its limit was only glanced at.
	 */
	assert_int_equal(send_ticks(&f, "198.51.100.8", 1, 101), 1);
	const struct finding *found = &f.caught[0];
	struct ip host = ip_of("198.51.100.8");
	assert_true(ip_equal(&found->host, &host));
	assert_true(found->above);
	assert_int_equal(found->metric, METRIC_PPS);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_int_equal(found->limit, 1000);
	assert_int_equal(found->value, 1010);
	assert_int_equal(found->pps, 1010);
	assert_int_equal(found->bps, 1010 * 800);
	assert_int_equal(found->sampled, 5050);
	assert_int_equal(found->now_ns, f.tick * TICK_NS);
	assert_int_equal(found->onset_ns, (f.tick - 49) * TICK_NS);
	assert_string_equal(found->why,
			    "inbound total 1.01 kpps over 5 s, limit 1.00 kpps (1.0 x)");
	assert_int_equal(found->vector_count, 1);
	assert_string_equal(found->vectors[0].name, "udp-flood");
	close_all(&f);
}

static void a_whole_window_in_one_tick_is_certain(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	/* 4,900 packets in a tick are 49 kpps for that tick, but not yet 1 kpps over a window. */
	assert_int_equal(send_ticks(&f, HOST, 1, 4900), 0);
	assert_int_equal(send_ticks(&f, HOST, 1, 105), 1);
	assert_int_equal(f.caught[0].value, 1001);
	assert_int_equal(f.caught[0].onset_ns, (FAR_TICK + 1) * TICK_NS);
	close_all(&f);
}

static void bits_and_flows_have_limits_too(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 10);

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 0)->limit[METRIC_BPS] = 8000;
	threshold(&f, 1U << CLASS_SYN, 0)->limit[METRIC_FPS] = 20;
	start(&f);
	tally.bytes = 5001;
	observe(&f, tally);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].metric, METRIC_BPS);
	assert_int_equal(f.caught[0].value, 8001);
	tally = tally_of(HOST, DIRECTION_OUTBOUND, CLASS_SYN, 10);
	tally.flows = 105;
	observe(&f, tally);
	assert_int_equal(tick(&f), 2);
	assert_int_equal(f.caught[1].metric, METRIC_FPS);
	assert_int_equal(f.caught[1].value, 21);
	assert_int_equal(f.caught[1].direction, DIRECTION_OUTBOUND);
	close_all(&f);
}

static void too_few_samples_prove_nothing(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 50000);

	(void)state;
	prepare(&f);
	f.space.config.min_sampled = 8;
	threshold(&f, 1U << CLASS_UDP, 1000);
	start(&f);
	/* Those of other classes say nothing about UDP. */
	tally.sampled = 7;
	observe(&f, tally);
	tally.class = CLASS_TCP;
	observe(&f, tally);
	assert_int_equal(tick(&f), 0);
	tally.packets = 1;
	tally.sampled = 1;
	tally.class = CLASS_UDP;
	observe(&f, tally);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].sampled, 8);
	close_all(&f);
}

static void it_holds_until_far_below_and_then_is_silent(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	send_ticks(&f, HOST, 50, 120);
	assert_true(f.caught[0].above);
	uint64_t onset_ns = f.caught[0].onset_ns;
	/* 800 a second: below the limit, above the closing level of 500. */
	send_ticks(&f, HOST, 100, 80);
	assert_int_equal(f.count, 1);
	assert_false(f.caught[0].first);
	assert_false(f.caught[0].above);
	assert_int_equal(f.caught[0].value, 800);
	assert_int_equal(f.caught[0].onset_ns, onset_ns);
	/* Up again: still the same excess. */
	send_ticks(&f, HOST, 50, 150);
	assert_true(f.caught[0].above);
	assert_false(f.caught[0].first);
	assert_int_equal(f.caught[0].onset_ns, onset_ns);
	send_ticks(&f, HOST, 50, 40);
	assert_int_equal(f.count, 0);
	/* Below the limit after that: nothing, and above it: a new excess. */
	assert_int_equal(send_ticks(&f, HOST, 50, 80), 0);
	while (send_ticks(&f, HOST, 1, 150) == 0)
		assert_true(f.tick < FAR_TICK + 400);
	assert_true(f.caught[0].first);
	send_ticks(&f, HOST, 1, 150);
	assert_true(f.caught[0].above);
	assert_false(f.caught[0].first);
	assert_true(f.caught[0].onset_ns > onset_ns);
	close_all(&f);
}

static void silence_ends_it_without_any_tally(void **state)
{
	struct fixture f;
	unsigned findings = 0;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	send_ticks(&f, HOST, 50, 200);
	for (int i = 0; i < 60; i++)
		findings += tick(&f);
	/* At 2 kpps, the window is at the closing level when four of its bins have gone. */
	assert_in_range(findings, 30, 40);
	assert_int_equal(f.count, 0);
	close_all(&f);
}

static void directions_and_families_give_the_same_numbers(void **state)
{
	static const char *const hosts[] = { "198.51.100.7", "2001:db8:a::7" };
	struct fixture f;
	struct finding first = { 0 };

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	for (unsigned i = 0; i < 50; i++) {
		for (unsigned h = 0; h < 4; h++)
			observe(&f, tally_of(hosts[h / 2], h % 2, CLASS_SYN, 300));
		tick(&f);
	}
	assert_int_equal(f.count, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct finding *found = &f.caught[i];
		/* Inbound first, and in each direction by address: ::ffff:0:0/96 is the lower. */
		struct ip host = ip_of(hosts[i % 2]);
		assert_int_equal(found->direction, i / 2);
		assert_true(ip_equal(&found->host, &host));
		found->host = (struct ip){ 0 };
		assert_int_equal(found->kind, found->direction == DIRECTION_OUTBOUND
						      ? KIND_OUTBOUND_FLOOD
						      : KIND_FLOOD);
		found->direction = 0;
		found->kind = 0;
		memset(found->why, 0, sizeof(found->why));
		if (i == 0)
			first = *found;
		assert_memory_equal(found, &first, sizeof(first));
	}
	close_all(&f);
}

static void classes_are_added_up(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, 1U << CLASS_UDP | 1U << CLASS_UDP_AMP, 1000);
	start(&f);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 3000));
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_TCP, 90000));
	assert_int_equal(tick(&f), 0);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP_AMP, 7000));
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].value, 2000);
	assert_int_equal(f.caught[0].pps, 20000);
	/* Vectors of the classes that exceed, not of the bystanders. */
	assert_int_equal(f.caught[0].vector_count, 2);
	assert_string_equal(f.caught[0].vectors[0].name, "udp-amplification");
	assert_string_equal(f.caught[0].vectors[1].name, "udp-flood");
	close_all(&f);
}

static void networks_tenants_and_directions_narrow_a_threshold(void **state)
{
	struct fixture f;
	struct config_threshold *t;

	(void)state;
	prepare(&f);
	t = threshold(&f, ALL, 1000);
	t->any_network = false;
	t->network = prefix_of("198.51.100.0/30");
	t->directions = 1U << DIRECTION_INBOUND;
	threshold(&f, ALL, 5000)->tenant = "other";
	start(&f);
	observe(&f, tally_of("198.51.100.3", DIRECTION_INBOUND, CLASS_UDP, 6000));
	observe(&f, tally_of("198.51.100.3", DIRECTION_OUTBOUND, CLASS_UDP, 60000));
	observe(&f, tally_of("198.51.100.4", DIRECTION_INBOUND, CLASS_UDP, 60000));
	observe(&f, tally_of("203.0.113.1", DIRECTION_OUTBOUND, CLASS_UDP, 30000));
	observe(&f, tally_of("203.0.113.2", DIRECTION_OUTBOUND, CLASS_UDP, 24000));
	assert_int_equal(tick(&f), 2);
	assert_int_equal(f.caught[0].limit, 1000);
	assert_int_equal(f.caught[1].limit, 5000);
	assert_int_equal(f.caught[1].value, 6000);
	close_all(&f);
}

static void the_worst_limit_speaks_and_names_the_others(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 10000);
	threshold(&f, 1U << CLASS_UDP, 1000)->severity = SEVERITY_INFO;
	threshold(&f, ALL, 15000); /* reached, not exceeded */
	start(&f);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 75000));
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].limit, 1000);
	/* Fifteen times the limit, but that threshold asked for no more than info. */
	assert_int_equal(f.caught[0].severity, SEVERITY_INFO);
	assert_string_equal(f.caught[0].why,
			    "inbound udp 15.0 kpps over 5 s, limit 1.00 kpps (15.0 x); "
			    "also total 15.0 kpps, limit 10.0 kpps (1.5 x)");
	close_all(&f);
}

static void ten_times_the_limit_is_critical(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 50000));
	tick(&f);
	assert_int_equal(f.caught[0].severity, SEVERITY_WARNING);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 5));
	tick(&f);
	assert_int_equal(f.caught[0].severity, SEVERITY_CRITICAL);
	close_all(&f);
}

static void peers_and_ports_are_told(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP_AMP, 910000);
	struct flow flow = { .class = CLASS_UDP_AMP, .proto = 17, .sport = 123, .dport = 80 };
	struct tally_detail detail = { 0 };

	(void)state;
	prepare(&f);
	threshold(&f, 1U << CLASS_UDP_AMP, 10000);
	start(&f);
	for (uint32_t i = 0; i < 3000; i++) {
		struct ip peer = ip_of("192.0.2.1");
		memcpy(&peer.b[4], &i, sizeof(i));
		tally_detail_add(&detail, &peer, &flow, 1, 468);
	}
	observe_with(&f, tally, &detail);
	assert_int_equal(tick(&f), 1);
	assert_string_equal(f.caught[0].vectors[0].name, "ntp-amplification");
	assert_true(f.caught[0].vectors[0].share > 0.999);
	assert_in_range(f.caught[0].distinct, 2500, 3500);
	assert_non_null(f.caught[0].detail);
	assert_non_null(strstr(f.caught[0].why,
			       "inbound udp-amp 182 kpps over 5 s, limit 10.0 kpps (18.2 x), "
			       "from about "));
	assert_non_null(strstr(f.caught[0].why, "00 sources"));
	/* The count of peers survives the fading of the lists. */
	uint64_t distinct = f.caught[0].distinct;
	for (int i = 0; i < 60; i++) {
		observe(&f, tally);
		tick(&f);
	}
	assert_int_equal(f.caught[0].distinct, distinct);
	close_all(&f);
}

static void a_single_target_is_called_one(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_OUTBOUND, CLASS_SYN, 9000);
	struct flow flow = { .class = CLASS_SYN, .proto = 6, .sport = 40000, .dport = 80 };
	struct tally_detail detail = { 0 };
	struct ip peer = ip_of("192.0.2.1");

	(void)state;
	prepare(&f);
	threshold(&f, 1U << CLASS_SYN, 1000);
	start(&f);
	tally_detail_add(&detail, &peer, &flow, 1, 40);
	observe_with(&f, tally, &detail);
	assert_int_equal(tick(&f), 1);
	assert_string_equal(f.caught[0].why, "outbound syn 1.80 kpps over 5 s, "
					     "limit 1.00 kpps (1.8 x), to one target");
	close_all(&f);
}

static void a_full_table_counts_and_makes_room_again(void **state)
{
	struct fixture f;
	struct detector_stats stats;

	(void)state;
	prepare(&f);
	f.space.config.max_hosts = 4;
	threshold(&f, ALL, 1000);
	start(&f);
	for (unsigned i = 0; i < 10; i++) {
		struct tally tally = tally_of("198.51.100.0", DIRECTION_INBOUND, CLASS_UDP, 6000);
		tally.host.b[15] = (uint8_t)i;
		observe(&f, tally);
	}
	assert_int_equal(tick(&f), 4);
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.hosts, 4);
	assert_int_equal(stats.turned_away, 6);
	for (int i = 0; i < 60; i++)
		tick(&f);
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.hosts, 0);
	assert_int_equal(send_ticks(&f, "198.51.100.9", 1, 6000), 1);
	close_all(&f);
}

static void details_are_bounded_and_come_back(void **state)
{
	struct fixture f;
	struct detector_stats stats;
	struct tally_detail detail = { 0 };

	(void)state;
	prepare(&f);
	f.space.config.max_details = 2;
	threshold(&f, ALL, 1000);
	start(&f);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 3; i++) {
			struct tally tally =
				tally_of("198.51.100.0", DIRECTION_INBOUND, CLASS_UDP, 6000);
			tally.host.b[15] = (uint8_t)i;
			observe_with(&f, tally, &detail);
		}
		assert_int_equal(tick(&f), 3);
		assert_non_null(f.caught[0].detail);
		assert_non_null(f.caught[1].detail);
		assert_null(f.caught[2].detail);
		for (int i = 0; i < 100; i++)
			tick(&f);
	}
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.details_turned_away, 2);
	close_all(&f);
}

static void late_tallies_find_their_bin_or_are_counted(void **state)
{
	struct fixture f;
	struct detector_stats stats;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 3000);

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	observe(&f, tally);
	assert_int_equal(tick(&f), 0);
	/* Two seconds ago: within the window. */
	observe_at(&f, (f.tick - 20) * TICK_NS, tally, NULL);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].value, 1200);
	observe_at(&f, (f.tick - 100) * TICK_NS, tally, NULL);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].value, 1200);
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.late, 1);
	close_all(&f);
}

static void a_reload_keeps_the_windows(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	struct config_threshold *t = threshold(&f, ALL, 1000);
	start(&f);
	assert_int_equal(send_ticks(&f, HOST, 50, 90), 0);
	t->limit[METRIC_PPS] = 700;
	detector()->reload(f.state, &f.space.config);
	/* Four full bins and a tenth of the fifth: 738 a second. */
	assert_int_equal(send_ticks(&f, HOST, 1, 90), 1);
	assert_int_equal(f.caught[0].value, 738);
	t->limit[METRIC_PPS] = 1000;
	detector()->reload(f.state, &f.space.config);
	assert_int_equal(send_ticks(&f, HOST, 1, 90), 1);
	assert_false(f.caught[0].above);
	/* Another window: begins anew. */
	f.space.config.window_ns = 10 * SECOND_NS;
	detector()->reload(f.state, &f.space.config);
	assert_int_equal(send_ticks(&f, HOST, 1, 90), 0);
	assert_int_equal(send_ticks(&f, HOST, 98, 120), 98 - 82);
	close_all(&f);
}

static void absurd_counts_do_not_wrap(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, UINT64_MAX);

	(void)state;
	prepare(&f);
	threshold(&f, ALL, UINT64_MAX / 2);
	threshold(&f, ALL, 1)->limit[METRIC_BPS] = 1;
	start(&f);
	tally.bytes = UINT64_MAX;
	tally.flows = UINT32_MAX;
	for (int i = 0; i < 100; i++) {
		for (unsigned c = 0; c < CLASS_COUNT; c++) {
			tally.class = (uint8_t)c;
			observe(&f, tally);
		}
		assert_int_equal(tick(&f), 1);
	}
	assert_true(f.caught[0].value > 1UL << 56);
	close_all(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fires_above_the_limit_and_not_at_it),
		cmocka_unit_test(a_whole_window_in_one_tick_is_certain),
		cmocka_unit_test(bits_and_flows_have_limits_too),
		cmocka_unit_test(too_few_samples_prove_nothing),
		cmocka_unit_test(it_holds_until_far_below_and_then_is_silent),
		cmocka_unit_test(silence_ends_it_without_any_tally),
		cmocka_unit_test(directions_and_families_give_the_same_numbers),
		cmocka_unit_test(classes_are_added_up),
		cmocka_unit_test(networks_tenants_and_directions_narrow_a_threshold),
		cmocka_unit_test(the_worst_limit_speaks_and_names_the_others),
		cmocka_unit_test(ten_times_the_limit_is_critical),
		cmocka_unit_test(peers_and_ports_are_told),
		cmocka_unit_test(a_single_target_is_called_one),
		cmocka_unit_test(a_full_table_counts_and_makes_room_again),
		cmocka_unit_test(details_are_bounded_and_come_back),
		cmocka_unit_test(late_tallies_find_their_bin_or_are_counted),
		cmocka_unit_test(a_reload_keeps_the_windows),
		cmocka_unit_test(absurd_counts_do_not_wrap),
	};

	return cmocka_run_group_tests_name("threshold", tests, NULL, NULL);
}
