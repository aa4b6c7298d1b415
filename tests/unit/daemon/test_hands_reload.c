/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of daemon/hands_reload: another configuration in while something is in force; what it
 * forbids goes and is told, all else stays.
 */
#include "hands_scene.h"

#define ACTUATOR "actuators: [{name: edge, kind: hook, program: /bin/true}]\n"
#define POLICY   "policy: [{ladder: [observe, rate-limit, drop]}]\n"
#define NETWORK  "networks: [{prefix: 198.51.100.0/24}]\n"
#define NO_FILE  "protect: {kill_file: none}\n"

static void in_force(void)
{
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
}

static uint64_t plans_in_force(void)
{
	struct hands_stats stats;

	hands_stats(hands, &stats);
	return stats.in_force;
}

static void audit_has(const char *words)
{
	struct text acts = text_heap();

	assert_true(journal_acts(journal, 10, &acts) >= 0);
	if (!strstr(text_string(&acts), words))
		fail_msg("no \"%s\" in: %s", words, text_string(&acts));
	text_done(&acts);
}

static void audit_is_empty(void)
{
	struct text acts = text_heap();

	assert_int_equal(journal_acts(journal, 10, &acts), 0);
	text_done(&acts);
}

static void ticks(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		traffic(PER_TICK * 3);
}

static void what_is_still_allowed_stays(void **state)
{
	(void)state;
	in_force();
	unsigned withdrawn = told.count[EVENT_PLAN_WITHDRAWN];
	reload_hands(
		"networks: [{prefix: 198.51.0.0/16}, {prefix: 203.0.113.0/24}]\n"
		"protect: {kill_file: none, never_touch: 198.51.100.9/32, max_rules: 1}\n" POLICY
			ACTUATOR);
	ticks(20);
	assert_int_equal(plans_in_force(), 1);
	assert_int_equal(told.count[EVENT_PLAN_WITHDRAWN], withdrawn);
	audit_is_empty();
}

static void what_is_no_longer_ours_goes_and_comes_back_with_it(void **state)
{
	struct plan plan;

	(void)state;
	in_force();
	unsigned withdrawn = told.count[EVENT_PLAN_WITHDRAWN];
	reload_hands("networks: [{prefix: 203.0.113.0/24}]\n" NO_FILE POLICY ACTUATOR);
	ticks(1);
	assert_int_equal(plans_in_force(), 0);
	assert_int_equal(told.count[EVENT_PLAN_WITHDRAWN], withdrawn + 1);
	assert_int_equal(told.plan[EVENT_PLAN_WITHDRAWN].level, LEVEL_DROP);
	audit_has("the configuration");
	audit_has("`networks` was changed");
	audit_has("withdrawn: a rule is not about a network of ours");
	ticks(150);
	assert_int_equal(plans_in_force(), 0);
	hands_plan(hands, &incident, &plan);
	assert_non_null(strstr(plan.why, "network of ours"));
	reload_hands(acting);
	told.count[EVENT_PLAN_APPLIED] = 0;
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
}

static void what_is_never_touched_from_now_on_goes(void **state)
{
	(void)state;
	in_force();
	reload_hands(NETWORK
		     "protect: {kill_file: none, never_touch: 198.51.100.7/32}\n" POLICY ACTUATOR);
	ticks(1);
	assert_int_equal(plans_in_force(), 0);
	audit_has("`protect` was changed");
	audit_has("never touched");
}

/* Also within the minute that what is in force stays at least. */
static void a_policy_that_forbids_it_ends_it_at_once(void **state)
{
	struct plan plan;

	(void)state;
	in_force();
	reload_hands(NETWORK NO_FILE "policy: [{ladder: [observe, rate-limit]}]\n" ACTUATOR);
	ticks(2);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_RATE_LIMIT);
	audit_has("`policy` was changed");
	reload_hands(NETWORK NO_FILE "policy: [{ladder: observe, approve: drop}]\n" ACTUATOR);
	ticks(2);
	assert_int_equal(plans_in_force(), 0);
	hands_plan(hands, &incident, &plan);
	assert_true(plan.needs_approval);
}

/* The new name is known after a restart; until then what is in force stays at the old one. */
static void an_actuator_of_another_name_does_not_lose_it(void **state)
{
	(void)state;
	in_force();
	reload_hands(NETWORK NO_FILE
		     "policy: [{ladder: [observe, rate-limit, drop], actuators: rim}]\n"
		     "actuators: [{name: rim, kind: hook, program: /bin/true}]\n");
	ticks(20);
	assert_int_equal(plans_in_force(), 1);
	audit_is_empty();
	assert_int_equal(order("withdraw", "withdrawn"), 0);
	ticks(1);
	assert_int_equal(plans_in_force(), 0);
}

static void the_restart_with_another_file_forbids_as_well(void **state)
{
	(void)state;
	in_force();
	close_hands();
	open_hands("networks: [{prefix: 203.0.113.0/24}]\n" NO_FILE POLICY ACTUATOR, true);
	hands_resume(hands, find, NULL);
	ticks(1);
	assert_int_equal(plans_in_force(), 0);
	audit_has("withdrawn: a rule is not about a network of ours");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		hands_test(what_is_still_allowed_stays),
		hands_test(what_is_no_longer_ours_goes_and_comes_back_with_it),
		hands_test(what_is_never_touched_from_now_on_goes),
		hands_test(a_policy_that_forbids_it_ends_it_at_once),
		hands_test(an_actuator_of_another_name_does_not_lose_it),
		hands_test(the_restart_with_another_file_forbids_as_well),
	};

	return cmocka_run_group_tests_name("daemon/hands_reload", tests, NULL, NULL);
}
