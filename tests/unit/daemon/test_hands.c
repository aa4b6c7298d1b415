/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of daemon/hands, with plan/stock and plan/maker behind it: incidents and samples in, plans
 * and what is in force out; what people want, what a restart keeps, what a panic ends.
 */
#include "hands_scene.h"

static const char observing[] = "networks: [{prefix: 198.51.100.0/24}]\n";

static const char asking[] = "networks: [{prefix: 198.51.100.0/24}]\n"
			     "protect: {kill_file: none}\n"
			     "policy: [{ladder: observe, approve: [rate-limit, drop]}]\n"
			     "actuators: [{name: edge, kind: hook, program: /bin/true}]\n";
static const char forbidding[] = "networks: [{prefix: 198.51.100.0/24}]\n"
				 "protect: {kill_file: none, never_touch: 198.51.100.7/32}\n"
				 "policy: [{ladder: [observe, rate-limit, drop]}]\n"
				 "actuators: [{name: edge, kind: hook, program: /bin/true}]\n";

static void without_an_actuator_it_says_what_it_would_do(void **state)
{
	(void)state;
	open_hands(observing, false);
	begin_attack();
	const struct plan *plan = &told.plan[EVENT_PLAN_PROPOSED];
	assert_int_equal(plan->level, LEVEL_OBSERVE);
	assert_int_equal(plan->would, LEVEL_DROP);
	assert_true(plan->has_forecast);
	assert_true(plan->attack_share > 0.7);
	assert_true(plan->collateral_upper <= 0.01);
	assert_int_equal(plan->rules[0].sport.min, 123);
	assert_int_equal(plan->rules[0].dst.len, 128);
	incident.state = INCIDENT_CLOSED;
	incident.ended_ns = now_ns;
	say_incident(EVENT_INCIDENT_CLOSED);
	traffic(0);
	assert_true(told.count[EVENT_PLAN_WITHDRAWN] >= 1);
	assert_int_equal(order("approve", "no open incident"), -ENOENT);
}

/* A hundred scans leave room for the one attack. */
static void what_is_only_worth_a_look_gets_no_plan(void **state)
{
	struct hands_stats stats;

	(void)state;
	open_hands(observing, false);
	for (unsigned i = 0; i < 2 * HANDS_CASES; i++) {
		incident = (struct incident){ .severity = SEVERITY_INFO,
					      .host_len = 128,
					      .host = ip_of("198.51.100.7") };
		snprintf(incident.id, sizeof(incident.id), "scan-%u", i);
		say_incident(EVENT_INCIDENT_OPENED);
	}
	hands_stats(hands, &stats);
	assert_int_equal(stats.cases, 0);
	begin_attack();
	hands_stats(hands, &stats);
	assert_int_equal(stats.cases, 1);
	assert_int_equal(stats.turned_away, 0);
}

static void what_it_may_it_does_and_a_restart_goes_on(void **state)
{
	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	char id[sizeof(((struct plan *)0)->id)];
	snprintf(id, sizeof(id), "%s", told.plan[EVENT_PLAN_APPLIED].id);
	assert_true(told.plan[EVENT_PLAN_APPLIED].expires_ns > now_ns);
	close_hands();
	open_hands(acting, true);
	struct plan plan;
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_OBSERVE); /* nothing is known of it yet */
	close_hands();
}

static void resumed_is_what_was_in_force(void **state)
{
	struct plan plan;

	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	close_hands();
	open_hands(acting, true);
	hands_resume(hands, find, NULL);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_DROP);
	assert_string_equal(plan.id, told.plan[EVENT_PLAN_APPLIED].id);
	/* Over meanwhile: taken back, and never again. */
	close_hands();
	incident.state = INCIDENT_CLOSED;
	open_hands(acting, true);
	hands_resume(hands, find, NULL);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_OBSERVE);
	traffic(0);
	close_hands();
	incident.state = INCIDENT_OPEN;
	open_hands(acting, true);
	hands_resume(hands, find, NULL);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_OBSERVE);
}

static void what_waits_goes_when_a_person_says_so(void **state)
{
	(void)state;
	open_hands(asking, true);
	begin_attack();
	for (unsigned i = 0; i < 20; i++)
		traffic(PER_TICK * 3);
	assert_int_equal(told.plan[EVENT_PLAN_PROPOSED].level, LEVEL_OBSERVE);
	assert_int_equal(told.plan[EVENT_PLAN_PROPOSED].proposed, LEVEL_DROP);
	assert_true(told.plan[EVENT_PLAN_PROPOSED].needs_approval);
	assert_int_equal(order("approve", "approved: drop"), 0);
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	/* The second of two people learns who was first. */
	assert_int_equal(order("approve", "by tester"), -EALREADY);
	assert_int_equal(order("withdraw", "withdrawn"), 0);
	traffic(PER_TICK * 3);
	assert_int_equal(told.plan[EVENT_PLAN_WITHDRAWN].level, LEVEL_DROP);
	for (unsigned i = 0; i < 200; i++)
		traffic(PER_TICK * 3);
	struct plan plan;
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_OBSERVE);
	assert_false(plan.needs_approval);
	assert_int_equal(order("extend", "nothing is in force"), -EALREADY);
	/* A no outlives a restart. */
	close_hands();
	open_hands(acting, true);
	hands_resume(hands, find, NULL);
	for (unsigned i = 0; i < 50; i++)
		traffic(PER_TICK * 3);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_OBSERVE);
	assert_int_equal(order("mitigate", "asked for: drop"), 0);
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	incident.state = INCIDENT_CLOSED;
	incident.ended_ns = now_ns;
	say_incident(EVENT_INCIDENT_CLOSED);
	assert_int_equal(order("approve", "is over"), -ETIME);
	incident.state = INCIDENT_OPEN;
}

static void panic_ends_all_and_never_touch_holds_for_people_too(void **state)
{
	struct hands_stats stats;

	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	assert_int_equal(order("panic", "let go"), 0);
	traffic(PER_TICK * 3);
	hands_stats(hands, &stats);
	assert_int_equal(stats.in_force, 0);
	assert_int_equal(stats.rules, 0);
	assert_true(stats.panic);
	close_hands();
	assert_int_equal(end(NULL), 0);
	assert_int_equal(begin(NULL), 0);

	memset(&told, 0, sizeof(told));
	open_hands(forbidding, true);
	begin_attack();
	assert_int_equal(order("mitigate", NULL), 0);
	for (unsigned i = 0; i < 150; i++)
		traffic(PER_TICK * 3);
	hands_stats(hands, &stats);
	assert_int_equal(stats.in_force, 0);
	assert_true(stats.refused > 0);
	struct plan plan;
	hands_plan(hands, &incident, &plan);
	assert_non_null(strstr(plan.why, "never"));
}

/* A line that was full for a moment is none that is full. */
static void an_expendable_host_goes_when_its_line_stays_full(void **state)
{
	(void)state;
	open_hands("networks: [{prefix: 198.51.100.0/24, capacity: 1Gbps}]\n"
		   "protect: {kill_file: none, expendable: 198.51.100.7/32}\n"
		   "policy: [{ladder: [observe, drop, blackhole]}]\n"
		   "actuators: [{name: edge, kind: hook, program: /bin/true}]\n",
		   true);
	begin_attack();
	for (unsigned i = 0; i < 200; i++)
		traffic(PER_TICK * 3);
	incident.bps = 950000000;
	say_incident(EVENT_INCIDENT_UPDATED);
	for (unsigned i = 0; i < 50; i++)
		traffic(PER_TICK * 3);
	incident.bps = 100000000;
	say_incident(EVENT_INCIDENT_UPDATED);
	traffic(PER_TICK * 3);
	incident.bps = 950000000;
	say_incident(EVENT_INCIDENT_UPDATED);
	for (unsigned i = 0; i < 90; i++)
		traffic(PER_TICK * 3);
	assert_int_equal(told.plan[EVENT_PLAN_PROPOSED].level, LEVEL_DROP);
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_BLACKHOLE));
	assert_int_equal(told.plan[EVENT_PLAN_APPLIED].rule_count, 1);
	assert_int_equal(told.plan[EVENT_PLAN_APPLIED].rules[0].dst.len, 128);
	assert_int_equal(told.plan[EVENT_PLAN_APPLIED].rules[0].proto, -1);
}

/* An actuator that does not do it: the plan says so, and what to do. */
static void a_plan_that_is_not_held_says_why(void **state)
{
	struct plan plan;

	(void)state;
	open_hands("networks: [{prefix: 198.51.100.0/24}]\n"
		   "protect: {kill_file: none}\n"
		   "actuators: [{name: edge, kind: hook, program: /bin/false, retries: 0}]\n",
		   true);
	begin_attack();
	for (unsigned i = 0; i < 500; i++) {
		traffic(PER_TICK * 3);
		hands_plan(hands, &incident, &plan);
		if (plan.level == LEVEL_DROP && strstr(plan.why, "not in force yet: "))
			break;
		usleep(2000);
	}
	assert_non_null(strstr(plan.why, "not in force yet: "));
	assert_int_equal(told.plan[EVENT_PLAN_APPLIED].level, LEVEL_OBSERVE);
}

/* Incidents for which there are no rules are tried again and again; the next one has its turn too. */
static void nobody_waits_for_ever(void **state)
{
	struct plan plan;

	(void)state;
	open_hands(observing, false);
	for (unsigned i = 0; i < 600; i++)
		traffic(0);
	for (unsigned i = 0; i < 20; i++) {
		incident = (struct incident){ .severity = SEVERITY_WARNING,
					      .host_len = 128,
					      .host = ip_of("198.51.100.9"),
					      .onset_ns = now_ns };
		snprintf(incident.id, sizeof(incident.id), "quiet-%u", i);
		say_incident(EVENT_INCIDENT_OPENED);
	}
	begin_attack();
	for (unsigned i = 0; i < 60; i++)
		traffic(PER_TICK * 3);
	hands_plan(hands, &incident, &plan);
	assert_true(plan.has_forecast);
}

/* After a pause it is memcached. Return: the source port of the plan's first rule two seconds later. */
static unsigned come_back_otherwise(void)
{
	struct plan plan;

	incident.quiet_ns = now_ns;
	say_incident(EVENT_INCIDENT_UPDATED);
	for (unsigned i = 0; i < 100; i++)
		traffic(0);
	incident.quiet_ns = 0;
	say_incident(EVENT_INCIDENT_UPDATED);
	for (unsigned i = 0; i < 20; i++)
		traffic_from(PER_TICK * 3, 11211, 1428);
	hands_plan(hands, &incident, &plan);
	return plan.rules[0].sport.min;
}

/* A pulse is too short to wait until rules are made anew in any case. */
static void what_comes_back_as_another_attack_gets_rules_soon(void **state)
{
	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	assert_int_equal(told.plan[EVENT_PLAN_APPLIED].rules[0].sport.min, 123);
	assert_int_equal(come_back_otherwise(), 11211);
}

/* The attack pauses, and nobody has said so: what others send anew is not taken for it. */
static void of_who_is_there_when_it_pauses_no_rules_are_made(void **state)
{
	struct plan plan;

	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	incident.pps = PER_TICK * 3 * 100 * 10;
	say_incident(EVENT_INCIDENT_UPDATED);
	for (unsigned i = 0; i < 100; i++)
		traffic(PER_TICK * 3);
	for (unsigned i = 0; i < 300; i++)
		traffic_from(PER_TICK / 5, 9999, 700);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.rule_count, 1);
	assert_int_equal(plan.rules[0].sport.min, 123);
}

/* Better rules that the rails do not let in leave those in force where they are. */
static void rules_stay_until_better_ones_get_in(void **state)
{
	struct hands_stats stats;
	struct plan plan;

	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	const struct plan first = told.plan[EVENT_PLAN_APPLIED];
	unsigned withdrawn = told.count[EVENT_PLAN_WITHDRAWN];
	doubtful = true;
	assert_int_equal(come_back_otherwise(), 123);
	hands_plan(hands, &incident, &plan);
	assert_string_equal(plan.id, first.id);
	assert_int_equal(plan.level, LEVEL_DROP);
	assert_int_equal(told.count[EVENT_PLAN_WITHDRAWN], withdrawn);
	hands_stats(hands, &stats);
	assert_int_equal(stats.in_force, 1);
	assert_int_equal(stats.rules, first.rule_count);
	assert_int_equal(stats.refused, 1);
	/* They are asked for again, and come in without a gap. */
	doubtful = false;
	for (unsigned i = 0; i < 100; i++)
		traffic_from(PER_TICK * 3, 11211, 1428);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.rules[0].sport.min, 11211);
	assert_int_equal(plan.level, LEVEL_DROP);
	assert_int_equal(told.count[EVENT_PLAN_WITHDRAWN], withdrawn + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		hands_test(without_an_actuator_it_says_what_it_would_do),
		hands_test(what_is_only_worth_a_look_gets_no_plan),
		hands_test(what_it_may_it_does_and_a_restart_goes_on),
		hands_test(resumed_is_what_was_in_force),
		hands_test(what_waits_goes_when_a_person_says_so),
		hands_test(an_expendable_host_goes_when_its_line_stays_full),
		hands_test(a_plan_that_is_not_held_says_why),
		hands_test(nobody_waits_for_ever),
		hands_test(what_comes_back_as_another_attack_gets_rules_soon),
		hands_test(of_who_is_there_when_it_pauses_no_rules_are_made),
		hands_test(rules_stay_until_better_ones_get_in),
		hands_test(panic_ends_all_and_never_touch_holds_for_people_too),
	};

	return cmocka_run_group_tests_name("daemon/hands", tests, NULL, NULL);
}
