/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ladder: what goes by itself, what waits, and the way back. */
#include "check.h"

#include <math.h>

#include "plan/ladder.h"

#define S 1000000000UL

static struct ladder_input inbound(double upper)
{
	return (struct ladder_input){ .direction = DIRECTION_INBOUND,
				      .confirmed = true,
				      .rule_count = 2,
				      .upper = upper,
				      .can_limit = true,
				      .can_drop = true,
				      .complete = true,
				      .now_ns = 1000 * S };
}

static void expect(const struct ladder_state *state, const struct ladder_input *input,
		   enum plan_level level, enum plan_level asked, enum ladder_why why)
{
	struct ladder_limits limits = ladder_defaults();
	struct ladder_step step = ladder_decide(&limits, state, input);

	assert_int_equal(step.level, level);
	assert_int_equal(step.asked, asked);
	assert_string_equal(ladder_why_text(step.why), ladder_why_text(why));
	assert_int_equal(step.expires_ns != 0, level != LEVEL_OBSERVE);
}

static void the_upper_bound_decides_what_goes_by_itself(void **state)
{
	struct ladder_state fresh = { 0 };
	struct ladder_input input = inbound(0.01);

	(void)state;
	expect(&fresh, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
	input.upper = 0.011;
	expect(&fresh, &input, LEVEL_RATE_LIMIT, LEVEL_DROP, LADDER_RISKY);
	input.can_limit = false;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_DROP, LADDER_RISKY);
	input.can_limit = true;
	input.upper = 0.051;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_RATE_LIMIT, LADDER_HARMFUL);
	input.upper = NAN;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_RATE_LIMIT, LADDER_HARMFUL);
	input.upper = -1;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_RATE_LIMIT, LADDER_HARMFUL);
	input = inbound(0);
	input.confirmed = false;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_OBSERVE, LADDER_UNSURE);
}

static void without_a_rule_only_a_person_limits(void **state)
{
	struct ladder_state fresh = { 0 };
	struct ladder_input input = inbound(1);

	(void)state;
	input.rule_count = 0;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_OBSERVE, LADDER_NO_RULE);
	input.over_capacity = true;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_RATE_LIMIT, LADDER_NO_RULE);
	input.approved = LEVEL_RATE_LIMIT;
	expect(&fresh, &input, LEVEL_RATE_LIMIT, LEVEL_OBSERVE, LADDER_APPROVED);
	input.approved = LEVEL_DROP;
	expect(&fresh, &input, LEVEL_OBSERVE, LEVEL_RATE_LIMIT, LADDER_NO_RULE);
}

static void a_blackhole_asks_unless_the_target_is_expendable(void **state)
{
	struct ladder_state dropping = { .level = LEVEL_DROP, .since_ns = 900 * S };
	struct ladder_input input = inbound(0);

	(void)state;
	input.overload_since_ns = 991 * S;
	expect(&dropping, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
	input.overload_since_ns = 990 * S;
	expect(&dropping, &input, LEVEL_DROP, LEVEL_BLACKHOLE, LADDER_LINK);
	input.expendable = true;
	expect(&dropping, &input, LEVEL_BLACKHOLE, LEVEL_OBSERVE, LADDER_LINK);
	input.expendable = false;
	input.approved = LEVEL_BLACKHOLE;
	expect(&dropping, &input, LEVEL_BLACKHOLE, LEVEL_OBSERVE, LADDER_APPROVED);
	/* Never outbound. */
	input.direction = DIRECTION_OUTBOUND;
	expect(&dropping, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
	input.expendable = true;
	input.approved = 0;
	expect(&dropping, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
}

static void a_machine_of_ours_is_slowed_first(void **state)
{
	struct ladder_state fresh = { 0 };
	struct ladder_state slowed = { .level = LEVEL_RATE_LIMIT, .since_ns = 950 * S };
	struct ladder_state cut = { .level = LEVEL_DROP, .since_ns = 900 * S };
	struct ladder_input input = inbound(0);

	(void)state;
	input.direction = DIRECTION_OUTBOUND;
	input.own_machine = true;
	expect(&fresh, &input, LEVEL_RATE_LIMIT, LEVEL_OBSERVE, LADDER_DWELL);
	expect(&slowed, &input, LEVEL_RATE_LIMIT, LEVEL_OBSERVE, LADDER_DWELL);
	slowed.since_ns = 940 * S;
	expect(&slowed, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
	expect(&cut, &input, LEVEL_DROP, LEVEL_QUARANTINE, LADDER_SAFE);
	input.approved = LEVEL_QUARANTINE;
	expect(&cut, &input, LEVEL_QUARANTINE, LEVEL_OBSERVE, LADDER_APPROVED);
	input.direction = DIRECTION_INBOUND;
	expect(&cut, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
}

static void the_way_back_is_one_step_at_a_time(void **state)
{
	struct ladder_limits limits = ladder_defaults();
	struct ladder_state ladder = { .level = LEVEL_DROP, .since_ns = 900 * S };
	struct ladder_input input = inbound(0);

	(void)state;
	input.quiet_since_ns = 941 * S;
	expect(&ladder, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
	input.quiet_since_ns = 940 * S;
	expect(&ladder, &input, LEVEL_RATE_LIMIT, LEVEL_OBSERVE, LADDER_QUIET);
	input.complete = false;
	expect(&ladder, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_BLIND);
	input.complete = true;
	struct ladder_step step = ladder_decide(&limits, &ladder, &input);
	ladder_take(&limits, &ladder, &step, input.now_ns);
	expect(&ladder, &input, LEVEL_RATE_LIMIT, LEVEL_OBSERVE, LADDER_DWELL);
	input.now_ns += 60 * S;
	expect(&ladder, &input, LEVEL_OBSERVE, LEVEL_OBSERVE, LADDER_QUIET);
	/* It arrives again before that. */
	input.quiet_since_ns = 0;
	expect(&ladder, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_SAFE);
}

static void what_hurts_is_taken_back_at_once(void **state)
{
	struct ladder_state dropping = { .level = LEVEL_DROP, .since_ns = 999 * S };
	struct ladder_input input = inbound(0.03);

	(void)state;
	expect(&dropping, &input, LEVEL_RATE_LIMIT, LEVEL_DROP, LADDER_RISKY);
	input.upper = 0.3;
	expect(&dropping, &input, LEVEL_OBSERVE, LEVEL_RATE_LIMIT, LADDER_HARMFUL);
	/* A person knew. */
	input.approved = LEVEL_DROP;
	expect(&dropping, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_APPROVED);
	/* Behind the filter there is nothing left to make rules from: that ends nothing. */
	input = inbound(1);
	input.rule_count = 0;
	expect(&dropping, &input, LEVEL_DROP, LEVEL_OBSERVE, LADDER_NO_RULE);
}

static void a_blackhole_is_lifted_for_a_look(void **state)
{
	struct ladder_limits limits = ladder_defaults();
	struct ladder_state ladder = { .level = LEVEL_BLACKHOLE, .since_ns = 401 * S };
	struct ladder_input input = inbound(0);
	struct ladder_step step;

	(void)state;
	/* Nothing arrives, of course. */
	input.quiet_since_ns = 402 * S;
	step = ladder_decide(&limits, &ladder, &input);
	assert_false(step.probe);
	assert_int_equal(step.level, LEVEL_BLACKHOLE);
	for (unsigned round = 0; round < 2; round++) {
		input.now_ns = ladder.since_ns + 600 * S;
		step = ladder_decide(&limits, &ladder, &input);
		assert_true(step.probe);
		ladder_take(&limits, &ladder, &step, input.now_ns);
		/* The first time the attack is still there. */
		input.quiet_since_ns = round ? input.now_ns : 0;
		input.now_ns += 29 * S;
		step = ladder_decide(&limits, &ladder, &input);
		assert_true(step.probe);
		ladder_take(&limits, &ladder, &step, input.now_ns);
		input.now_ns += 1 * S;
		step = ladder_decide(&limits, &ladder, &input);
		assert_false(step.probe);
		assert_int_equal(step.level, round ? LEVEL_DROP : LEVEL_BLACKHOLE);
		ladder_take(&limits, &ladder, &step, input.now_ns);
		assert_int_equal(ladder.since_ns, input.now_ns);
		assert_int_equal(ladder.probe_until_ns, 0);
		/* Back behind the blackhole it is quiet: that says nothing. */
		input.quiet_since_ns = input.now_ns;
		input.now_ns += 100 * S;
		step = ladder_decide(&limits, &ladder, &input);
		assert_int_equal(step.level, round ? LEVEL_RATE_LIMIT : LEVEL_BLACKHOLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_upper_bound_decides_what_goes_by_itself),
		cmocka_unit_test(without_a_rule_only_a_person_limits),
		cmocka_unit_test(a_blackhole_asks_unless_the_target_is_expendable),
		cmocka_unit_test(a_machine_of_ours_is_slowed_first),
		cmocka_unit_test(the_way_back_is_one_step_at_a_time),
		cmocka_unit_test(what_hurts_is_taken_back_at_once),
		cmocka_unit_test(a_blackhole_is_lifted_for_a_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
