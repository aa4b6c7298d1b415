/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold/trail and horizon: nothing is lost in spreading, nothing squeezed. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "detect/horizon.h"
#include "detect/threshold/trail.h"

#define SECOND_NS 1000000000UL
#define NOW_S     10000UL

static const struct trail_sum thousand = { { 1000, 1000, 1000, 1000 } };

static double total(const struct trail *trail)
{
	struct trail_sum sum = { 0 };

	for (uint64_t s = 0; s < TRAIL_S; s++)
		trail_sum_add(&sum, trail_at(trail, s), 1);
	return sum.part[TRAIL_PACKETS];
}

static bool is_about(double a, double b)
{
	return fabs(a - b) < 1e-3;
}

static void edges_get_their_fractions(void **state)
{
	struct trail *trail = calloc(1, sizeof(*trail));
	struct span span = { 9990 * SECOND_NS + SECOND_NS / 2, 9994 * SECOND_NS + SECOND_NS / 2 };

	(void)state;
	assert_non_null(trail);
	assert_true(is_about(trail_add(trail, NOW_S, &span, &thousand), 0));
	assert_true(is_about(trail_at(trail, 9989)->part[TRAIL_BYTES], 0));
	assert_true(is_about(trail_at(trail, 9990)->part[TRAIL_BYTES], 125));
	for (uint64_t s = 9991; s < 9994; s++)
		assert_true(is_about(trail_at(trail, s)->part[TRAIL_BYTES], 250));
	assert_true(is_about(trail_at(trail, 9994)->part[TRAIL_BYTES], 125));
	assert_true(is_about(trail_at(trail, 9995)->part[TRAIL_BYTES], 0));
	free(trail);
}

static void a_moment_is_in_the_second_that_it_ends(void **state)
{
	struct trail *trail = calloc(1, sizeof(*trail));
	struct span span = { 9990 * SECOND_NS, 9990 * SECOND_NS };

	(void)state;
	assert_non_null(trail);
	trail_add(trail, NOW_S, &span, &thousand);
	assert_true(is_about(trail_at(trail, 9989)->part[TRAIL_PACKETS], 1000));
	assert_true(is_about(total(trail), 1000));
	free(trail);
}

static void what_is_older_is_cut_and_not_squeezed(void **state)
{
	struct trail *trail = calloc(1, sizeof(*trail));
	struct span span = { (NOW_S - 1799) * SECOND_NS, (NOW_S + 1) * SECOND_NS };

	(void)state;
	assert_non_null(trail);
	double cut = trail_add(trail, NOW_S, &span, &thousand);
	assert_true(is_about(cut, 1 - 256.0 / 1800));
	for (uint64_t s = 0; s < TRAIL_S; s++)
		assert_true(is_about(trail_at(trail, s)->part[TRAIL_PACKETS], 1000.0 / 1800));
	span.to_ns = (NOW_S - 300) * SECOND_NS;
	assert_true(is_about(trail_add(trail, NOW_S, &span, &thousand), 1));
	free(trail);
}

/* Against the plain way: every second of a long line of time, nothing ever forgotten. */
static void spreading_preserves_mass_and_equals_a_naive_reference(void **state)
{
	struct trail *trail = calloc(1, sizeof(*trail));
	double *line = calloc(NOW_S + 2000, sizeof(*line));
	uint64_t now_s = NOW_S;
	double put = 0;

	(void)state;
	assert_non_null(trail);
	assert_non_null(line);
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t r = hash_words(i, 2, 3);
		uint64_t tick_ns = now_s * SECOND_NS + 1 + r % SECOND_NS;
		const struct tally row = { .packets = (r >> 20) % 100000,
					   .begin_age = (uint16_t)((r >> 32) % 3000),
					   .end_age = (uint16_t)((r >> 48) % 2000) };
		const struct span span = span_of(&row, tick_ns);
		const struct trail_sum amount = { { (double)row.packets, 0, 0, 0 } };
		double cut = trail_add(trail, now_s, &span, &amount);
		double share = 0;
		for (uint64_t s = now_s - 400; s <= now_s; s++) {
			double part = span_part(&span, s * SECOND_NS, (s + 1) * SECOND_NS);
			line[s] += part * amount.part[0];
			share += part;
		}
		assert_true(is_about(share, 1));
		assert_true(cut >= 0 && cut <= 1);
		put += (1 - cut) * amount.part[0];
		if (i % 10 == 9) {
			trail_slide(trail, now_s, now_s + 1);
			now_s++;
			put -= line[now_s - TRAIL_S];
		}
		if (i % 500 != 0)
			continue;
		for (uint64_t s = now_s - (TRAIL_S - 1); s <= now_s; s++)
			assert_true(fabs((double)trail_at(trail, s)->part[0] - line[s]) <=
				    1e-5 * line[s] + 1e-3);
		assert_true(fabs(total(trail) - put) < 1e-4 * put);
	}
	free(trail);
	free(line);
}

static void sliding_far_forgets_all(void **state)
{
	struct trail *trail = calloc(1, sizeof(*trail));
	struct span span = { (NOW_S - 10) * SECOND_NS, NOW_S * SECOND_NS };

	(void)state;
	assert_non_null(trail);
	trail_add(trail, NOW_S, &span, &thousand);
	trail_slide(trail, NOW_S, NOW_S + 250);
	assert_true(is_about(total(trail), 500));
	trail_slide(trail, NOW_S + 250, NOW_S + 5000);
	assert_true(is_about(total(trail), 0));
	free(trail);
}

static void a_horizon_is_the_largest_age_seen_lately(void **state)
{
	struct horizons horizons;

	(void)state;
	assert_int_equal(horizons_open(&horizons, 2), 0);
	assert_int_equal(horizons_of(&horizons, 7, NOW_S), 0);
	horizons_note(&horizons, 7, 600, NOW_S);
	horizons_note(&horizons, 8, 151, NOW_S);
	horizons_note(&horizons, 7, 20, NOW_S + 1);
	assert_int_equal(horizons_of(&horizons, 7, NOW_S), 60 + HORIZON_SPARE_S);
	assert_int_equal(horizons_of(&horizons, 8, NOW_S), 16 + HORIZON_SPARE_S);
	/* A table without room takes the others as slow as can be. */
	horizons_note(&horizons, 9, 10, NOW_S);
	assert_int_equal(horizons_of(&horizons, 9, NOW_S), HORIZON_UNKNOWN_S);
	/* What was long ago is forgotten. */
	horizons_note(&horizons, 7, 20, NOW_S + 300);
	assert_int_equal(horizons_of(&horizons, 7, NOW_S + 300), 60 + HORIZON_SPARE_S);
	horizons_note(&horizons, 7, 30, NOW_S + 600);
	assert_int_equal(horizons_of(&horizons, 7, NOW_S + 600), 3 + HORIZON_SPARE_S);
	assert_int_equal(horizons_of(&horizons, 7, NOW_S + 5000), HORIZON_SPARE_S);
	horizons_close(&horizons);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_get_their_fractions),
		cmocka_unit_test(a_moment_is_in_the_second_that_it_ends),
		cmocka_unit_test(what_is_older_is_cut_and_not_squeezed),
		cmocka_unit_test(spreading_preserves_mass_and_equals_a_naive_reference),
		cmocka_unit_test(sliding_far_forgets_all),
		cmocka_unit_test(a_horizon_is_the_largest_age_seen_lately),
	};

	return cmocka_run_group_tests_name("trail", tests, NULL, NULL);
}
