/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/sketch: what two sketches of flows say of each other. */
#include "check.h"

#include "base/hash.h"
#include "model/sketch.h"

static uint32_t hash_of(uint32_t flow)
{
	return (uint32_t)(hash_words(flow, 1, 2) >> 32);
}

/* Flows @first up to @end, each told @times. */
static struct flow_sketch sketch_of(uint32_t first, uint32_t end, unsigned times)
{
	struct flow_sketch sketch = { 0 };

	for (unsigned t = 0; t < times; t++) {
		for (uint32_t flow = first; flow < end; flow++)
			sketch_add(&sketch, hash_of(flow));
	}
	return sketch;
}

static void the_least_are_kept_once_and_in_order(void **state)
{
	struct flow_sketch few = sketch_of(0, 100, 3);
	struct flow_sketch many = sketch_of(0, 50000, 2);

	(void)state;
	assert_int_equal(few.count, 100);
	assert_int_equal(sketch_bound(&few), UINT32_MAX);
	assert_int_equal(many.count, SKETCH_SIZE);
	for (unsigned i = 1; i < SKETCH_SIZE; i++)
		assert_true(many.hashes[i - 1] < many.hashes[i]);
	uint32_t below = 0;
	for (uint32_t flow = 0; flow < 50000; flow++)
		below += hash_of(flow) < sketch_bound(&many);
	assert_int_equal(below, SKETCH_SIZE - 1);
}

static void shares_are_told(void **state)
{
	struct flow_sketch all = sketch_of(0, 20000, 1);
	struct flow_sketch same = sketch_of(0, 20000, 2);
	struct flow_sketch other = sketch_of(20000, 40000, 1);
	struct flow_sketch third = sketch_of(0, 6667, 1);
	struct flow_sketch some = sketch_of(0, 200, 1);

	(void)state;
	assert_true(sketch_share(&all, &same) == 1);
	assert_true(sketch_share(&all, &other) == 0);
	/* All of the third is in the whole, and a third of the whole in it. */
	assert_true(sketch_share(&third, &all) == 1);
	assert_true(sketch_share(&all, &third) > 0.25 && sketch_share(&all, &third) < 0.42);
	/* What is small finds itself in what is large, as far as that reaches. */
	assert_true(sketch_share(&some, &some) == 1);
	assert_true(sketch_share(&some, &all) == -1);
}

static void too_few_flows_say_nothing(void **state)
{
	struct flow_sketch none = { 0 };
	struct flow_sketch few = sketch_of(0, SKETCH_LEAST - 1, 1);
	struct flow_sketch enough = sketch_of(0, SKETCH_LEAST, 1);

	(void)state;
	assert_true(sketch_share(&none, &enough) == -1);
	assert_true(sketch_share(&few, &few) == -1);
	assert_true(sketch_share(&enough, &none) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_are_kept_once_and_in_order),
		cmocka_unit_test(shares_are_told),
		cmocka_unit_test(too_few_flows_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
