/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/rng: the same everywhere, streams apart, and distributions as they are named. */
#include "check.h"

#include <math.h>

#include "lab/rng.h"

#define DRAWS 200000U

/* Mean and variance of many draws. */
struct moments {
	double mean;
	double variance;
};

static struct moments moments_of(double (*draw)(struct lab_rng *), uint64_t purpose)
{
	struct lab_rng rng;
	double sum = 0, squares = 0;

	lab_rng_seed(&rng, 1, purpose);
	for (unsigned i = 0; i < DRAWS; i++) {
		double value = draw(&rng);
		sum += value;
		squares += value * value;
	}
	double mean = sum / DRAWS;
	return (struct moments){ mean, squares / DRAWS - mean * mean };
}

/* Five standard errors of the mean; of the variance what is generous for all of these. */
static void check_moments(struct moments m, double mean, double variance)
{
	assert_true(fabs(m.mean - mean) < 5 * sqrt(variance / DRAWS));
	assert_true(fabs(m.variance - variance) < 0.03 * variance);
}

static void a_seed_gives_the_same_numbers_on_every_machine(void **state)
{
	/* xoshiro256** from the state 1, 2, 3, 4: the first numbers of its authors' code. */
	static const uint64_t wanted[] = { 11520, 0, 1509978240, 1215971899390074240U };
	struct lab_rng rng = { { 1, 2, 3, 4 } };
	struct lab_rng one, two;

	(void)state;
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_true(lab_rng_u64(&rng) == wanted[i]);
	lab_rng_seed(&one, 7, 3);
	lab_rng_seed(&two, 7, 3);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(lab_rng_u64(&one) == lab_rng_u64(&two));
}

static void streams_are_apart(void **state)
{
	uint64_t first[400];
	unsigned count = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		for (uint64_t purpose = 0; purpose < 20; purpose++) {
			struct lab_rng rng;
			lab_rng_seed(&rng, seed, purpose);
			first[count] = lab_rng_u64(&rng);
			for (unsigned i = 0; i < count; i++)
				assert_true(first[i] != first[count]);
			count++;
		}
	}
}

static double unit(struct lab_rng *rng)
{
	double value = lab_rng_unit(rng);

	assert_true(value >= 0 && value < 1);
	return value;
}

static double poisson_small(struct lab_rng *rng)
{
	return (double)lab_rng_poisson(rng, 0.3);
}

static double poisson_below(struct lab_rng *rng)
{
	return (double)lab_rng_poisson(rng, 49);
}

static double poisson_above(struct lab_rng *rng)
{
	return (double)lab_rng_poisson(rng, 51);
}

static void distributions_have_their_means_and_variances(void **state)
{
	(void)state;
	check_moments(moments_of(unit, 1), 0.5, 1 / 12.0);
	check_moments(moments_of(lab_rng_normal, 2), 0, 1);
	check_moments(moments_of(lab_rng_exponential, 3), 1, 1);
	/* Counts, on both sides of where they become normal. */
	check_moments(moments_of(poisson_small, 4), 0.3, 0.3);
	check_moments(moments_of(poisson_below, 5), 49, 49);
	check_moments(moments_of(poisson_above, 6), 51, 51);
}

static void whole_numbers_are_below_their_limit_and_even(void **state)
{
	unsigned seen[7] = { 0 };
	struct lab_rng rng;

	(void)state;
	lab_rng_seed(&rng, 1, 7);
	for (unsigned i = 0; i < 70000; i++) {
		uint32_t value = lab_rng_below(&rng, 7);
		assert_true(value < 7);
		seen[value]++;
	}
	for (unsigned i = 0; i < 7; i++)
		assert_true(seen[i] > 9500 && seen[i] < 10500);
	assert_int_equal(lab_rng_below(&rng, 0), 0);
	assert_int_equal(lab_rng_below(&rng, 1), 0);
	assert_int_equal(lab_rng_poisson(&rng, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_gives_the_same_numbers_on_every_machine),
		cmocka_unit_test(streams_are_apart),
		cmocka_unit_test(distributions_have_their_means_and_variances),
		cmocka_unit_test(whole_numbers_are_below_their_limit_and_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
