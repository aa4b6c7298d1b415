/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/oracle: the tables of the design, cell by cell, and what cannot be found at all. */
#include "check.h"

#include <math.h>
#include <stdbool.h>

#include "lab/oracle.h"

/* Of a figure; the tables were simulated as well, and print two digits. */
#define TOLERANCE 0.15

static const double rates[] = { 1, 10, 100, 1000, 4096, 10000 };

/* A row: mean and 95th percentile at each of the sampling rates, in seconds. */
struct row {
	double before_pps;
	double envelope_pps;
	double attack_pps;
	struct {
		double mean_s;
		double p95_s;
	} at[6];
};

static const struct row quiet_host[] = {
	{ 500,
	  1000,
	  1e3,
	  { { 0.247, 0.38 },
	    { 2.2, 3.5 },
	    { 20, 32 },
	    { 182, 290 },
	    { 693, 1130 },
	    { 1610, 2620 } } },
	{ 500,
	  1000,
	  1e4,
	  { { 2.0e-3, 3.4e-3 },
	    { 19e-3, 32e-3 },
	    { 0.17, 0.29 },
	    { 1.57, 2.7 },
	    { 6.2, 10.7 },
	    { 14.3, 25 } } },
	{ 500,
	  1000,
	  1e5,
	  { { 94e-6, 168e-6 },
	    { 0.9e-3, 1.5e-3 },
	    { 8e-3, 15e-3 },
	    { 74e-3, 137e-3 },
	    { 0.29, 0.53 },
	    { 0.68, 1.27 } } },
	{ 500,
	  1000,
	  1e6,
	  { { 6e-6, 12e-6 },
	    { 59e-6, 107e-6 },
	    { 0.55e-3, 1.1e-3 },
	    { 5e-3, 9.8e-3 },
	    { 20e-3, 38e-3 },
	    { 47e-3, 90e-3 } } },
};

static const struct row busy_host[] = {
	{ 5000,
	  10000,
	  1e4,
	  { { 27e-3, 40e-3 },
	    { 0.25, 0.38 },
	    { 2.2, 3.5 },
	    { 20, 32 },
	    { 77, 122 },
	    { 182, 292 } } },
	{ 5000,
	  10000,
	  1e5,
	  { { 0.2e-3, 0.35e-3 },
	    { 2e-3, 3.3e-3 },
	    { 19e-3, 31e-3 },
	    { 0.17, 0.29 },
	    { 0.67, 1.14 },
	    { 1.59, 2.72 } } },
	{ 5000,
	  10000,
	  1e6,
	  { { 10e-6, 17e-6 },
	    { 94e-6, 166e-6 },
	    { 0.9e-3, 1.5e-3 },
	    { 8e-3, 15e-3 },
	    { 32e-3, 57e-3 },
	    { 75e-3, 139e-3 } } },
};

static const struct row clean_class[] = {
	{ 0,
	  10,
	  1e3,
	  { { 8e-3, 15e-3 },
	    { 76e-3, 141e-3 },
	    { 0.69, 1.27 },
	    { 6.3, 11.9 },
	    { 24, 47 },
	    { 55, 111 } } },
	{ 0,
	  10,
	  1e4,
	  { { 0.6e-3, 1e-3 },
	    { 5e-3, 10e-3 },
	    { 48e-3, 93e-3 },
	    { 0.43, 0.89 },
	    { 1.65, 3.3 },
	    { 4.0, 7.8 } } },
	{ 0,
	  10,
	  1e5,
	  { { 43e-6, 90e-6 },
	    { 0.4e-3, 0.8e-3 },
	    { 4e-3, 8e-3 },
	    { 37e-3, 77e-3 },
	    { 0.13, 0.31 },
	    { 0.31, 0.68 } } },
};

static bool near(double found, double wanted)
{
	return fabs(found / wanted - 1) <= TOLERANCE;
}

static unsigned misses(const struct row *rows, size_t count)
{
	unsigned missed = 0;

	for (size_t i = 0; i < count * 6; i++) {
		const struct row *row = &rows[i / 6];
		const struct oracle_case c = { row->before_pps, row->envelope_pps, row->attack_pps,
					       rates[i % 6] };
		struct oracle_delay d;
		assert_int_equal(oracle_delay(&c, 7, &d), 0);
		bool ok = near(d.mean_s, row->at[i % 6].mean_s) &&
			  near(d.p95_s, row->at[i % 6].p95_s);
		if (!ok)
			print_message("%g pps at 1:%g: %g / %g s, the table has %g / %g\n",
				      row->attack_pps, rates[i % 6], d.mean_s, d.p95_s,
				      row->at[i % 6].mean_s, row->at[i % 6].p95_s);
		missed += !ok;
	}
	return missed;
}

static void table_a_comes_out(void **state)
{
	(void)state;
	assert_int_equal(misses(quiet_host, 4), 0);
}

static void table_b_comes_out(void **state)
{
	(void)state;
	assert_int_equal(misses(busy_host, 3), 0);
}

static void table_c_comes_out(void **state)
{
	(void)state;
	assert_int_equal(misses(clean_class, 3), 0);
}

/* 0.99 to 1.17 of the simulated optimum from rho 2 on, 1.13 to 1.21 at 1.5. */
static void closed_form_is_near_the_optimum(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		static const double attacks[] = { 1000, 10000, 100000 };
		const struct oracle_case c = { 500, 1000, attacks[i], 1000 };
		struct oracle_delay d;
		assert_int_equal(oracle_delay(&c, 1, &d), 0);
		double ratio = d.closed_s / d.mean_s;
		assert_true(ratio > 0.95 && ratio < 1.25);
		assert_true(d.closed_s == oracle_closed_form(&c));
	}
}

static void same_seed_same_answer(void **state)
{
	const struct oracle_case c = { 500, 1000, 10000, 1000 };
	struct oracle_delay a;
	struct oracle_delay b;
	struct oracle_delay other;

	(void)state;
	assert_int_equal(oracle_delay(&c, 1, &a), 0);
	assert_int_equal(oracle_delay(&c, 1, &b), 0);
	assert_int_equal(oracle_delay(&c, 2, &other), 0);
	assert_true(a.mean_s == b.mean_s && a.p95_s == b.p95_s);
	assert_true(a.mean_s != other.mean_s);
}

static void within_the_envelope_nothing_is_found(void **state)
{
	const struct oracle_case within = { 5000, 10000, 1000, 1000 };
	const struct oracle_case nothing = { 0, 0, 1000, 1000 };
	struct oracle_delay d = { .mean_s = 5 };

	(void)state;
	assert_int_equal(oracle_delay(&within, 1, &d), -WEIR_ERANGE);
	assert_int_equal(oracle_delay(&nothing, 1, &d), -WEIR_ERANGE);
	assert_true(d.mean_s == 5);
	assert_true(isinf(oracle_closed_form(&within)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_a_comes_out),
		cmocka_unit_test(table_b_comes_out),
		cmocka_unit_test(table_c_comes_out),
		cmocka_unit_test(closed_form_is_near_the_optimum),
		cmocka_unit_test(same_seed_same_answer),
		cmocka_unit_test(within_the_envelope_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
