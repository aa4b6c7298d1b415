/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/held: what plans have counted only grows, whatever becomes of their rules. */
#include "rules.h"

#include "actuate/actuator.h"
#include "actuate/held.h"

static struct wanted plans[2] = { { .plan = { .id = "a" } }, { .plan = { .id = "b" } } };

static struct held_rule counted(uint64_t id, size_t plan, uint64_t packets)
{
	return (struct held_rule){ .id = id,
				   .plan = plan,
				   .now = { .matched_packets = packets,
					    .dropped_packets = packets / 2 } };
}

/* Return: what changed; @effects: of two plans. */
static struct actuator_result update(struct held *held, size_t plan_count, struct held_rule *rules,
				     size_t count, struct effect *effects)
{
	const struct wanted_set set = { .plans = plans, .count = plan_count };
	struct actuator_result result = { .effects = effects };

	effects[0] = effects[1] = (struct effect){ 0 };
	assert_int_equal(held_update(held, &set, rules, count, &result), 0);
	return result;
}

static void counts_only_grow(void **unused)
{
	struct held held = { 0 };
	struct effect effects[2];
	struct held_rule rules[3] = { counted(7, 0, 10), counted(3, 0, 100), counted(5, 1, 1000) };

	(void)unused;
	struct actuator_result r = update(&held, 2, rules, 3, effects);
	assert_int_equal(r.added, 3);
	assert_int_equal(effects[0].matched_packets, 110);
	assert_int_equal(effects[0].dropped_packets, 55);
	assert_int_equal(effects[0].rules_held, 2);
	assert_int_equal(effects[1].matched_packets, 1000);
	/* One rule of a goes, another comes, and b's began anew. */
	rules[0] = counted(7, 0, 11);
	rules[1] = counted(4, 0, 5);
	rules[2] = counted(5, 1, 3);
	r = update(&held, 2, rules, 3, effects);
	assert_int_equal(r.added, 1);
	assert_int_equal(r.removed, 1);
	assert_int_equal(r.kept, 2);
	assert_int_equal(effects[0].matched_packets, 116);
	assert_int_equal(effects[1].matched_packets, 1003);
	/* Still so in the next look. */
	r = update(&held, 2, rules, 3, effects);
	assert_int_equal(effects[0].matched_packets, 116);
	assert_int_equal(effects[1].matched_packets, 1003);
	/* A plan that is withdrawn and comes again begins anew. */
	update(&held, 1, rules, 0, effects);
	assert_int_equal(effects[0].matched_packets, 116);
	assert_false(effects[0].counted);
	update(&held, 0, rules, 0, effects);
	rules[0] = counted(7, 0, 1);
	update(&held, 1, rules, 1, effects);
	assert_int_equal(effects[0].matched_packets, 1);
	held_done(&held);
}

static void what_is_found_is_kept(void **unused)
{
	const uint64_t ids[] = { 9, 2, 4 };
	struct held held = { 0 };
	struct effect effects[2];
	struct held_rule rules[2] = { counted(4, 0, 70), counted(1, 0, 2) };

	(void)unused;
	assert_int_equal(held_adopt(&held, ids, 3), 0);
	struct actuator_result r = update(&held, 1, rules, 2, effects);
	assert_int_equal(r.added, 1);
	assert_int_equal(r.removed, 2);
	assert_int_equal(r.kept, 1);
	assert_int_equal(effects[0].matched_packets, 72);
	held_done(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_only_grow),
		cmocka_unit_test(what_is_found_is_kept),
	};

	return cmocka_run_group_tests_name("actuate/held", tests, NULL, NULL);
}
