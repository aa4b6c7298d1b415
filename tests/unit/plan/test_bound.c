/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bound: against values that can be worked out otherwise. */
#include "check.h"

#include <math.h>

#include "plan/bound.h"

static void expect(double hits, double n, double upper)
{
	double got = bound_upper(hits, n);

	if (fabs(got - upper) > 1e-6)
		fail_msg("%g of %g: %.8f, not %.8f", hits, n, got, upper);
}

/* One of n: (1 - p)^n + n p (1 - p)^(n - 1) is 5 % at the bound. */
static void one_hit_is_as_the_binomial_says(void **state)
{
	static const double sizes[] = { 5, 50, 4096 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		double n = sizes[i];
		double p = bound_upper(1, n);
		double below = pow(1 - p, n) + n * p * pow(1 - p, n - 1);
		assert_true(fabs(below - 0.05) < 1e-9);
	}
	/* All but one of n: 1 - p^n is 5 %. */
	expect(9, 10, pow(0.95, 0.1));
}

static void no_hits_are_the_rule_of_three(void **state)
{
	(void)state;
	expect(0, 300, 0.01);
	expect(0, 4096, 3.0 / 4096);
	expect(0, 2, 1);
	expect(0, 0, 1);
	expect(7, 7, 1);
	assert_true(bound_upper(0.01, 4096) > 1 - pow(0.05, 1 / 4096.0));
}

static void more_hits_are_never_less(void **state)
{
	double last = 0;

	(void)state;
	for (double hits = 0; hits <= 100; hits += 0.5) {
		double upper = bound_upper(hits, 100);
		assert_true(upper >= last || hits < 0.6);
		assert_true(upper >= hits / 100 && upper <= 1);
		last = upper;
	}
}

static void hits_that_fit_a_share(void **state)
{
	(void)state;
	assert_true(bound_hits(0.01, 299) < 0);
	assert_true(bound_hits(0.01, 301) >= 0);
	double hits = bound_hits(0.01, 4096);
	assert_true(fabs(bound_upper(hits, 4096) - 0.01) < 1e-6);
	assert_true(hits > 29 && hits < 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_hit_is_as_the_binomial_says),
		cmocka_unit_test(no_hits_are_the_rule_of_three),
		cmocka_unit_test(more_hits_are_never_less),
		cmocka_unit_test(hits_that_fit_a_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
