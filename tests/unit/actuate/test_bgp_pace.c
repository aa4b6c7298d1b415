/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of actuate/bgp/pace: never more changes in a second than are allowed, in an order that is
 * always the same, nothing lost, and what is taken back at once.
 */
#include "announce.h"

#include <stdlib.h>
#include <string.h>

#include "actuate/bgp/pace.h"
#include "base/clock.h"

#define RATE   10
#define PLANS  6
#define ROUNDS 4000

static struct config *config;
static struct bgp_limits limits;
static struct bgp_pace pace;
static struct wanted plans[PLANS];
static struct effect effects[PLANS];
static struct bgp_routes routes;
static uint64_t now_ns;

static int set_up(void **state)
{
	(void)state;
	config = config_of(OWN_NETWORKS "actuators: [{name: a, kind: bird}]\n");
	limits = bgp_limits_of(config, &config->actuators[0]);
	now_ns = 1000 * NS_PER_S;
	return bgp_pace_open(&pace, RATE);
}

static int tear_down(void **state)
{
	(void)state;
	bgp_routes_done(&routes);
	bgp_pace_close(&pace);
	config_free(config);
	return 0;
}

/* A plan about the host of that number, with a rule for each of so many ports. */
static void plan(unsigned number, unsigned rules, uint64_t rate)
{
	struct wanted *wanted = &plans[number];
	char dst[32];
	char id[8];

	snprintf(dst, sizeof(dst), "198.51.100.%u/32", 200 - number);
	snprintf(id, sizeof(id), "p%u", number);
	*wanted = wanted_of(id, rate ? LEVEL_RATE_LIMIT : LEVEL_DROP, dst);
	wanted->plan.rule_count = rules;
	for (unsigned i = 0; i < rules; i++) {
		wanted->plan.rules[i] = wanted->plan.rules[0];
		wanted->plan.rules[i].proto = 17;
		wanted->plan.rules[i].dport = plan_range_of((int)(1000 - i));
		wanted->plan.rules[i].rate_pps = rate;
	}
}

/* What may be announced of the first @count plans. @why: the sentence about it */
static void ask(size_t count, struct text *why)
{
	const struct wanted_set set = { .plans = plans, .count = count, .now_ns = 100 };
	struct text unused = { 0 };

	bgp_routes_done(&routes);
	assert_int_equal(bgp_routes_make(&limits, &set, &routes, effects, &unused), 0);
	if (!pace.begun)
		assert_int_equal(bgp_pace_begin(&pace, &routes, NULL), 0);
	assert_int_equal(bgp_pace_limit(&pace, now_ns, &routes), 0);
	bgp_pace_tell(&pace, &limits, &set, effects, why);
}

static size_t announce(size_t count)
{
	struct text unused = { 0 };

	ask(count, &unused);
	assert_int_equal(bgp_pace_took(&pace, now_ns, &routes), 0);
	return routes.count;
}

static void what_is_too_much_at_once_follows_in_order(void **state)
{
	struct text why = text_heap();

	(void)state;
	plan(0, 8, 0);
	plan(1, 8, 0);
	plan(2, 9, 0);
	ask(3, &why);
	assert_int_equal(routes.count, 10);
	assert_true(effects[0].applied && !effects[1].applied && !effects[2].applied);
	assert_true(!effects[0].coming && effects[1].coming && effects[2].coming);
	assert_string_equal(text_string(&why), "at most 10 rules and routes change in a second; "
					       "15 more follow");
	/* The first two rules of the second plan, though others come first by their bytes. */
	unsigned seen = 0;
	for (size_t i = 0; i < routes.count; i++) {
		const struct plan_rule *rule = &routes.list[i].rule;
		seen += rule->dst.ip.b[15] == 199 && rule->dport.min >= 999;
	}
	assert_int_equal(seen, 2);
	assert_int_equal(announce(3), 10);
	assert_int_equal(bgp_pace_wait_ns(&pace, now_ns), NS_PER_S);
	now_ns += NS_PER_S - 1;
	assert_int_equal(announce(3), 10);
	assert_int_equal(bgp_pace_wait_ns(&pace, now_ns), 1);
	now_ns++;
	assert_int_equal(announce(3), 20);
	assert_true(effects[1].applied && !effects[2].applied && effects[2].coming);
	now_ns += NS_PER_S;
	assert_int_equal(announce(3), 25);
	assert_true(effects[2].applied && !effects[2].coming);
	assert_int_equal(bgp_pace_wait_ns(&pace, now_ns), 0);
	text_done(&why);
}

static void what_failed_is_not_counted(void **state)
{
	struct text why = text_heap();

	(void)state;
	plan(0, 16, 0);
	for (unsigned i = 0; i < 5; i++) {
		ask(1, &why);
		assert_int_equal(routes.count, 10);
	}
	assert_int_equal(announce(1), 10);
	text_done(&why);
}

static void what_is_taken_back_goes_at_once_and_counts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		plan(i, 10, 0);
	for (unsigned i = 0; i < 3; i++, now_ns += NS_PER_S)
		announce(3);
	assert_int_equal(announce(0), 0);
	/* Thirty went, so nothing comes in the second after it. */
	plan(0, 1, 0);
	assert_int_equal(announce(1), 0);
	now_ns += NS_PER_S - 1;
	assert_int_equal(announce(1), 0);
	now_ns++;
	assert_int_equal(announce(1), 1);
	/* Four of ten are replaced: four are gone at once, six more may come in. */
	now_ns += NS_PER_S;
	plan(0, 4, 0);
	announce(1);
	now_ns += NS_PER_S;
	plan(0, 16, 100);
	plan(1, 8, 0);
	plans[0] = plans[1];
	assert_int_equal(announce(1), 6);
}

/* A drop that becomes a limit is a drop until its turn comes: never neither of the two. */
static void another_action_waits_with_the_former_one(void **state)
{
	unsigned limited = 0;

	(void)state;
	plan(0, 16, 0);
	announce(1);
	now_ns += NS_PER_S;
	announce(1);
	now_ns += NS_PER_S;
	plan(0, 16, 500);
	assert_int_equal(announce(1), 16);
	for (size_t i = 0; i < routes.count; i++)
		limited += routes.list[i].rule.rate_pps == 500;
	assert_int_equal(limited, 10);
	assert_true(effects[0].coming);
	now_ns += NS_PER_S;
	announce(1);
	for (size_t i = 0; i < routes.count; i++)
		assert_int_equal(routes.list[i].rule.rate_pps, 500);
	assert_true(effects[0].applied);
}

static void what_was_out_before_is_no_change(void **state)
{
	struct wanted_set set = { .plans = plans, .count = 2, .now_ns = 100 };
	struct text unused = { 0 };
	bool held[32] = { false };

	(void)state;
	plan(0, 16, 0);
	plan(1, 16, 0);
	assert_int_equal(bgp_routes_make(&limits, &set, &routes, effects, &unused), 0);
	memset(held, 1, 20);
	assert_int_equal(bgp_pace_begin(&pace, &routes, held), 0);
	assert_int_equal(announce(2), 30);
	now_ns += NS_PER_S;
	assert_int_equal(announce(2), 32);
}

static uint64_t draws;

static unsigned any(unsigned below)
{
	draws = draws * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(draws >> 33) % below;
}

/* How many of @now differ from @before, or are new; @ret_gone: of @before are gone. */
static size_t changes_of(const struct bgp_routes *before, const struct bgp_routes *now,
			 size_t *ret_gone)
{
	size_t changes = 0;
	size_t same = 0;

	for (size_t i = 0; i < now->count; i++) {
		bool found = false;
		for (size_t j = 0; j < before->count && !found; j++) {
			if (bgp_route_compare(&now->list[i], &before->list[j]) != 0)
				continue;
			found = true;
			changes += now->list[i].rule.rate_pps != before->list[j].rule.rate_pps;
		}
		changes += !found;
		same += found;
	}
	*ret_gone = before->count - same;
	return changes;
}

/* Whatever is wanted whenever: in no second more comes than may, and nothing wanted is forgotten. */
static void in_no_second_more_comes_than_may(void **state)
{
	static struct {
		uint64_t at_ns;
		size_t count;
	} log[ROUNDS];
	struct bgp_routes before = { 0 };
	size_t wanted = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t gone;
		now_ns += any(4) ? any(300) * NS_PER_MS : 0;
		if (any(3) == 0) {
			wanted = any(PLANS + 1);
			for (unsigned i = 0; i < wanted; i++)
				plan(i, 1 + any(16), any(3) ? 0 : 100 + any(2));
		}
		announce(wanted);
		log[round].at_ns = now_ns;
		log[round].count = changes_of(&before, &routes, &gone);
		size_t second = 0;
		for (unsigned i = round + 1; i-- > 0 && now_ns - log[i].at_ns < NS_PER_S;)
			second += log[i].count;
		assert_true(second <= RATE);
		bgp_routes_done(&before);
		before = routes;
		routes = (struct bgp_routes){ 0 };
		/* Nothing that is not wanted stays. */
		for (size_t i = 0; i < before.count; i++)
			assert_true(before.list[i].rule.dst.ip.b[15] > 200 - wanted);
	}
	size_t rules = 0;
	for (size_t i = 0; i < wanted; i++)
		rules += plans[i].plan.rule_count;
	for (unsigned i = 0; i < 12; i++, now_ns += NS_PER_S)
		announce(wanted);
	assert_int_equal(routes.count, rules);
	for (size_t i = 0; i < wanted; i++)
		assert_true(effects[i].applied);
	bgp_routes_done(&before);
}

#define pace_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pace_test(what_is_too_much_at_once_follows_in_order),
		pace_test(what_failed_is_not_counted),
		pace_test(what_is_taken_back_goes_at_once_and_counts),
		pace_test(another_action_waits_with_the_former_one),
		pace_test(what_was_out_before_is_no_change),
		pace_test(in_no_second_more_comes_than_may),
	};

	return cmocka_run_group_tests_name("actuate/bgp_pace", tests, NULL, NULL);
}
