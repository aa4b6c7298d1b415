/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of daemon/hands_gate: what cannot be put in force now does not take the place of what is. */
#include "hands_scene.h"

static void ticks(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		traffic(PER_TICK * 3);
}

/* The rails say no to the blackhole, and the drop goes on. */
static void a_step_that_is_refused_leaves_the_one_before(void **state)
{
	struct hands_stats stats;
	struct plan plan;

	(void)state;
	open_hands("networks: [{prefix: 198.51.100.0/24, capacity: 1Gbps}]\n"
		   "protect: {kill_file: none, expendable: 198.51.100.7/32, max_blackholed: 0}\n"
		   "policy: [{ladder: [observe, drop, blackhole]}]\n"
		   "actuators: [{name: edge, kind: hook, program: /bin/true}]\n",
		   true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	unsigned withdrawn = told.count[EVENT_PLAN_WITHDRAWN];
	ticks(600);
	incident.bps = 950000000;
	say_incident(EVENT_INCIDENT_UPDATED);
	ticks(600);
	hands_stats(hands, &stats);
	assert_true(stats.refused > 0);
	assert_int_equal(stats.in_force, 1);
	hands_plan(hands, &incident, &plan);
	assert_int_equal(plan.level, LEVEL_DROP);
	assert_int_equal(told.count[EVENT_PLAN_WITHDRAWN], withdrawn);
}

static struct plan plan_now(void)
{
	struct plan plan;

	hands_plan(hands, &incident, &plan);
	return plan;
}

static unsigned number_now(void)
{
	unsigned number = 0;

	assert_int_equal(sscanf(strrchr(plan_now().id, 'p'), "p%u", &number), 1);
	return number;
}

/*
 * An attack that changes each quarter of a minute makes other rules each time; after nine changes
 * within the hour what is in force stays, also when the attack ends, until the hour is over.
 */
static void who_flaps_is_left_as_he_is(void **state)
{
	struct hands_stats stats;

	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	unsigned first = number_now();
	uint64_t began_ns = now_ns;
	for (unsigned i = 0; i < 16; i++) {
		attack_port = (uint16_t)(attack_port + 500);
		ticks(150);
	}
	hands_stats(hands, &stats);
	assert_int_equal(stats.flapping, 1);
	assert_int_equal(stats.in_force, 1);
	assert_int_equal(number_now() - first, 8);
	assert_non_null(strstr(plan_now().why, "ten times within an hour"));
	/* It is over, and still kept alive. */
	incident.state = INCIDENT_CLOSED;
	incident.ended_ns = now_ns;
	say_incident(EVENT_INCIDENT_CLOSED);
	do {
		now_ns += 30 * NS_PER_S;
		traffic(0);
		hands_stats(hands, &stats);
		if (stats.in_force)
			assert_true(plan_now().expires_ns > now_ns + 60 * NS_PER_S);
	} while (stats.in_force && now_ns - began_ns < 7200 * NS_PER_S);
	assert_int_equal(stats.in_force, 0);
	assert_true(now_ns - began_ns > 3500 * NS_PER_S && now_ns - began_ns < 3800 * NS_PER_S);
	incident.state = INCIDENT_OPEN;
}

/* A limit that the ladder would let go has no time of its own, and is kept alive all the same. */
static void a_limit_that_stays_is_renewed(void **state)
{
	struct hands_stats stats;

	(void)state;
	open_hands("networks: [{prefix: 198.51.100.0/24}]\n"
		   "protect: {kill_file: none}\n"
		   "policy: [{ladder: [observe, rate-limit]}]\n"
		   "actuators: [{name: edge, kind: hook, program: /bin/true}]\n",
		   true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_RATE_LIMIT));
	for (unsigned i = 0; i < 12; i++) {
		attack_port = (uint16_t)(attack_port + 500);
		ticks(150);
	}
	incident.state = INCIDENT_CLOSED;
	incident.ended_ns = now_ns;
	say_incident(EVENT_INCIDENT_CLOSED);
	for (unsigned i = 0; i < 30; i++) {
		now_ns += 30 * NS_PER_S;
		traffic(0);
		hands_stats(hands, &stats);
		assert_int_equal(stats.in_force, 1);
		assert_true(plan_now().expires_ns > now_ns + 60 * NS_PER_S);
	}
	incident.state = INCIDENT_OPEN;
}

static void a_person_is_not_put_off(void **state)
{
	struct hands_stats stats;

	(void)state;
	open_hands(acting, true);
	begin_attack();
	assert_true(comes(EVENT_PLAN_APPLIED, LEVEL_DROP));
	for (unsigned i = 0; i < 12; i++) {
		attack_port = (uint16_t)(attack_port + 500);
		ticks(150);
	}
	hands_stats(hands, &stats);
	assert_int_equal(stats.flapping, 1);
	unsigned number = number_now();
	assert_int_equal(order("mitigate", "asked for"), 0);
	ticks(1);
	assert_int_equal(number_now(), number + 1);
	attack_port = 9000;
	ticks(150);
	assert_int_equal(number_now(), number + 1);
	assert_int_equal(order("withdraw", "withdrawn"), 0);
	ticks(1);
	hands_stats(hands, &stats);
	assert_int_equal(stats.in_force, 0);
	assert_int_equal(order("mitigate", "asked for"), 0);
	ticks(1);
	hands_stats(hands, &stats);
	assert_int_equal(stats.in_force, 1);
	assert_int_equal(order("panic", "let go"), 0);
	ticks(1);
	hands_stats(hands, &stats);
	assert_int_equal(stats.in_force, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		hands_test(a_step_that_is_refused_leaves_the_one_before),
		hands_test(who_flaps_is_left_as_he_is),
		hands_test(a_limit_that_stays_is_renewed),
		hands_test(a_person_is_not_put_off),
	};

	return cmocka_run_group_tests_name("daemon/hands_gate", tests, NULL, NULL);
}
