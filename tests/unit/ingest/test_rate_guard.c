/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/rate_guard: rates that jump, truly or by a fault, and what counts meanwhile. */
#include "check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "ingest/rate_guard.h"

#define START_NS (1700000000 * NS_PER_S)

/* One source of samples. */
struct scene {
	struct rate_guard guard;
	struct exporter_stats stats;
	uint64_t now_ns;
	uint32_t announced;
	double real; /* rate; 0: as announced */
	double pps;  /* before sampling */
	double left; /* part of a packet */
	bool pool;
};

static struct scene scene_of(uint32_t announced, double pps)
{
	return (struct scene){ .now_ns = START_NS, .announced = announced, .pps = pps };
}

/* Ten times a second. Return: the largest rate that counted. */
static uint32_t run(struct scene *s, double seconds)
{
	uint32_t most = 0;

	for (int i = 0; i < (int)(seconds * 10); i++) {
		double real = s->real > 0 ? s->real : s->announced;
		uint32_t rate = rate_announce(&s->guard, s->announced, s->now_ns, &s->stats);
		most = rate > most ? rate : most;
		s->left += s->pps / real / 10;
		uint64_t samples = (uint64_t)s->left;
		s->left -= (double)samples;
		s->guard.packets += samples;
		if (s->pool) {
			s->guard.pool += (uint64_t)((double)samples * real);
			s->guard.pool_samples += (uint32_t)samples;
		}
		s->now_ns += NS_PER_S / 10;
		if (i % 10 == 9)
			rate_judge(&s->guard, s->now_ns, &s->stats);
	}
	return most;
}

static void the_first_rate_is_believed(void **state)
{
	struct scene s = scene_of(1000, 1e6);

	(void)state;
	assert_int_equal(run(&s, 1), 1000);
	assert_int_equal(s.stats.rate_doubted, 0);
}

static void a_fault_upwards_never_counts(void **state)
{
	static const double jumps[] = { 2, 3, 10, 100, 10000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct scene s = scene_of(100, 1e5);
		run(&s, 60);
		s.real = 100;
		s.announced = (uint32_t)(100 * jumps[i]);
		assert_int_equal(run(&s, 3600), 100);
		assert_int_equal(s.stats.rate_doubted, 1);
		assert_int_equal(s.stats.rate_doubts, 1);
		assert_int_equal(s.stats.rate_refused, 1);
		assert_int_equal(s.stats.rate_changes, 0);
		/* Back where it was, it counts at once and nothing is doubted any more. */
		s.announced = 100;
		assert_int_equal(run(&s, 1), 100);
		assert_int_equal(s.stats.rate_doubts, 0);
		assert_int_equal(s.stats.rate_refused, 0);
	}
}

static void a_true_change_counts_within_seconds(void **state)
{
	static const uint32_t rates[] = { 10000, 400, 10, 1 };

	(void)state;
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct scene s = scene_of(100, 1e6);
		run(&s, 60);
		s.announced = rates[i];
		/* Too large for no moment. */
		assert_true(run(&s, 1.9) <= (rates[i] > 100 ? 100 : rates[i]));
		run(&s, 2);
		assert_int_equal(s.guard.rate, rates[i]);
		assert_int_equal(s.guard.trusted, rates[i]);
		assert_int_equal(s.stats.rate_changes, 1);
		assert_int_equal(s.stats.rate_doubts, 0);
	}
}

static void a_fault_downwards_counts_at_once_and_is_doubted(void **state)
{
	struct scene s = scene_of(1000, 1e6);

	(void)state;
	run(&s, 60);
	s.real = 1000;
	s.announced = 10;
	assert_int_equal(run(&s, 1200), 10);
	assert_int_equal(s.stats.rate_refused, 1);
	/* The way back is no jump. */
	s.announced = 1000;
	assert_int_equal(run(&s, 0.1), 1000);
	assert_int_equal(s.guard.rate, 1000);
	assert_int_equal(s.stats.rate_doubts, 0);
}

static void the_pool_decides(void **state)
{
	struct scene s = scene_of(1000, 1e6);

	(void)state;
	s.pool = true;
	run(&s, 60);
	/* A true change and ten times the traffic: only the pool can tell. */
	s.announced = 10000;
	s.pps = 1e7;
	run(&s, 2);
	assert_int_equal(s.guard.rate, 10000);
	/* A fault, and the traffic falls as if it were true. */
	s.real = 10000;
	s.announced = 100000;
	s.pps = 1e6;
	assert_int_equal(run(&s, 1800), 10000);
	assert_int_equal(s.stats.rate_refused, 1);
}

static void what_nothing_contradicts_is_believed_when_steady(void **state)
{
	struct scene s = scene_of(100, 1); /* a packet in 100 s */

	(void)state;
	run(&s, 60);
	s.announced = 5000;
	assert_int_equal(run(&s, 290), 100);
	assert_int_equal(s.stats.rate_doubts, 1);
	assert_int_equal(s.stats.rate_refused, 0);
	run(&s, 20);
	assert_int_equal(s.guard.rate, 5000);
	assert_int_equal(s.stats.rate_changes, 1);
	/* Without steadiness it is not. */
	for (int i = 0; i < 600; i++) {
		s.announced = i % 2 ? 500000 : 600000;
		assert_int_equal(run(&s, 1), 5000);
	}
}

static void small_steps_do_not_add_up(void **state)
{
	struct scene s = scene_of(100, 1e6);

	(void)state;
	run(&s, 60);
	s.real = 100;
	for (uint32_t rate = 100; rate < 100000; rate += rate / 2) {
		s.announced = rate;
		assert_true(run(&s, 1) < 200);
	}
	assert_int_equal(s.stats.rate_doubts, 1);
}

static void a_night_does_not_make_a_fault_true(void **state)
{
	struct scene s = scene_of(100, 1e6);

	(void)state;
	run(&s, 60);
	s.real = 100;
	s.announced = 1000;
	run(&s, 7200);
	s.pps = 1e5;
	assert_int_equal(run(&s, 3600), 100);
	assert_int_equal(s.stats.rate_refused, 1);
}

static void the_operator_ends_doubts(void **state)
{
	struct scene s = scene_of(100, 1e6);

	(void)state;
	run(&s, 60);
	s.real = 100;
	s.announced = 10000;
	run(&s, 60);
	rate_trust(&s.guard, 10000, &s.stats);
	assert_int_equal(s.stats.rate_doubts, 0);
	assert_int_equal(s.stats.rate_refused, 0);
	assert_int_equal(run(&s, 60), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rate_is_believed),
		cmocka_unit_test(a_fault_upwards_never_counts),
		cmocka_unit_test(a_true_change_counts_within_seconds),
		cmocka_unit_test(a_fault_downwards_counts_at_once_and_is_doubted),
		cmocka_unit_test(the_pool_decides),
		cmocka_unit_test(what_nothing_contradicts_is_believed_when_steady),
		cmocka_unit_test(small_steps_do_not_add_up),
		cmocka_unit_test(a_night_does_not_make_a_fault_true),
		cmocka_unit_test(the_operator_ends_doubts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
