/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/@NAME@: what it cannot do it refuses, and what is gone stays gone. */
#include "check.h"

#include <string.h>

#include "actuate/actuator.h"

static const struct plan plan = { .id = "plan-1", .level = LEVEL_DROP, .rule_count = 1 };

static const struct actuator *actuator_here(void)
{
	for (const struct actuator *const *a = actuator_registry; *a; a++) {
		if (strcmp((*a)->name, "@NAME@") == 0)
			return *a;
	}
	return NULL;
}

static void *open_here(void)
{
	void *state = NULL;

	assert_non_null(actuator_here());
	assert_int_equal(actuator_here()->open(NULL, &state), 0);
	return state;
}

static void a_refused_plan_leaves_the_effect_untouched(void **unused)
{
	struct effect effect = { .rules_held = 99 };

	(void)unused;
	void *state = open_here();
	assert_true(actuator_here()->check(state, &plan) < 0);
	assert_true(actuator_here()->apply(state, &plan, 1, &effect) < 0);
	assert_int_equal(effect.rules_held, 99);
	actuator_here()->close(state);
}

static void withdrawing_what_is_gone_succeeds_twice(void **unused)
{
	(void)unused;
	void *state = open_here();
	for (uint64_t now_ns = 1; now_ns <= 2; now_ns++) {
		struct effect effect = { .applied = true, .rules_held = 99 };
		assert_int_equal(actuator_here()->withdraw(state, &plan, now_ns, &effect), 0);
		assert_false(effect.applied);
		assert_int_equal(effect.rules_held, 0);
		assert_int_equal(effect.at_ns, now_ns);
		assert_string_equal(effect.plan, "plan-1");
	}
	actuator_here()->close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_plan_leaves_the_effect_untouched),
		cmocka_unit_test(withdrawing_what_is_gone_succeeds_twice),
	};

	return cmocka_run_group_tests_name("actuate/@NAME@", tests, NULL, NULL);
}
