/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of plan/maker and stock: whose samples an incident is about, what is usual, and one rule
 * for each target.
 */
#include "check.h"

#include <string.h>

#include "base/hash.h"
#include "own_space.h"
#include "plan/maker.h"
#include "plan/rails.h"

#undef SECOND_NS
#define SECOND_NS 1000000000ULL
#define EACH      64

static struct prefix own[2];
static const struct maker_limits *limits_of(void)
{
	static struct maker_limits limits = {
		.own = own, .own_count = 2, .floor_v4 = 120, .floor_v6 = 48
	};

	own[0] = prefix_of("198.51.0.0/16");
	own[1] = prefix_of("198.51.100.0/24");
	return &limits;
}

static struct incident at(enum direction direction, const char *const *targets, unsigned count)
{
	struct incident incident = { .direction = (uint8_t)direction,
				     .severity = SEVERITY_CRITICAL,
				     .host_len = 128,
				     .host = ip_of("198.51.100.7"),
				     .target_count = count };

	for (unsigned i = 0; i < count; i++)
		incident.targets[i] = prefix_of(targets[i]);
	return incident;
}

static void near_targets_are_one_prefix_and_large_ones_are_cut(void **state)
{
	static const char *const near[] = { "198.51.100.7", "198.51.100.9" };
	static const char *const far[] = { "198.51.100.7", "198.51.200.9" };
	static const char *const large[] = { "198.51.100.0/22" };
	struct stock_scope scope;
	struct incident incident = at(DIRECTION_INBOUND, near, 2);

	(void)state;
	assert_true(maker_scope(&incident, limits_of(), &scope));
	assert_int_equal(scope.own_count, 1);
	assert_int_equal(scope.own[0].len, 124);
	incident = at(DIRECTION_INBOUND, far, 2);
	assert_true(maker_scope(&incident, limits_of(), &scope));
	assert_int_equal(scope.own_count, 2);
	incident = at(DIRECTION_INBOUND, large, 1);
	assert_true(maker_scope(&incident, limits_of(), &scope));
	assert_int_equal(scope.own_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(scope.own[i].len, 120);
		assert_int_equal(scope.own[i].ip.b[14], 100 + i);
	}
	/* Of a /19 half is left: the forecast says so. */
	static const char *const huge[] = { "198.51.96.0/19" };
	assert_true(scope.share > 0.99F);
	incident = at(DIRECTION_INBOUND, huge, 1);
	assert_true(maker_scope(&incident, limits_of(), &scope));
	assert_int_equal(scope.own_count, STOCK_SIDE);
	assert_true(scope.share > 0.49F && scope.share < 0.51F);
	incident.kind = KIND_SPOOFED_EGRESS;
	incident.direction = DIRECTION_OUTBOUND;
	assert_false(maker_scope(&incident, limits_of(), &scope));
}

/* Where it has moved on twice it is met two bits further, in pieces, and never outside our network. */
static void targets_that_move_are_met_where_they_will_be(void **state)
{
	static const char *const quarter[] = { "198.51.100.64/26" };
	static const char *const hosts[] = { "198.51.100.7", "198.51.200.9" };
	struct stock_scope scope;
	struct incident incident = at(DIRECTION_INBOUND, quarter, 1);

	(void)state;
	assert_true(maker_scope(&incident, limits_of(), &scope));
	struct prefix all = maker_around(&scope);
	assert_int_equal(all.len, 122);
	maker_lead(limits_of(), 1, &scope);
	assert_int_equal(scope.own_count, 1);
	assert_int_equal(scope.own[0].len, 121);
	assert_true(maker_scope(&incident, limits_of(), &scope));
	maker_lead(limits_of(), 4, &scope);
	assert_int_equal(scope.own_count, 4);
	assert_int_equal(scope.own[0].len, 120);
	assert_int_equal(scope.own[3].ip.b[14], 103);
	assert_true(maker_scope(&incident, limits_of(), &scope));
	maker_lead(limits_of(), 30, &scope);
	assert_int_equal(scope.own_count, STOCK_SIDE);
	assert_int_equal(maker_around(&scope).len, 116);
	assert_true(scope.share > 0.99F);
	incident = at(DIRECTION_INBOUND, hosts, 2);
	assert_true(maker_scope(&incident, limits_of(), &scope));
	assert_int_equal(maker_around(&scope).len, 128);
}

static uint64_t drawn;

static uint16_t draw(uint32_t below)
{
	return (uint16_t)(hash_words(++drawn, 7, 8) % below);
}

static struct sample sent(const struct ip *dst, uint16_t dport, uint16_t length, uint8_t machine)
{
	uint8_t src[4] = { 198, 51, 100, machine };

	return (struct sample){ .src = ip_from_v4(src),
				.dst = *dst,
				.packets = 1,
				.sampling = 100,
				.proto = 17,
				.sport = (uint16_t)(1024 + draw(60000)),
				.dport = dport,
				.length = length,
				.ttl = 64,
				.direction = DIRECTION_OUTBOUND,
				.has = SAMPLE_HAS_TTL };
}

static void show(struct stock *stock, const struct incident *incident, uint64_t now_ns, bool attack)
{
	struct sample samples[2 * EACH];
	size_t n = 0;

	for (unsigned i = 0; i < EACH; i++) {
		uint8_t be[4] = { 203, 0, 113, (uint8_t)draw(250) };
		struct ip dst = ip_from_v4(be);
		samples[n++] = sent(&dst, 53, (uint16_t)(60 + draw(200)), (uint8_t)draw(250));
	}
	for (unsigned i = 0; attack && i < EACH; i++)
		samples[n++] = sent(&incident->targets[i % 2].ip, 27015, 1000, (uint8_t)draw(50));
	const struct tally_set set = { .samples = samples, .sample_count = n, .tick_ns = now_ns };
	stock_observe(stock, &set);
}

/* Of a campaign each site gets a rule, from the network that the machines live in. */
static void a_campaign_is_cut_at_each_site(void **state)
{
	static const char *const sites[] = { "192.0.2.1", "192.0.2.9" };
	static const struct stock_limits sizes = { .hosts = 64, .watches = 2 };
	static struct made made;
	struct finding_machine machines[2] = { { .ip = ip_of("198.51.100.3") },
					       { .ip = ip_of("198.51.100.4") } };
	struct incident incident = at(DIRECTION_OUTBOUND, sites, 2);
	struct stock *stock = NULL;
	struct maker *maker = NULL;
	struct stock_scope scope;
	struct stock_view view;
	uint64_t now_ns = 1000 * SECOND_NS;

	(void)state;
	incident.kind = KIND_CAMPAIGN;
	incident.machines = machines;
	incident.machine_count = 2;
	assert_int_equal(stock_open(&sizes, 1, &stock), 0);
	assert_int_equal(maker_open(&maker), 0);
	for (unsigned i = 0; i < 300; i++)
		show(stock, &incident, now_ns += SECOND_NS / 10, false);
	assert_true(maker_scope(&incident, limits_of(), &scope));
	unsigned watch = stock_watch(stock, &scope, now_ns);
	assert_true(watch > 0);
	for (unsigned i = 0; i < 20; i++)
		show(stock, &incident, now_ns += SECOND_NS / 10, true);
	stock_view(stock, watch, now_ns, &view);
	assert_int_equal(view.now.count, 20 * EACH);
	assert_true(view.base.count >= 1000);
	const struct maker_input input = { .incident = &incident,
					   .scope = &scope,
					   .view = &view,
					   .profile = profile_find("flowspec"),
					   .limits = *limits_of() };
	maker_make(maker, &input, &made);
	assert_int_equal(made.why, SYNTH_FOUND);
	assert_true(made.safe && made.plan.attack_share > 0.9);
	assert_int_equal(made.plan.rule_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(ip_equal(&made.plan.rules[i].dst.ip, &incident.targets[i].ip));
		assert_int_equal(made.plan.rules[i].dport.min, 27015);
		/* The whole network, not the part of it that is configured too. */
		assert_int_equal(made.plan.rules[i].src.len, 112);
	}
	stock_unwatch(stock, watch);
	stock_close(stock);
	maker_close(maker);
}

/* Ten seconds before the onset the first machines of a campaign begin; one used its sites before. */
static void known_is_who_was_with_the_target_long_before(void **state)
{
	static const char *const sites[] = { "192.0.2.1", "192.0.2.9" };
	static const struct stock_limits sizes = { .hosts = 1024, .watches = 1 };
	const struct incident incident = at(DIRECTION_OUTBOUND, sites, 2);
	const struct ip friend = ip_of("198.51.100.200");
	const struct stock_scope scope = { .direction = DIRECTION_OUTBOUND,
					   .peer_count = 2,
					   .peer = { incident.targets[0], incident.targets[1] } };
	struct stock *stock = NULL;
	struct stock_view view;
	uint64_t now_ns = 1000 * SECOND_NS;

	(void)state;
	assert_int_equal(stock_open(&sizes, 1, &stock), 0);
	for (unsigned i = 0; i < 100; i++) {
		const struct sample visit = sent(&incident.targets[1].ip, 443, 400, 200);
		const struct tally_set set = { .samples = &visit,
					       .sample_count = 1,
					       .tick_ns = now_ns += SECOND_NS / 10 };
		stock_observe(stock, &set);
		show(stock, &incident, now_ns, false);
	}
	for (unsigned i = 0; i < 90; i++)
		show(stock, &incident, now_ns += SECOND_NS / 10, true);
	unsigned watch = stock_watch(stock, &scope, now_ns);
	show(stock, &incident, now_ns += SECOND_NS / 10, true);
	stock_look(stock, watch, now_ns, &view);
	assert_true(view.now.count >= EACH);
	assert_true(view.own > 0);
	for (size_t i = 0; i < view.own; i++) {
		assert_true(ip_equal(&view.base.samples[i].src, &friend));
		assert_true(ip_equal(&view.base.samples[i].dst, &scope.peer[0].ip));
	}
	stock_close(stock);
}

/* However many watch the same target, each has its samples and the same rate. */
static void many_watches_see_the_same(void **state)
{
	static const struct stock_limits sizes = { .hosts = 64, .watches = 64 };
	static struct sample samples[8192];
	const struct stock_scope scope = { .direction = DIRECTION_INBOUND,
					   .own_count = 1,
					   .own = { prefix_of("198.51.100.7") } };
	struct tally_set set = { .samples = samples, .sample_count = 8192 };
	struct stock *stock = NULL;
	struct stock_view first;
	struct stock_view last;
	unsigned handle = 0;

	(void)state;
	for (unsigned i = 0; i < 8192; i++)
		samples[i] = (struct sample){ .dst = ip_of("198.51.100.7"),
					      .packets = 1,
					      .sampling = 10,
					      .proto = 17,
					      .dport = draw(1000),
					      .direction = DIRECTION_INBOUND };
	assert_int_equal(stock_open(&sizes, 1, &stock), 0);
	for (unsigned i = 0; i < 64; i++)
		handle = stock_watch(stock, &scope, 1);
	assert_int_equal(handle, 64);
	for (unsigned tick = 1; tick <= 50; tick++) {
		set.tick_ns = tick * SECOND_NS / 10;
		stock_observe(stock, &set);
	}
	stock_look(stock, 1, set.tick_ns, &first);
	stock_look(stock, 64, set.tick_ns, &last);
	/* 819,200 packets a second. */
	assert_true(first.now_pps > 700000 && first.now_pps < 1000000);
	assert_true(first.now_pps == last.now_pps);
	assert_int_equal(last.now.count, 512);
	assert_true(last.now_s > 4.8 && last.now_s < 5.1);
	/* Ten seconds of silence later none of them is the latest any more. */
	stock_look(stock, 1, set.tick_ns + 11 * SECOND_NS, &last);
	assert_int_equal(last.now.count, 0);
	assert_true(last.now_pps == 0 && last.now_s == 10);
	stock_close(stock);
}

/* A record of many packets is as many samples while there are few; how long each was it does not say. */
static void few_records_count_by_their_packets(void **state)
{
	static const struct stock_limits sizes = { .hosts = 64, .watches = 1 };
	const struct stock_scope scope = { .direction = DIRECTION_INBOUND,
					   .own_count = 1,
					   .own = { prefix_of("198.51.100.7") } };
	struct sample samples[2] = { { .dst = ip_of("198.51.100.7"),
				       .packets = 4500,
				       .sampling = 1000,
				       .length = 700,
				       .proto = 6,
				       .tcp_flags = 24,
				       .has = SAMPLE_HAS_FLAGS,
				       .direction = DIRECTION_INBOUND } };
	struct tally_set set = { .samples = samples, .sample_count = 2, .tick_ns = SECOND_NS };
	struct stock *stock = NULL;
	struct stock_view view;
	double packets = 0;

	(void)state;
	samples[1] = samples[0];
	samples[1].packets = 1;
	assert_int_equal(stock_open(&sizes, 1, &stock), 0);
	unsigned watch = stock_watch(stock, &scope, 1);
	stock_observe(stock, &set);
	assert_int_equal(stock_samples(stock, watch), 64);
	stock_view(stock, watch, set.tick_ns, &view);
	assert_int_equal(view.now.count, 64);
	for (size_t i = 0; i < view.now.count; i++) {
		bool alone = view.now.samples[i].packets == 1;
		assert_int_equal(view.now.samples[i].length, alone ? 700 : 0);
		assert_int_equal(view.now.samples[i].has, alone ? SAMPLE_HAS_FLAGS : 0);
		packets += sample_packets(&view.now.samples[i]);
	}
	/* What does not divide is less than a part. */
	assert_true(packets > 4400e3 && packets <= 4501e3);
	stock_close(stock);
}

/* However many samples come, those of now are of seconds, as the rate is. */
static void samples_of_now_are_of_as_long_as_the_rate(void **state)
{
	static const struct stock_limits sizes = { .hosts = 64, .watches = 1 };
	static struct sample samples[4096];
	const struct stock_scope scope = { .direction = DIRECTION_INBOUND };
	struct tally_set set = { .samples = samples, .sample_count = 4096 };
	struct stock *stock = NULL;
	struct stock_view view;
	size_t attack = 0;

	(void)state;
	assert_int_equal(stock_open(&sizes, 1, &stock), 0);
	unsigned watch = stock_watch(stock, &scope, 1);
	for (unsigned tick = 1; tick <= 100; tick++) {
		for (unsigned i = 0; i < 4096; i++)
			samples[i] = (struct sample){ .packets = 1,
						      .sampling = 1,
						      .proto = tick <= 70 ? 17 : 6,
						      .direction = DIRECTION_INBOUND };
		set.tick_ns = tick * SECOND_NS / 10;
		stock_observe(stock, &set);
	}
	stock_view(stock, watch, set.tick_ns, &view);
	assert_int_equal(view.now.count, SYNTH_NOW);
	for (size_t i = 0; i < view.now.count; i++)
		attack += view.now.samples[i].proto == 17;
	/* It ended three seconds ago: two in five. */
	assert_in_range(attack, SYNTH_NOW * 3 / 10, SYNTH_NOW / 2);
	stock_close(stock);
}

static void watches_have_an_end(void **state)
{
	static const struct stock_limits sizes = { .hosts = 64, .watches = 2 };
	const struct stock_scope scope = { .direction = DIRECTION_INBOUND };
	struct stock_stats stats;
	struct stock *stock = NULL;

	(void)state;
	assert_int_equal(stock_open(&sizes, 1, &stock), 0);
	assert_true(stock_watch(stock, &scope, 1) > 0);
	unsigned second = stock_watch(stock, &scope, 1);
	assert_true(second > 0);
	assert_int_equal(stock_watch(stock, &scope, 1), 0);
	stock_unwatch(stock, second);
	assert_true(stock_watch(stock, &scope, 1) > 0);
	stock_stats(stock, &stats);
	assert_int_equal(stats.watches, 2);
	assert_int_equal(stats.turned_away, 1);
	stock_close(stock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_targets_are_one_prefix_and_large_ones_are_cut),
		cmocka_unit_test(targets_that_move_are_met_where_they_will_be),
		cmocka_unit_test(a_campaign_is_cut_at_each_site),
		cmocka_unit_test(known_is_who_was_with_the_target_long_before),
		cmocka_unit_test(few_records_count_by_their_packets),
		cmocka_unit_test(samples_of_now_are_of_as_long_as_the_rate),
		cmocka_unit_test(many_watches_see_the_same),
		cmocka_unit_test(watches_have_an_end),
	};

	return cmocka_run_group_tests_name("plan/maker", tests, NULL, NULL);
}
