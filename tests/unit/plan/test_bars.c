/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of plan/bars: which rules are as good as those that did harm. */
#include "check.h"

#include "own_space.h"
#include "plan/bars.h"

static struct bars bars;

/* What was barred: from port 123, 468 bytes, TTL 40 to 120, to one host. */
static struct plan harmful(void)
{
	struct plan plan = { .rule_count = 1 };

	plan.rules[0] = plan_rule_any();
	plan.rules[0].dst = prefix_of("198.51.100.7");
	plan.rules[0].proto = 17;
	plan.rules[0].sport = plan_range_of(123);
	plan.rules[0].length = plan_range_of(468);
	plan.rules[0].ttl = (struct plan_range){ 40, 120 };
	return plan;
}

static int begin(void **state)
{
	const struct plan plan = harmful();

	(void)state;
	bars = (struct bars){ 0 };
	bars_add(&bars, &plan, 1000);
	return 0;
}

static void the_same_is_barred_until_then(void **state)
{
	const struct plan plan = harmful();

	(void)state;
	assert_true(bars_has(&bars, &plan, 999));
	assert_false(bars_has(&bars, &plan, 1000));
}

static void so_is_what_differs_a_little_or_covers_it(void **state)
{
	struct plan plan = harmful();

	(void)state;
	plan.rules[0].ttl = (struct plan_range){ 41, 119 };
	assert_true(bars_has(&bars, &plan, 0));
	plan.rules[0].ttl = (struct plan_range){ 0, UINT8_MAX };
	plan.rules[0].length = (struct plan_range){ 400, 500 };
	assert_true(bars_has(&bars, &plan, 0));
	plan.rules[0].proto = -1;
	plan.rules[0].dst = prefix_of("198.51.100.0/24");
	assert_true(bars_has(&bars, &plan, 0));
	/* Also as one of several. */
	plan.rules[1] = plan.rules[0];
	plan.rules[0].sport = plan_range_of(53);
	assert_false(bars_has(&bars, &plan, 0));
	plan.rule_count = 2;
	assert_true(bars_has(&bars, &plan, 0));
}

static void what_is_narrower_is_not(void **state)
{
	struct plan plan = harmful();

	(void)state;
	plan.rules[0].ttl = (struct plan_range){ 40, 60 };
	assert_false(bars_has(&bars, &plan, 0));
	plan = harmful();
	plan.rules[0].dport = plan_range_of(4444);
	assert_false(bars_has(&bars, &plan, 0));
	plan = harmful();
	plan.rules[0].from_set = true;
	assert_false(bars_has(&bars, &plan, 0));
	plan = harmful();
	plan.rules[0].src = prefix_of("192.0.2.0/24");
	assert_false(bars_has(&bars, &plan, 0));
}

static void what_is_about_something_else_is_not(void **state)
{
	struct plan plan = harmful();

	(void)state;
	plan.rules[0].dst = prefix_of("198.51.100.8");
	assert_false(bars_has(&bars, &plan, 0));
	plan = harmful();
	plan.rules[0].sport = plan_range_of(53);
	assert_false(bars_has(&bars, &plan, 0));
	plan = harmful();
	plan.rules[0].proto = 6;
	plan.rules[0].tcp_flags = plan.rules[0].tcp_mask = 2;
	assert_false(bars_has(&bars, &plan, 0));
}

/* However many there are, the latest count. */
static void the_one_that_ends_first_makes_room(void **state)
{
	struct plan plan = harmful();

	(void)state;
	for (unsigned i = 0; i < BARS_MOST; i++) {
		plan.rules[0].sport = plan_range_of((int)(1000 + i));
		bars_add(&bars, &plan, 2000 + i);
	}
	for (unsigned i = 0; i < BARS_MOST; i++) {
		plan.rules[0].sport = plan_range_of((int)(1000 + i));
		assert_true(bars_has(&bars, &plan, 0));
	}
	plan = harmful();
	assert_false(bars_has(&bars, &plan, 0));
}

#define bars_test(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bars_test(the_same_is_barred_until_then),
		bars_test(so_is_what_differs_a_little_or_covers_it),
		bars_test(what_is_narrower_is_not),
		bars_test(what_is_about_something_else_is_not),
		bars_test(the_one_that_ends_first_makes_room),
	};

	return cmocka_run_group_tests_name("plan/bars", tests, NULL, NULL);
}
