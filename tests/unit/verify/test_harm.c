/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of verify/harm: what rules cost those that were there before the attack. */
#include "check.h"

#include <string.h>

#include "own_space.h"
#include "plan/match.h"
#include "verify/harm.h"

static struct sample from(uint8_t last, uint16_t sport)
{
	uint8_t be[4] = { 192, 0, 2, last };

	return (struct sample){ .src = ip_from_v4(be),
				.dst = ip_of("198.51.100.7"),
				.packets = 1,
				.sampling = 1,
				.proto = 17,
				.sport = sport,
				.dport = 53 };
}

static struct harm judge(const struct sample *now, size_t now_count, const struct sample *before,
			 size_t before_count)
{
	static struct ip room[512];
	struct plan plan = { .rule_count = 1 };
	struct harm harm;

	plan.rules[0] = plan_rule_any();
	plan.rules[0].proto = 17;
	plan.rules[0].sport = plan_range_of(123);
	const struct harm_input input = { .plan = &plan,
					  .now = now,
					  .now_count = now_count,
					  .before = before,
					  .before_count = before_count,
					  .match = match_rule };
	verify_harm(&input, room, &harm);
	return harm;
}

static void strangers_are_no_harm(void **state)
{
	struct sample now[200];
	struct sample before[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		before[i] = from((uint8_t)(i % 50), 4000);
		now[i] = from((uint8_t)(i % 50), 4000);
		now[100 + i] = from((uint8_t)(100 + i), 123);
	}
	struct harm harm = judge(now, 200, before, 100);
	assert_int_equal(harm.known, 100);
	assert_true(harm.stopped > 0.49 && harm.stopped < 0.51);
	assert_true(harm.innocent == 0 && harm.least == 0);
}

static void known_peers_that_are_hit_are(void **state)
{
	struct sample now[100];
	struct sample before[50];

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		before[i] = from((uint8_t)i, 4000);
	for (unsigned i = 0; i < 100; i++)
		now[i] = from((uint8_t)(i % 50), i % 4 ? 4000 : 123);
	struct harm harm = judge(now, 100, before, 50);
	assert_int_equal(harm.known, 100);
	assert_true(harm.innocent > 0.24 && harm.innocent < 0.26);
	assert_true(harm.least > 0.15 && harm.least < harm.innocent);
}

static void few_samples_prove_little(void **state)
{
	const struct sample now[2] = { from(1, 123), from(1, 4000) };
	const struct sample before[1] = { from(1, 4000) };
	struct harm harm = judge(now, 2, before, 1);

	(void)state;
	assert_true(harm.innocent > 0.49);
	assert_true(harm.least < 0.2);
	harm = judge(now, 2, before, 0);
	assert_int_equal(harm.known, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_are_no_harm),
		cmocka_unit_test(known_peers_that_are_hit_are),
		cmocka_unit_test(few_samples_prove_little),
	};

	return cmocka_run_group_tests_name("verify/harm", tests, NULL, NULL);
}
