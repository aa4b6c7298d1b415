/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/late: what is reported afterwards counts when it was, and once. */
#include "check.h"

#include <math.h>

#include "detect/learned/late.h"
#include "own_space.h"

#define NOW_S  10000UL
#define NOW_NS (NOW_S * SECOND_NS)
#define ALPHA  1e-7F
#define AGES   (1000 / TALLY_AGE_MS) /* a second's */

struct fixture {
	struct lates lates;
	struct counter counter;
};

/* A counter that is allowed so many packets a second; 1:1000. */
static void prepare(struct fixture *f, float allowed)
{
	assert_int_equal(lates_open(&f->lates, 4), 0);
	f->counter = (struct counter){
		.allowed = allowed, .sampling = 1000, .phi = 1, .last_ns = NOW_NS
	};
}

/* A record of a flow from @from_s to @to_s before @now_s, at a rate. */
static void report(struct fixture *f, uint64_t now_s, unsigned from_s, unsigned to_s, double pps)
{
	const double packets = pps * (from_s - to_s);
	const struct tally row = { .packets = (uint64_t)packets,
				   .bytes = (uint64_t)packets * 1400,
				   .sampled = (uint32_t)(packets / 1000),
				   .flows = 1,
				   .begin_age = (uint16_t)(from_s * AGES),
				   .end_age = (uint16_t)(to_s * AGES) };

	late_add(&f->lates, &f->counter, &row, now_s * SECOND_NS, 1);
	late_pass(&f->lates, &f->counter, now_s * SECOND_NS);
}

static float alarm_of(const struct fixture *f)
{
	return bank_alarm(&f->counter.bank, f->counter.allowed / 1000, ALPHA);
}

static void a_minute_is_spread_evenly(void **state)
{
	struct fixture f;
	float sum = 0;

	(void)state;
	prepare(&f, 1000);
	report(&f, NOW_S, 60, 0, 10000);
	assert_int_not_equal(f.counter.late, 0);
	const struct late *late = &f.lates.at[f.counter.late - 1];
	for (uint64_t s = 0; s < LATE_SECONDS; s++) {
		/* The second that ends now is the newest. */
		float at = late->at[(NOW_S - 1 - s) % LATE_SECONDS];
		assert_true(fabsf(at - (s < 60 ? 10 : 0)) < 0.01F);
		sum += at;
	}
	assert_true(fabsf(sum - 600) < 0.1F);
	assert_true(fabsf(late->weight - 600) < 0.1F);
	assert_true(fabsf(late_peak(&f.lates, &f.counter, 60, 5) - 10) < 0.01F);
	lates_close(&f.lates);
}

static void a_flood_reported_a_quarter_minute_late_is_found(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, 5000);
	report(&f, NOW_S, 25, 15, 100000);
	assert_true(alarm_of(&f) >= 1);
	assert_true(f.counter.rise_ns >= (NOW_S - 27) * SECOND_NS);
	assert_true(f.counter.rise_ns <= (NOW_S - 23) * SECOND_NS);
	/* A minute later it is still known: it holds from the moment it is found. */
	late_pass(&f.lates, &f.counter, NOW_NS + 60 * SECOND_NS);
	assert_true(alarm_of(&f) >= 1);
	lates_close(&f.lates);
}

static void a_large_record_is_found_in_a_second_that_was_looked_at(void **state)
{
	const struct tally small = { .packets = 4000,
				     .bytes = 400000,
				     .sampled = 4,
				     .flows = 1,
				     .begin_age = 20 * AGES,
				     .end_age = 10 * AGES };
	const struct tally large = { .packets = 1000000,
				     .bytes = 100000000,
				     .sampled = 1000,
				     .flows = 1,
				     .begin_age = 20 * AGES,
				     .end_age = 10 * AGES };
	struct fixture f;

	(void)state;
	prepare(&f, 1000);
	late_add(&f.lates, &f.counter, &small, NOW_NS, 1);
	assert_true(alarm_of(&f) < 0.5F);
	late_add(&f.lates, &f.counter, &large, NOW_NS, 1);
	assert_true(alarm_of(&f) >= 1);
	lates_close(&f.lates);
}

static void half_an_hour_in_one_record_is_no_flood(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, 20000);
	/* 100 Mbps are 8,900 packets a second; in one second all of it would be 16 million. */
	report(&f, NOW_S, 1800, 0, 100e6 / 8 / 1400);
	assert_true(alarm_of(&f) < 0.5F);
	assert_true(late_peak(&f.lates, &f.counter, 200, 5) < 10);
	lates_close(&f.lates);
}

static void what_was_told_is_not_told_again(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, 5000);
	report(&f, NOW_S, 25, 15, 100000);
	assert_true(alarm_of(&f) >= 1);
	late_told(&f.lates, &f.counter, NOW_NS);
	assert_true(bank_worst(&f.counter.bank) == 0);
	late_pass(&f.lates, &f.counter, NOW_NS + 2 * SECOND_NS);
	assert_true(bank_worst(&f.counter.bank) == 0);
	/* More about the same seconds. */
	report(&f, NOW_S + 3, 28, 18, 100000);
	assert_true(alarm_of(&f) < 0.1F);
	/* Others are news. */
	report(&f, NOW_S + 40, 25, 15, 100000);
	assert_true(alarm_of(&f) >= 1);
	lates_close(&f.lates);
}

static void what_is_older_than_the_history_leaves_it(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, 5000);
	report(&f, NOW_S, 25, 15, 100000);
	late_pass(&f.lates, &f.counter, NOW_NS + (LATE_SECONDS + 1) * SECOND_NS);
	assert_true(bank_worst(&f.counter.bank) == 0);
	assert_true(f.lates.at[f.counter.late - 1].weight < 0.01F);
	lates_close(&f.lates);
}

static void one_that_speaks_for_a_subject_keeps_its_history(void **state)
{
	struct fixture f;
	struct counter others[4];
	const struct tally row = {
		.packets = 100000, .bytes = 1, .sampled = 100, .begin_age = 200
	};

	(void)state;
	prepare(&f, 5000);
	report(&f, NOW_S, 25, 15, 100000);
	f.counter.subject = 1;
	for (unsigned i = 0; i < 4; i++) {
		others[i] = f.counter;
		others[i].subject = others[i].late = 0;
		late_add(&f.lates, &others[i], &row, NOW_NS, 1);
		assert_int_not_equal(others[i].late, f.counter.late);
	}
	assert_true(f.lates.at[f.counter.late - 1].owner == &f.counter);
	lates_close(&f.lates);
}

/* Twenty flows for a minute, one of them reported every @every_s seconds; then nothing but the usual. */
static void many_long_flows(struct fixture *f, uint64_t from_s, uint64_t to_s, unsigned every_s)
{
	for (uint64_t s = from_s; s < to_s; s += every_s)
		report(f, s, 60, 0, 100000.0 * every_s / 60);
}

static bool is_over(struct fixture *f, uint64_t now_s)
{
	late_pass(&f->lates, &f->counter, now_s * SECOND_NS);
	return late_over(&f->lates, &f->counter, 65, 10);
}

static void steady_reports_that_cease_are_the_end(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, 5000);
	many_long_flows(&f, NOW_S, NOW_S + 120, 1);
	assert_false(is_over(&f, NOW_S + 120));
	assert_false(is_over(&f, NOW_S + 120 + LATE_SILENCE_S / 2));
	assert_true(late_peak(&f.lates, &f.counter, 65, 5) > 10);
	assert_true(is_over(&f, NOW_S + 124 + LATE_SILENCE_S));
	assert_true(late_peak(&f.lates, &f.counter, 65, 5) <= 0);
	/* What comes after that is not over. */
	report(&f, NOW_S + 150, 5, 0, 100000);
	assert_true(late_peak(&f.lates, &f.counter, 65, 5) > 10);
	lates_close(&f.lates);
}

static void reports_that_come_together_say_nothing_by_silence(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, 5000);
	many_long_flows(&f, NOW_S, NOW_S + 240, 60);
	for (uint64_t s = 181; s < 240; s++)
		assert_false(is_over(&f, NOW_S + s));
	lates_close(&f.lates);
}

static void short_flows_need_not_be_waited_for_as_long_as_long_ones(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f, 5000);
	assert_int_equal(late_back(&f.lates, &f.counter, 65), 65);
	for (uint64_t s = NOW_S; s < NOW_S + 60; s++)
		report(&f, s, 16, 15, 100000);
	uint64_t back = late_back(&f.lates, &f.counter, 65);
	assert_true(back >= 15 && back <= 20);
	assert_int_equal(late_back(&f.lates, &f.counter, 7), 7);
	/* When as much comes from long ones, these are waited for. */
	many_long_flows(&f, NOW_S + 60, NOW_S + 120, 1);
	back = late_back(&f.lates, &f.counter, 65);
	assert_true(back > 40 && back <= 60);
	lates_close(&f.lates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minute_is_spread_evenly),
		cmocka_unit_test(a_flood_reported_a_quarter_minute_late_is_found),
		cmocka_unit_test(a_large_record_is_found_in_a_second_that_was_looked_at),
		cmocka_unit_test(half_an_hour_in_one_record_is_no_flood),
		cmocka_unit_test(what_was_told_is_not_told_again),
		cmocka_unit_test(what_is_older_than_the_history_leaves_it),
		cmocka_unit_test(one_that_speaks_for_a_subject_keeps_its_history),
		cmocka_unit_test(steady_reports_that_cease_are_the_end),
		cmocka_unit_test(reports_that_come_together_say_nothing_by_silence),
		cmocka_unit_test(short_flows_need_not_be_waited_for_as_long_as_long_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
