/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of verify/harm: what rules cost those that were there before the attack. */
#include "check.h"

#include <string.h>

#include "own_space.h"
#include "plan/match.h"
#include "verify/harm.h"

static struct sample from(uint8_t last, uint16_t sport)
{
	uint8_t be[4] = { 192, 0, 2, last };

	return (struct sample){ .src = ip_from_v4(be),
				.dst = ip_of("198.51.100.7"),
				.packets = 1,
				.sampling = 1,
				.proto = 17,
				.sport = sport,
				.dport = 53 };
}

/* What a test says of an input; the rest is a plan that drops UDP from port 123. */
static struct harm_input input;
static struct plan plan;

static int begin(void **state)
{
	(void)state;
	plan = (struct plan){ .level = LEVEL_DROP, .rule_count = 1 };
	plan.rules[0] = plan_rule_any();
	plan.rules[0].proto = 17;
	plan.rules[0].sport = plan_range_of(123);
	input = (struct harm_input){ .plan = &plan, .match = match_rule, .now_s = 5 };
	return 0;
}

static struct harm judge(const struct sample *now, size_t now_count, const struct sample *before,
			 size_t before_count)
{
	static struct look_peer room[512];
	struct harm harm;

	input.now = now;
	input.now_count = now_count;
	input.before = before;
	input.before_count = before_count;
	verify_harm(&input, room, &harm);
	return harm;
}

static void strangers_are_no_harm(void **state)
{
	struct sample now[200];
	struct sample before[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		before[i] = from((uint8_t)(i % 50), 4000);
		now[i] = from((uint8_t)(i % 50), 4000);
		now[100 + i] = from((uint8_t)(100 + i), 123);
	}
	struct harm harm = judge(now, 200, before, 100);
	assert_int_equal(harm.known, 100);
	assert_true(harm.stopped > 0.49 && harm.stopped < 0.51);
	assert_true(harm.innocent == 0 && harm.least == 0);
}

static void known_peers_that_are_hit_are(void **state)
{
	struct sample now[100];
	struct sample before[50];

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		before[i] = from((uint8_t)i, 4000);
	for (unsigned i = 0; i < 100; i++)
		now[i] = from((uint8_t)(i % 50), i % 4 ? 4000 : 123);
	struct harm harm = judge(now, 100, before, 50);
	assert_int_equal(harm.known, 100);
	assert_true(harm.innocent > 0.24 && harm.innocent < 0.26);
	assert_true(harm.least > 0.15 && harm.least < harm.innocent);
}

static void few_samples_prove_little(void **state)
{
	const struct sample now[2] = { from(1, 123), from(1, 4000) };
	const struct sample before[1] = { from(1, 4000) };
	struct harm harm = judge(now, 2, before, 1);

	(void)state;
	assert_true(harm.innocent > 0.49);
	assert_true(harm.least < 0.2);
	harm = judge(now, 2, before, 0);
	assert_int_equal(harm.known, 0);
}

/* Peers that were there before, and how much the telemetry still sees of them. */
static struct sample before[50];
static struct sample passed[50];
static struct sample caught[100];

/* @innocent: of what was caught, packets of known peers; telemetry sees nothing that is dropped */
static void behind_the_filter(unsigned innocent)
{
	for (unsigned i = 0; i < 50; i++) {
		before[i] = from((uint8_t)i, 4000);
		passed[i] = from((uint8_t)i, 4000);
	}
	for (unsigned i = 0; i < 100; i++)
		caught[i] = from((uint8_t)(i < innocent ? i : 100 + i), 123);
	input.now_pps = 50 / input.now_s;
	input.dropped = caught;
	input.dropped_count = 100;
	input.dropped_pps = 1000;
}

/* A tenth of 1,000 packets a second, and ten a second get through. */
static void what_the_filter_caught_is_enough(void **state)
{
	(void)state;
	behind_the_filter(10);
	struct harm harm = judge(passed, 50, before, 50);
	assert_true(harm.caught && harm.enough);
	assert_int_equal(harm.known, 10);
	assert_int_equal(harm.looked, 100);
	assert_true(harm.innocent > 0.90 && harm.innocent < 0.92);
	assert_true(harm.least > 0.7 && harm.least < harm.innocent);
	/* One alone is chance. */
	behind_the_filter(1);
	harm = judge(passed, 50, before, 50);
	assert_false(harm.enough);
	/* Much of theirs gets through: then it is a small part of it. */
	behind_the_filter(10);
	input.now_pps = 100000;
	harm = judge(passed, 50, before, 50);
	assert_true(harm.enough && harm.innocent < 0.01 && harm.least > 0);
}

/* Nothing is seen behind the filter: it could be so much that a sampler misses. */
static void silence_of_the_telemetry_is_not_taken_for_loss(void **state)
{
	(void)state;
	behind_the_filter(10);
	struct harm harm = judge(passed, 0, before, 50);
	assert_true(harm.enough && harm.innocent > 0.99 && harm.least > 0.9);
	for (unsigned i = 0; i < 50; i++)
		before[i].sampling = 10000;
	harm = judge(passed, 0, before, 50);
	assert_true(harm.innocent > 0.99);
	assert_true(harm.least < 0.02);
}

static struct sample https(uint8_t last, uint8_t flags, uint16_t length)
{
	struct sample s = from(last, (uint16_t)(40000 + last));

	s.proto = 6;
	s.dport = 443;
	s.tcp_flags = flags;
	s.has = SAMPLE_HAS_FLAGS;
	s.length = length;
	return s;
}

/* Strangers inside of connections to the usual service, where the attack is nothing like it. */
static void the_usual_counts_where_the_attack_does_not_look_so(void **state)
{
	static struct look_peer room[50];
	struct sample attack[100];

	(void)state;
	plan.rules[0] = plan_rule_any();
	plan.rules[0].proto = 6;
	for (unsigned i = 0; i < 50; i++)
		before[i] = https((uint8_t)i, 0x18, (uint16_t)(i % 2 ? 1500 : 52));
	for (unsigned i = 0; i < 100; i++) {
		attack[i] = https((uint8_t)(100 + i), 0x02, 40);
		caught[i] = i < 20 ? https((uint8_t)(200 + i), 0x10, 52) : attack[i];
	}
	input.now = attack;
	input.now_count = 100;
	input.before = before;
	input.before_count = 50;
	input.unusual = verify_unusual(&input, room);
	assert_true(input.unusual > 0.95 && input.unusual < 1);
	input.dropped = caught;
	input.dropped_count = 100;
	input.dropped_pps = 1000;
	input.now_pps = 10;
	struct harm harm = judge(attack, 0, before, 50);
	assert_int_equal(harm.known, 20);
	assert_true(harm.enough && harm.least > 0.9);
	/* An attack of such packets: they say nothing, and nobody known is among them. */
	for (unsigned i = 0; i < 100; i++)
		attack[i] = https((uint8_t)(100 + i), 0x10, 52);
	input.now = attack;
	input.now_count = 100;
	input.unusual = verify_unusual(&input, room);
	assert_true(input.unusual == 0);
	harm = judge(attack, 0, before, 50);
	assert_int_equal(harm.known, 0);
	assert_true(!harm.enough && harm.least == 0);
}

/* A limit of half of what the rules match costs half. */
static void a_limit_costs_what_is_above_it(void **state)
{
	struct sample now[100];

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		before[i] = from((uint8_t)i, 4000);
	for (unsigned i = 0; i < 100; i++)
		now[i] = from((uint8_t)(i % 50), i % 4 ? 4000 : 123);
	input.now_pps = 1000;
	plan.level = LEVEL_RATE_LIMIT;
	plan.rules[0].rate_pps = 125;
	struct harm harm = judge(now, 100, before, 50);
	assert_true(harm.innocent > 0.12 && harm.innocent < 0.13);
	plan.rules[0].rate_pps = 300;
	harm = judge(now, 100, before, 50);
	assert_true(harm.innocent == 0 && harm.least == 0);
}

#define harm_test(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		harm_test(strangers_are_no_harm),
		harm_test(known_peers_that_are_hit_are),
		harm_test(few_samples_prove_little),
		harm_test(what_the_filter_caught_is_enough),
		harm_test(silence_of_the_telemetry_is_not_taken_for_loss),
		harm_test(the_usual_counts_where_the_attack_does_not_look_so),
		harm_test(a_limit_costs_what_is_above_it),
	};

	return cmocka_run_group_tests_name("verify/harm", tests, NULL, NULL);
}
