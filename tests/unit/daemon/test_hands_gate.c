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

int main(void)
{
	const struct CMUnitTest tests[] = {
		hands_test(a_step_that_is_refused_leaves_the_one_before),
	};

	return cmocka_run_group_tests_name("daemon/hands_gate", tests, NULL, NULL);
}
