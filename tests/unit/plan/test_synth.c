/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of synth: made-up attacks among made-up ordinary traffic, and what must give no rule. */
#include "check.h"

#include <string.h>

#include "base/hash.h"
#include "own_space.h"
#include "plan/match.h"
#include "plan/rails.h"
#include "plan/synth.h"

#define TCP     6
#define UDP     17
#define ICMP    1
#define SYN     0x02
#define ACK     0x10
#define PSH_ACK 0x18

static struct synth *synth;
static struct synth_result result;
static struct sample now[SYNTH_NOW];
static struct sample base[SYNTH_BASE];
static struct sample clean[20000];
static struct sample tried[8000];
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)(hash_words(++seed, 3, 4) % below);
}

static uint16_t between(uint32_t low, uint32_t high)
{
	return (uint16_t)(low + draw(high - low + 1));
}

/* A source that comes back: one of so many. */
static struct ip client(uint32_t of)
{
	uint32_t number = draw(of);
	uint8_t be[4] = { (uint8_t)(20 + number % 180), (uint8_t)(number / 180 % 250), 7,
			  (uint8_t)(number / 45000 + 1) };

	return ip_from_v4(be);
}

static struct ip anybody(void)
{
	uint8_t be[4] = { (uint8_t)between(1, 223), (uint8_t)draw(256), (uint8_t)draw(256),
			  (uint8_t)draw(256) };

	return ip_from_v4(be);
}

static struct sample packet(uint8_t proto, uint16_t sport, uint16_t dport, uint16_t length)
{
	return (struct sample){ .src = client(5000),
				.dst = ip_of("198.51.100.7"),
				.sampling = 1000,
				.packets = 1,
				.proto = proto,
				.sport = sport,
				.dport = dport,
				.length = length,
				.ttl = (uint8_t)(draw(2) ? between(40, 64) : between(100, 128)),
				.has = SAMPLE_HAS_TTL };
}

static struct sample tcp(uint16_t sport, uint16_t dport, uint16_t length, uint8_t flags)
{
	struct sample sample = packet(TCP, sport, dport, length);

	sample.tcp_flags = flags;
	sample.has |= SAMPLE_HAS_FLAGS;
	return sample;
}

/* What a web server gets, and what it asks others. */
static struct sample of_web(void)
{
	uint32_t kind = draw(100);
	uint16_t port = between(1024, 65535);

	if (kind < 4)
		return tcp(port, 443, draw(2) ? 52 : 60, SYN);
	if (kind < 60)
		return tcp(port, 443, draw(2) ? 40 : 52, ACK);
	if (kind < 85)
		return tcp(port, 443, between(80, 1500), PSH_ACK);
	if (kind < 95)
		return packet(UDP, port, 443, between(60, 1380));
	if (kind < 97)
		return packet(UDP, 53, port, between(80, 400));
	if (kind < 98)
		return packet(UDP, 123, 123, 76);
	return tcp(port, 80, between(40, 900), draw(2) ? ACK : PSH_ACK);
}

/* What a resolver gets: questions and many answers. */
static struct sample of_resolver(void)
{
	uint32_t kind = draw(10);

	if (kind < 4)
		return packet(UDP, between(1024, 65535), 53, between(55, 90));
	if (kind < 9)
		return packet(UDP, 53, between(1024, 65535), between(80, 1450));
	return tcp(53, between(1024, 65535), between(40, 1500), ACK);
}

static struct sample of_syn_flood(void)
{
	struct sample sample = tcp(between(1024, 65535), 443, 40, SYN);

	sample.src = anybody();
	return sample;
}

static struct sample of_four_amplifiers(void)
{
	switch (draw(4)) {
	case 0:
		return packet(UDP, 11211, between(1024, 65535), between(1400, 1428));
	case 1:
		return packet(UDP, 123, between(1024, 65535), 468);
	case 2:
		return packet(UDP, 389, between(1024, 65535), between(1400, 1500));
	default:
		return packet(UDP, 19, between(1024, 65535), between(200, 1400));
	}
}

static struct sample of_fragments(void)
{
	struct sample sample = packet(UDP, 0, 0, 1500);

	sample.fragment = 2;
	return sample;
}

static struct sample of_echo_requests(void)
{
	struct sample sample = packet(ICMP, 0, 0, 1028);

	sample.icmp_type = 8;
	sample.has |= SAMPLE_HAS_ICMP;
	return sample;
}

/* ACKs like those of everybody, from 30 machines. */
static struct sample of_ack_bots(void)
{
	struct sample sample = tcp(between(1024, 65535), 443, draw(2) ? 40 : 52, ACK);

	sample.src = ip_at("203.0.113.0", draw(30) * 37);
	return sample;
}

/* Looks like QUIC: ports, lengths and distances as usual, sources from everywhere. */
static struct sample of_udp_mimic(void)
{
	struct sample sample = packet(UDP, between(1024, 65535), 443, between(60, 1380));

	sample.src = anybody();
	return sample;
}

/* A crowd that comes to a sale: the same as always, only more of it. */
static struct sample of_crowd(void)
{
	struct sample sample;

	do {
		sample = of_web();
	} while (sample.proto != TCP || sample.dport != 443 || sample.tcp_flags == SYN);
	sample.src = client(100000);
	return sample;
}

/* Answers to a resolver that did not ask, like those it did ask for. */
static struct sample of_dns_answers(void)
{
	struct sample sample = packet(UDP, 53, between(1024, 65535), between(80, 1450));

	sample.src = anybody();
	return sample;
}

static struct synth_input input_of(struct sample (*attack)(void), struct sample (*usual)(void),
				   const char *profile, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		now[i] = draw(21) ? attack() : usual();
	for (uint32_t i = 0; i < SYNTH_BASE; i++)
		base[i] = usual();
	for (uint32_t i = 0; i < 20000; i++)
		clean[i] = draw(2) ? of_web() : of_resolver();
	return (struct synth_input){
		.scope = { .direction = DIRECTION_INBOUND, .own = prefix_of("198.51.100.7/32") },
		.now = { now, n },
		.base = { base, SYNTH_BASE },
		.clean = { clean, 20000 },
		.now_pps = 21000,
		.base_pps = 1000,
		.profile = profile_find(profile),
	};
}

static double share_of(struct sample (*make)(void))
{
	uint32_t hit = 0;

	for (uint32_t i = 0; i < 8000; i++) {
		bool any = false;
		tried[i] = make();
		for (unsigned r = 0; r < result.rule_count && !any; r++)
			any = match_rule(&result.rules[r], &tried[i], result.sources,
					 result.source_count);
		hit += any;
	}
	return hit / 8000.0;
}

static void show(void)
{
	for (unsigned i = 0; i < result.rule_count; i++) {
		struct text words = text_heap();
		plan_rule_to_text(&result.rules[i], &words);
		print_message("#   %s\n", text_string(&words));
		text_done(&words);
	}
}

static void stops(struct sample (*attack)(void), struct sample (*usual)(void), const char *profile)
{
	for (unsigned i = 0; i < 5; i++) {
		struct synth_input input = input_of(attack, usual, profile, SYNTH_NOW);
		synth_rules(synth, &input, &result);
		double recall = share_of(attack);
		double collateral = share_of(usual);
		if (recall < 0.95 || collateral > 0.01 || result.rule_count > 8) {
			show();
			fail_msg("recall %.3f collateral %.4f rules %u: %s", recall, collateral,
				 result.rule_count, synth_why_text(result.why));
		}
		assert_true(result.collateral_upper <= 0.01);
		assert_true(result.attack_share > recall - 0.05 &&
			    result.attack_share < recall + 0.05);
		for (unsigned r = 0; r < result.rule_count; r++)
			assert_true(profile_can(input.profile, &result.rules[r]));
	}
}

static void floods_that_differ_are_stopped(void **state)
{
	(void)state;
	stops(of_syn_flood, of_web, "flowspec");
	stops(of_four_amplifiers, of_web, "flowspec");
	stops(of_fragments, of_web, "flowspec");
	stops(of_echo_requests, of_web, "flowspec");
	stops(of_syn_flood, of_resolver, "nft");
}

static void a_set_of_sources_where_nothing_else_tells(void **state)
{
	struct synth_input input;

	(void)state;
	stops(of_ack_bots, of_web, "xdp");
	stops(of_ack_bots, of_web, "nft");
	/* Without sets, single sources are what there is: eight of thirty. */
	input = input_of(of_ack_bots, of_web, "flowspec", SYNTH_NOW);
	synth_rules(synth, &input, &result);
	assert_true(share_of(of_web) <= 0.01);
	for (unsigned r = 0; r < result.rule_count; r++)
		assert_false(result.rules[r].from_set);
}

/* Seven of the thirty were customers before, and seven more are so elsewhere on the site. */
static void a_set_never_has_a_known_source(void **state)
{
	struct synth_input input = input_of(of_ack_bots, of_web, "xdp", SYNTH_NOW);

	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		base[i].src = ip_at("203.0.113.0", i * 37);
		clean[i].src = ip_at("203.0.113.0", (7 + i) * 37);
	}
	synth_rules(synth, &input, &result);
	assert_true(result.rule_count > 0 && result.rules[0].from_set);
	assert_int_equal(result.source_count, 16);
	for (unsigned i = 0; i < 14; i++) {
		struct ip known = ip_at("203.0.113.0", i * 37);
		for (unsigned k = 0; k < result.source_count; k++)
			assert_false(ip_equal(&result.sources[k], &known));
	}
}

static struct sample of_random_udp(void)
{
	struct sample sample =
		packet(UDP, (uint16_t)draw(65536), (uint16_t)draw(65536), between(28, 1500));

	sample.src = anybody();
	return sample;
}

static struct sample of_tcp_only(void)
{
	return tcp(between(1024, 65535), 443, between(40, 1500), ACK);
}

/* A host without UDP may do without it, but not where so much of the site looks like that. */
static void what_the_whole_site_looks_like_is_spared(void **state)
{
	struct synth_input input = input_of(of_random_udp, of_tcp_only, "flowspec", SYNTH_NOW);

	(void)state;
	synth_rules(synth, &input, &result);
	/* Half of the clean traffic is a resolver's, nine tenths of it UDP: only slices are left. */
	assert_int_equal(result.rule_count, 0);
	assert_int_equal(result.why, SYNTH_LITTLE);
	input.clean.count = 0;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.rule_count, 1);
	assert_int_equal(result.rules[0].proto, UDP);
	input.clean.count = 20000;
	input.budget.clean = 0.9;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.rule_count, 1);
	assert_true(result.parts[0].clean_share > 0.3);
}

static void gives_none(struct sample (*attack)(void), struct sample (*usual)(void))
{
	static const char *const profiles[] = { "flowspec", "xdp", "nft", "rtbh" };

	for (unsigned i = 0; i < 20; i++) {
		struct synth_input input = input_of(attack, usual, profiles[i % 4], SYNTH_NOW);
		synth_rules(synth, &input, &result);
		if (result.rule_count) {
			show();
			fail_msg("%u rules with %s", result.rule_count, profiles[i % 4]);
		}
		assert_int_not_equal(result.why, SYNTH_FOUND);
	}
}

static void look_alikes_give_no_rule(void **state)
{
	(void)state;
	gives_none(of_udp_mimic, of_web);
	gives_none(of_crowd, of_web);
	gives_none(of_dns_answers, of_resolver);
}

static void none_says_why(void **state)
{
	struct synth_input input = input_of(of_syn_flood, of_web, "rtbh", SYNTH_NOW);

	(void)state;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_NO_FIELDS);
	input.profile = profile_find("flowspec");
	input.base.count = 250;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_NO_BASE);
	input.base.count = 0;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_NO_BASE);
	input.base.count = SYNTH_BASE;
	input.base_pps = 20000;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_NO_EXCESS);
	input.base_pps = 1000;
	input.now.count = 20;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_FEW);
	input.now.count = 0;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_FEW);
	input = input_of(of_crowd, of_web, "flowspec", SYNTH_NOW);
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_INNOCENT);
	assert_true(strlen(synth_why_text(result.why)) > 10);
}

static void few_samples_give_a_first_rule(void **state)
{
	struct synth_input input = input_of(of_syn_flood, of_web, "flowspec", 64);

	(void)state;
	synth_rules(synth, &input, &result);
	assert_true(share_of(of_syn_flood) > 0.9);
	assert_true(share_of(of_web) <= 0.01);
}

/* One record of a flow cache stands for many packets: 40 heavy flows are most of the attack. */
static void samples_weigh_what_they_stand_for(void **state)
{
	struct synth_input input = input_of(of_web, of_web, "flowspec", SYNTH_NOW);

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		now[i * 5] = packet(UDP, 123, between(1024, 65535), 468);
		now[i * 5].packets = 100;
	}
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_FOUND);
	assert_int_equal(result.rules[0].sport.min, 123);
	assert_true(result.attack_share > 0.95);
	assert_int_equal(result.rules[0].length.min, 468);
}

/* Flags of several packets are those of all: nothing is known of one, and any may be meant. */
static void flags_of_several_packets_prove_nothing(void **state)
{
	struct synth_input input = input_of(of_syn_flood, of_web, "flowspec", SYNTH_NOW);

	(void)state;
	for (unsigned i = 0; i < SYNTH_BASE; i++) {
		/* Whole connections, of the flood's length. */
		base[i] = tcp(between(1024, 65535), 443, 40, 0x1b);
		base[i].packets = 10;
	}
	synth_rules(synth, &input, &result);
	assert_int_equal(result.rule_count, 0);
}

/* sFlow counts the padding of short frames: what looks like 46 bytes may have 40. */
static void padding_is_no_length(void **state)
{
	struct synth_input input = input_of(of_syn_flood, of_web, "flowspec", SYNTH_NOW);

	(void)state;
	for (unsigned i = 0; i < SYNTH_NOW; i++) {
		now[i].source = FLOW_SFLOW5;
		now[i].length = now[i].length < 46 ? 46 : now[i].length;
	}
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_FOUND);
	assert_true(share_of(of_syn_flood) > 0.95);
	assert_true(result.rules[0].length.min <= 40);
}

static void outbound_is_one_machine_and_one_target(void **state)
{
	struct synth_input input = input_of(of_syn_flood, of_web, "flowspec", SYNTH_NOW);
	struct ip machine = ip_of("198.51.100.9");
	struct ip target = ip_of("203.0.113.5");
	struct plan plan = { 0 };

	(void)state;
	for (unsigned i = 0; i < SYNTH_NOW; i++) {
		now[i].src = machine;
		/* One in eight goes elsewhere, and is none of this. */
		now[i].dst = i % 8 ? target : anybody();
	}
	for (unsigned i = 0; i < SYNTH_BASE; i++) {
		base[i].dst = base[i].src;
		base[i].src = machine;
	}
	input.scope = (struct synth_scope){ .direction = DIRECTION_OUTBOUND,
					    .own = prefix_of_host(&machine),
					    .peer = prefix_of_host(&target) };
	synth_rules(synth, &input, &result);
	assert_int_equal(result.outside, SYNTH_NOW / 8);
	assert_int_equal(result.why, SYNTH_FOUND);
	assert_true(result.attack_share > 0.9);
	for (unsigned i = 0; i < result.rule_count; i++) {
		assert_true(ip_equal(&result.rules[i].src.ip, &machine));
		assert_int_equal(result.rules[i].src.len, 128);
		assert_true(ip_equal(&result.rules[i].dst.ip, &target));
	}
	synth_to_plan(&result, &plan);
	assert_true(plan.has_forecast);
	assert_int_equal(plan.rule_count, result.rule_count);
}

static void the_same_samples_give_the_same_rules(void **state)
{
	static struct synth_result again;
	struct synth_input input = input_of(of_four_amplifiers, of_web, "xdp", SYNTH_NOW);
	struct synth_input other;

	(void)state;
	synth_rules(synth, &input, &result);
	other = input;
	other.now.count = 100;
	other.profile = profile_find("flowspec");
	synth_rules(synth, &other, &again);
	synth_rules(synth, &input, &again);
	assert_memory_equal(&result, &again, sizeof(again));
}

static struct sample of_anything(void)
{
	static const uint8_t protos[] = { 1, 6, 17, 47, 58 };
	struct sample sample = packet(protos[draw(5)], (uint16_t)draw(65536), (uint16_t)draw(65536),
				      (uint16_t)draw(9000));

	sample.tcp_flags = (uint8_t)draw(256);
	sample.packets = draw(3) ? 1 : draw(100000);
	sample.fragment = (uint8_t)(draw(5) ? 0 : draw(3));
	sample.source = (uint8_t)draw(FLOW_SOURCE_COUNT);
	sample.has = (uint8_t)draw(8);
	if (draw(3) == 0)
		sample.sport = (uint16_t)(draw(3) * 53);
	if (draw(3) == 0)
		sample.length = (uint16_t)(draw(3) * 40);
	return sample;
}

/* Attacks that are a few random values held fast. */
static void draw_anything(uint32_t n)
{
	struct sample fixed = of_anything();
	uint32_t held = draw(64);

	for (uint32_t k = 0; k < n; k++) {
		struct sample *sample = &now[k];
		*sample = of_anything();
		sample->proto = held & 1 ? fixed.proto : sample->proto;
		sample->sport = held & 2 ? fixed.sport : sample->sport;
		sample->dport = held & 4 ? fixed.dport : sample->dport;
		sample->length = held & 8 ? fixed.length : sample->length;
		sample->tcp_flags = held & 16 ? fixed.tcp_flags : sample->tcp_flags;
		sample->src = held & 32 ? fixed.src : sample->src;
	}
	for (uint32_t k = 0; k < 600; k++)
		base[k] = of_anything();
}

/* Each rule is one that the data plane can do and that the rails let through. */
static void check_rules(const struct rails_limits *limits, const struct plan_profile *profile)
{
	assert_true(result.rule_count <= 8);
	for (unsigned r = 0; r < result.rule_count; r++) {
		enum rails_why why = rails_check_rule(limits, &result.rules[r], DIRECTION_INBOUND);
		if (why) {
			show();
			fail_msg("rule %u: %s", r, rails_why_text(why));
		}
		assert_true(profile_can(profile, &result.rules[r]));
	}
}

static void random_attacks_give_rules_that_pass_the_rails(void **state)
{
	static const char *const profiles[] = { "flowspec", "xdp", "nft" };
	struct rails_limits limits = rails_defaults();
	struct prefix own = prefix_of("198.51.100.0/24");
	unsigned found = 0;

	(void)state;
	limits.own = &own;
	limits.own_count = 1;
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t n = 32 + draw(200);
		struct synth_input input = {
			.scope = { .direction = DIRECTION_INBOUND,
				   .own = prefix_of("198.51.100.7/32") },
			.now = { now, n },
			.base = { base, 600 },
			.now_pps = 10,
			.base_pps = 1,
			.profile = profile_find(profiles[i % 3]),
			.budget = { .collateral = 0.05 },
		};
		draw_anything(n);
		synth_rules(synth, &input, &result);
		found += result.rule_count > 0;
		check_rules(&limits, input.profile);
	}
	print_message("# %u of 1000 gave rules\n", found);
	assert_true(found > 200);
}

static int take_memory(void **state)
{
	(void)state;
	return synth_open(&synth);
}

static int give_back(void **state)
{
	(void)state;
	synth_close(synth);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floods_that_differ_are_stopped),
		cmocka_unit_test(a_set_of_sources_where_nothing_else_tells),
		cmocka_unit_test(a_set_never_has_a_known_source),
		cmocka_unit_test(what_the_whole_site_looks_like_is_spared),
		cmocka_unit_test(look_alikes_give_no_rule),
		cmocka_unit_test(none_says_why),
		cmocka_unit_test(few_samples_give_a_first_rule),
		cmocka_unit_test(samples_weigh_what_they_stand_for),
		cmocka_unit_test(flags_of_several_packets_prove_nothing),
		cmocka_unit_test(padding_is_no_length),
		cmocka_unit_test(outbound_is_one_machine_and_one_target),
		cmocka_unit_test(the_same_samples_give_the_same_rules),
		cmocka_unit_test(random_attacks_give_rules_that_pass_the_rails),
	};

	return cmocka_run_group_tests(tests, take_memory, give_back);
}
