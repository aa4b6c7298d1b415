/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of daemon/hands_watch: innocent packets that rules hit end the rules, whoever saw it. */
#include "harm_scene.h"

static int begin(void **state)
{
	(void)state;
	return scene_open(SCENE_YAML);
}

static void expect_words(const char *words)
{
	const struct plan plan = scene_plan();

	if (!strstr(plan.why, words))
		fail_msg("no \"%s\" in: %s", words, plan.why);
}

/* Clients begin to send what looks like the attack. */
static void harm_begins(void)
{
	scene.mimics = scene.innocents / 2;
}

static void rules_that_hit_nobody_stay(void **state)
{
	(void)state;
	scene.behind = true;
	scene_attack();
	scene_run(60);
	assert_int_equal(scene_plan().level, LEVEL_DROP);
	assert_int_equal(scene.arrived, scene.innocents);
	assert_int_equal(scene.told.count[EVENT_PLAN_WITHDRAWN], 0);
	/* That nothing is lost is news once. */
	assert_int_equal(scene.told.count[EVENT_PLAN_VERDICT], 1);
	assert_int_equal(scene.told.verdict[EVENT_PLAN_VERDICT].basis, VERDICT_DROPPED);
	assert_true(scene.told.verdict[EVENT_PLAN_VERDICT].harm == 0);
}

/* Behind the filter nobody sees them: only what it caught tells. */
static void what_was_dropped_ends_the_rules(void **state)
{
	(void)state;
	scene.behind = true;
	scene_attack();
	scene_run(20);
	harm_begins();
	double limited = scene_wait(LEVEL_RATE_LIMIT, 10);
	assert_true(limited >= 2 && limited <= 7);
	expect_words("innocent traffic was hit");
	const struct verdict *told = &scene.told.verdict[EVENT_PLAN_VERDICT];
	assert_non_null(strstr(scene.told.text[EVENT_PLAN_VERDICT], "innocent traffic was hit"));
	assert_int_equal(told->basis, VERDICT_DROPPED);
	assert_true(told->harm > 0.3 && told->harm < 0.7 && told->harm_least > 0.2);
	assert_true(told->innocent > 0 && told->innocent < told->looked);
	double out = scene_wait(LEVEL_OBSERVE, 10);
	assert_true(out >= 4.9 && out <= 7);
	expect_words("hit innocent traffic a moment ago");
	assert_int_equal(fake.plans[0].wanted.plan.level, LEVEL_OBSERVE);
	assert_int_equal(scene.told.plan[EVENT_PLAN_WITHDRAWN].level, LEVEL_RATE_LIMIT);
	scene_tick();
	assert_int_equal(scene.arrived, scene.innocents);
	/* Not for ten minutes, also when the attack is another incident by then. */
	scene_run(300);
	assert_int_equal(scene_plan().level, LEVEL_OBSERVE);
	scene.attack = 0;
	scene.mimics = 0;
	scene_quiet();
	scene_closed();
	scene_run(1);
	scene_incident("inc-2");
	scene.attack = 10 * scene.innocents;
	scene_say(EVENT_INCIDENT_OPENED);
	scene_run(60);
	assert_int_equal(scene_plan().level, LEVEL_OBSERVE);
	expect_words("hit innocent traffic a moment ago");
	assert_true(scene_wait(LEVEL_DROP, 300) > 180);
}

/* Without catching, telemetry in front of the filter tells the same by the same judge. */
static void so_does_telemetry_in_front_of_the_filter(void **state)
{
	(void)state;
	fake.catches = fake.counts = false;
	scene_attack();
	scene_run(20);
	harm_begins();
	double limited = scene_wait(LEVEL_RATE_LIMIT, 15);
	assert_true(limited >= 2);
	double out = scene_wait(LEVEL_OBSERVE, 10);
	assert_true(out >= 4.9 && out <= 7);
}

/* What nobody can see cannot be judged: neither caught, nor in front. */
static void without_either_nothing_is_known(void **state)
{
	(void)state;
	fake.catches = fake.counts = false;
	scene.behind = true;
	scene_attack();
	scene_run(20);
	harm_begins();
	scene_run(20);
	assert_int_equal(scene_plan().level, LEVEL_DROP);
	struct verdict verdict;
	assert_true(hands_verdict(scene.hands, &scene.incident, &verdict));
	assert_true(verdict.in_force && !verdict.counted);
	assert_int_equal(verdict.basis, VERDICT_UNKNOWN);
}

/* Forged senders, each seen once, are no peers, however many of them are dropped. */
static void strangers_are_no_harm(void **state)
{
	(void)state;
	scene.behind = true;
	scene_attack();
	scene.attack *= 2;
	scene_run(30);
	assert_int_equal(scene_plan().level, LEVEL_DROP);
}

/* A blackhole takes all there is, and who asked for it knew. */
static void what_shall_cost_everything_is_no_harm(void **state)
{
	char answer[256];
	struct text text = text_fixed(answer, sizeof(answer));
	const struct order order = {
		.act = "mitigate", .id = "inc-1", .level = LEVEL_BLACKHOLE, .who = "t", .why = ""
	};

	(void)state;
	scene.behind = true;
	scene_attack();
	assert_int_equal(hands_order(scene.hands, &order, scene.now_ns, &text), 0);
	scene_wait(LEVEL_BLACKHOLE, 5);
	scene_run(30);
	assert_int_equal(scene_plan().level, LEVEL_BLACKHOLE);
}

#define harm_test(f) cmocka_unit_test_setup_teardown(f, begin, scene_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		harm_test(rules_that_hit_nobody_stay),
		harm_test(what_was_dropped_ends_the_rules),
		harm_test(so_does_telemetry_in_front_of_the_filter),
		harm_test(without_either_nothing_is_known),
		harm_test(strangers_are_no_harm),
		harm_test(what_shall_cost_everything_is_no_harm),
	};

	return cmocka_run_group_tests_name("daemon/hands_harm", tests, NULL, NULL);
}
