/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of daemon/hands_canary and hands_gate: what is given to a canary first, what stops it there,
 * and that nothing in force is lost for it. Two fake BIRDs stand for the canary and for the rest.
 */
#include "hands_scene.h"

#include "actuate/fake_bird.h"

static struct fake_bird rim;
static struct fake_bird rest;

static int begin_both(void **state)
{
	struct fake_bird *const both[] = { &rim, &rest };

	for (int i = 0; i < 2; i++) {
		fake_prepare(both[i]);
		both[i]->session_since = 1;
		fake_start(both[i]);
	}
	return begin(state);
}

static int end_both(void **state)
{
	int err = end(state);

	fake_stop(&rim);
	fake_stop(&rest);
	fake_remove(&rim);
	fake_remove(&rest);
	return err;
}

static const char *yaml_with(const char *canary, const char *policy)
{
	static char yaml[1024];

	snprintf(yaml, sizeof(yaml),
		 "networks: [{prefix: 198.51.100.0/24}]\n"
		 "protect: {kill_file: none}\n"
		 "policy: [{ladder: [%s]}]\n"
		 "actuators:\n"
		 "  - {name: rim, kind: bird, socket: %s, include: %s}\n"
		 "  - {name: rest, kind: bird, socket: %s, include: %s%s}\n",
		 policy, rim.socket, rim.include, rest.socket, rest.include, canary);
	return yaml;
}

/* As the daemon does at its start: both are asked, and known to be well. */
static void open_as(const char *canary)
{
	open_hands(yaml_with(canary, "observe, rate-limit, drop"), true);
	hands_resume(hands, find, NULL);
	for (unsigned i = 0; i < 20; i++) {
		traffic(0);
		usleep(20000);
	}
}

static void open_with_canary(void)
{
	open_as(", canary: rim");
}

static unsigned held(const struct fake_bird *bird)
{
	return bird->routes[2];
}

/* Ticks until it is so. An actuator is looked at each second of the real clock. */
#define until(condition)                                                   \
	do {                                                               \
		for (unsigned t = 0; t < 3000 && !(condition); t++) {      \
			traffic(PER_TICK * 3);                             \
			usleep(3000);                                      \
		}                                                          \
		if (!(condition))                                          \
			fail_msg("never came: %s; %s", #condition, why()); \
	} while (0)

static const char *why(void)
{
	static struct plan plan;

	hands_plan(hands, &incident, &plan);
	return plan.why;
}

static bool says(const char *words)
{
	return strstr(why(), words) != NULL;
}

static struct hands_stats stats_now(void)
{
	struct hands_stats stats;

	hands_stats(hands, &stats);
	return stats;
}

static bool audit_has(const char *words)
{
	struct text acts = text_heap();

	assert_true(journal_acts(journal, 10, &acts) >= 0);
	bool there = strstr(text_string(&acts), words) != NULL;
	text_done(&acts);
	return there;
}

/* The scene's clock is some thirty times as fast as that of the actuators' threads. */
static void a_plan_goes_on_when_all_was_well_at_its_canary(void **state)
{
	(void)state;
	open_as(", canary: rim, canary_for: 60s");
	begin_attack();
	until(held(&rim));
	assert_int_equal(held(&rest), 0);
	assert_int_equal(told.plan[EVENT_PLAN_APPLIED].level, LEVEL_OBSERVE);
	assert_int_equal(stats_now().at_canary, 1);
	assert_int_equal(stats_now().in_force, 0);
	until(says("in force at the canary rim; goes to rest"));
	uint64_t since_ns = now_ns;
	until(held(&rest));
	assert_true(now_ns - since_ns >= 59 * NS_PER_S);
	until(told.plan[EVENT_PLAN_APPLIED].level == LEVEL_DROP);
	assert_string_equal(told.plan[EVENT_PLAN_APPLIED].actuator, "rest");
	assert_int_equal(stats_now().at_canary, 0);
	/* The canary is one of the routers, and goes on with it. */
	assert_int_equal(held(&rim), held(&rest));
	assert_int_equal(order("withdraw", "withdrawn"), 0);
	until(held(&rim) == 0 && held(&rest) == 0);
}

static void a_canary_that_refuses_stops_it_and_a_person_may_try_again(void **state)
{
	(void)state;
	open_with_canary();
	rim.mood = MOOD_REFUSES;
	begin_attack();
	until(stats_now().stopped);
	assert_true(says("stopped at rim, and not given to rest: BIRD refuses its configuration"));
	assert_true(audit_has("stopped at rim, and not given to rest: BIRD refuses"));
	assert_non_null(strstr(told.plan[EVENT_PLAN_PROPOSED].why, "stopped at rim"));
	for (unsigned i = 0; i < 300; i++)
		traffic(PER_TICK * 3);
	assert_int_equal(rest.routes[2], 0);
	assert_int_equal(stats_now().in_force, 0);
	rim.mood = MOOD_GOOD;
	assert_int_equal(order("mitigate", "asked for"), 0);
	until(held(&rest));
	assert_int_equal(stats_now().stopped, 0);
	assert_true(held(&rim) > 0);
}

static void falls_over(const char *words, unsigned since)
{
	open_with_canary();
	begin_attack();
	until(held(&rim));
	rim.session_since = since;
	until(stats_now().stopped);
	assert_true(says(words));
	assert_int_equal(held(&rest), 0);
	/* What may have killed it is not announced to it again. */
	until(held(&rim) == 0);
	assert_true(audit_has(words));
}

static void a_session_that_falls_out_stops_it(void **state)
{
	(void)state;
	falls_over("not given to rest: a BGP session fell out", 0);
}

/* Down and up again between two looks. */
static void a_session_that_came_back_stops_it_as_well(void **state)
{
	(void)state;
	falls_over("not given to rest: a BGP session fell out", 7);
}

static void a_canary_that_dies_stops_it(void **state)
{
	(void)state;
	open_with_canary();
	begin_attack();
	until(held(&rim));
	rim.mood = MOOD_HALF;
	until(stats_now().stopped);
	assert_true(says("not given to rest: "));
	assert_int_equal(held(&rest), 0);
	rim.mood = MOOD_GOOD;
}

/* What was not well before is no fall: the plan waits for it, and the rest does without. */
static void a_canary_that_was_down_is_waited_for(void **state)
{
	(void)state;
	rim.session_since = 0;
	open_with_canary();
	begin_attack();
	until(says("rest gets it when its canary rim is well: no BGP session is up"));
	for (unsigned i = 0; i < 100; i++)
		traffic(PER_TICK * 3);
	assert_int_equal(held(&rest), 0);
	assert_int_equal(stats_now().stopped, 0);
	rim.session_since = 3;
	until(held(&rest));
}

static void the_attack_ends_on_the_way(void **state)
{
	(void)state;
	open_with_canary();
	begin_attack();
	until(held(&rim));
	assert_int_equal(order("withdraw", "withdrawn"), 0);
	until(held(&rim) == 0);
	assert_int_equal(held(&rest), 0);
	assert_int_equal(stats_now().at_canary, 0);
}

/* A limit is in force; a drop has to go over the canary, and the limit stays until it has. */
static void what_is_in_force_stays_while_more_is_tried(void **state)
{
	struct plan plan;

	(void)state;
	open_hands(yaml_with(", canary: rim", "observe, rate-limit"), true);
	hands_resume(hands, find, NULL);
	begin_attack();
	until(told.plan[EVENT_PLAN_APPLIED].level == LEVEL_RATE_LIMIT);
	unsigned withdrawn = told.count[EVENT_PLAN_WITHDRAWN];
	reload_hands(yaml_with(", canary: rim", "observe, rate-limit, drop"));
	until(stats_now().at_canary);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_RATE_LIMIT);
	assert_int_equal(stats_now().in_force, 1);
	assert_true(says("the next step: "));
	rim.session_since = 0;
	until(stats_now().stopped);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_RATE_LIMIT);
	assert_int_equal(told.count[EVENT_PLAN_WITHDRAWN], withdrawn);
	assert_true(held(&rest) > 0);
	/* The canary goes on with what it had. */
	until(held(&rim) > 0);
	rim.session_since = 9;
	assert_int_equal(order("mitigate", "asked for"), 0);
	until(told.plan[EVENT_PLAN_APPLIED].level == LEVEL_DROP);
}

#define canary_test(f) cmocka_unit_test_setup_teardown(f, begin_both, end_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		canary_test(a_plan_goes_on_when_all_was_well_at_its_canary),
		canary_test(a_canary_that_refuses_stops_it_and_a_person_may_try_again),
		canary_test(a_session_that_falls_out_stops_it),
		canary_test(a_session_that_came_back_stops_it_as_well),
		canary_test(a_canary_that_dies_stops_it),
		canary_test(a_canary_that_was_down_is_waited_for),
		canary_test(the_attack_ends_on_the_way),
		canary_test(what_is_in_force_stays_while_more_is_tried),
	};

	return cmocka_run_group_tests_name("daemon/hands_canary", tests, NULL, NULL);
}
