/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/bank: silent at what is allowed, quick above it, bounded. */
#include "check.h"

#include <math.h>

#include "detect/learned/bank.h"
#include "lab/rng.h"

#define RATE  10.0F /* allowed samples a second */
#define ALPHA 1e-7F

/*
 * Samples of @step_s at @times the allowed rate, as detectors count them: they came somewhere in the
 * step, so it drains for the whole of it afterwards. Return: how near the alarm is then.
 */
static float pass(struct bank *bank, struct lab_rng *rng, double step_s, double times)
{
	uint64_t count = lab_rng_poisson(rng, RATE * step_s * times);

	bank_add(bank, (float)count);
	bank_drain(bank, RATE * (float)step_s);
	return bank_alarm(bank, RATE, ALPHA);
}

static void a_sample_is_worth_the_logarithm_of_the_change(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BANK_RUNGS; i++)
		assert_true(fabsf(bank_gain[i] - logf(bank_rho[i])) < 1e-5F);
}

static void evidence_is_never_below_nothing(void **state)
{
	struct bank bank = { 0 };

	(void)state;
	bank_drain(&bank, 1);
	for (unsigned i = 0; i < BANK_RUNGS; i++)
		assert_true(bank.w[i] == 0);
	bank_add(&bank, 1);
	for (unsigned i = 0; i < BANK_RUNGS; i++)
		assert_true(bank.w[i] == bank_gain[i]);
	bank_drain(&bank, 1e6F);
	for (unsigned i = 0; i < BANK_RUNGS; i++)
		assert_true(bank.w[i] == 0);
}

static void evidence_has_an_end(void **state)
{
	struct bank bank = { 0 };

	(void)state;
	bank_add(&bank, 1e9F);
	for (unsigned i = 0; i < BANK_RUNGS; i++)
		assert_true(bank.w[i] == BANK_MOST);
	assert_true(bank_worst(&bank) == BANK_MOST);
	/* It fades in the time of the largest evidence, however long the attack was. */
	bank_drain(&bank, BANK_MOST / (bank_rho[0] - 1) + 1);
	assert_true(bank_worst(&bank) == 0);
}

static void what_is_allowed_does_not_alarm_in_a_day(void **state)
{
	struct bank bank = { 0 };
	struct lab_rng rng;
	float most = 0;

	(void)state;
	lab_rng_seed(&rng, 1, 1);
	for (unsigned i = 0; i < 1000000; i++)
		most = fmaxf(most, pass(&bank, &rng, 0.1, 1));
	assert_true(most < 1);
	/* It was not silent because it saw nothing. */
	assert_true(most > 0.2F);
}

/* h over the drift, lA (rho ln rho - rho + 1), for the test that fits. */
static void five_times_as_much_alarms_when_it_should(void **state)
{
	const double h = log(6 * RATE / ALPHA) + log(5);
	const double due_s = h / (RATE * (5 * log(5) - 4));
	const unsigned runs = 400;
	struct lab_rng rng;
	double sum_s = 0;

	(void)state;
	lab_rng_seed(&rng, 1, 2);
	for (unsigned run = 0; run < runs; run++) {
		struct bank bank = { 0 };
		unsigned steps = 1;
		while (pass(&bank, &rng, 0.005, 5) < 1)
			assert_true(++steps < 10000);
		sum_s += steps * 0.005;
	}
	assert_true(sum_s / runs > due_s * 0.8);
	assert_true(sum_s / runs < due_s * 1.2);
}

static void one_sample_is_chance_however_little_is_allowed(void **state)
{
	struct bank bank = { 0 };

	(void)state;
	bank_add(&bank, 1);
	assert_true(bank_alarm(&bank, 1e-12F, ALPHA) < 1);
	bank_add(&bank, 1);
	assert_true(bank_alarm(&bank, 1e-12F, ALPHA) >= 1);
	/* Where more is allowed two are not enough. */
	assert_true(bank_alarm(&bank, RATE, ALPHA) < 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_worth_the_logarithm_of_the_change),
		cmocka_unit_test(evidence_is_never_below_nothing),
		cmocka_unit_test(evidence_has_an_end),
		cmocka_unit_test(what_is_allowed_does_not_alarm_in_a_day),
		cmocka_unit_test(five_times_as_much_alarms_when_it_should),
		cmocka_unit_test(one_sample_is_chance_however_little_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
