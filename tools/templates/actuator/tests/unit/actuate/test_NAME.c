/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/@NAME@: what it cannot do it refuses, and it says what is in force. */
#include "check.h"

#include "actuate/actuator.h"

static void *open_here(void)
{
	struct text why = text_heap();
	uint32_t caps = 99;
	void *state = NULL;

	assert_non_null(actuator_find("@NAME@"));
	assert_int_equal(actuator_find("@NAME@")->open(NULL, NULL, &state, &caps, &why), 0);
	assert_int_equal(caps, 0);
	text_done(&why);
	return state;
}

static void what_it_cannot_do_it_refuses_with_a_reason(void **unused)
{
	const struct wanted wanted = { .plan = { .id = "plan-1", .level = LEVEL_DROP } };
	struct text why = text_heap();

	(void)unused;
	void *state = open_here();
	assert_true(actuator_find("@NAME@")->check(state, &wanted, &why) < 0);
	assert_true(why.len > 0);
	text_done(&why);
	actuator_find("@NAME@")->close(state);
}

static void nothing_is_in_force(void **unused)
{
	const struct wanted wanted = { .plan = { .id = "plan-1", .level = LEVEL_DROP } };
	const struct wanted_set set = { .plans = &wanted, .count = 1, .now_ns = 5 };
	struct effect effect = { .applied = true, .rules_held = 99 };
	struct text why = text_heap();
	struct actuator_result result = { .effects = &effect, .why = &why };

	(void)unused;
	void *state = open_here();
	assert_int_equal(actuator_find("@NAME@")->reconcile(state, &set, &result), 0);
	assert_false(effect.applied);
	assert_string_equal(effect.plan, "plan-1");
	text_done(&why);
	actuator_find("@NAME@")->close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_cannot_do_it_refuses_with_a_reason),
		cmocka_unit_test(nothing_is_in_force),
	};

	return cmocka_run_group_tests_name("actuate/@NAME@", tests, NULL, NULL);
}
