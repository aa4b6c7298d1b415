/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/seen: known after a wait, forgotten after a day, seldom mistaken. */
#include "check.h"

#include "detect/learned/seen.h"
#include "own_space.h"

#define BEGIN_NS (1000000 * SECOND_NS)
#define HOUR_NS  (3600 * SECOND_NS)
#define PAIRS    100000U

static struct ip number(uint32_t value)
{
	const uint8_t be[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
				(uint8_t)(value >> 8), (uint8_t)value };

	return ip_from_v4(be);
}

/* Second by second, or coarser. */
static void pass(struct seen *seen, uint64_t from_ns, uint64_t to_ns, uint64_t step_ns)
{
	for (uint64_t at_ns = from_ns; at_ns <= to_ns; at_ns += step_ns)
		seen_tick(seen, at_ns);
}

static void nothing_is_known_before_it_waited(void **state)
{
	(void)state;
	for (uint64_t offset_s = 0; offset_s < 60; offset_s += 7) {
		struct seen seen;
		assert_int_equal(seen_open(&seen, 1 << 14, 1), 0);
		uint64_t put_ns = BEGIN_NS + offset_s * SECOND_NS;
		pass(&seen, BEGIN_NS, put_ns, SECOND_NS);
		assert_false(seen_test(&seen, 12345));
		seen_put(&seen, 12345);
		assert_false(seen_test(&seen, 12345));
		pass(&seen, put_ns, put_ns + 59 * SECOND_NS, SECOND_NS);
		assert_false(seen_test(&seen, 12345));
		pass(&seen, put_ns + 60 * SECOND_NS, put_ns + 120 * SECOND_NS, SECOND_NS);
		assert_true(seen_test(&seen, 12345));
		seen_close(&seen);
	}
}

static void it_is_known_for_half_a_day_and_forgotten_after_one(void **state)
{
	(void)state;
	for (uint64_t hours = 0; hours < 24; hours += 5) {
		struct seen seen;
		assert_int_equal(seen_open(&seen, 1 << 14, 1), 0);
		uint64_t put_ns = BEGIN_NS + hours * HOUR_NS;
		pass(&seen, BEGIN_NS, put_ns, 30 * SECOND_NS);
		seen_put(&seen, 12345);
		pass(&seen, put_ns, put_ns + 11 * HOUR_NS, 30 * SECOND_NS);
		assert_true(seen_test(&seen, 12345));
		pass(&seen, put_ns + 11 * HOUR_NS, put_ns + 24 * HOUR_NS + 180 * SECOND_NS,
		     30 * SECOND_NS);
		assert_false(seen_test(&seen, 12345));
		seen_close(&seen);
	}
}

static void what_is_put_again_stays_known(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(seen_open(&seen, 1 << 14, 1), 0);
	for (uint64_t hour = 0; hour < 72; hour++) {
		pass(&seen, BEGIN_NS + hour * HOUR_NS, BEGIN_NS + (hour + 1) * HOUR_NS,
		     60 * SECOND_NS);
		assert_int_equal(seen_test(&seen, 12345), hour > 0);
		seen_put(&seen, 12345);
	}
	seen_close(&seen);
}

static void of_a_hundred_thousand_pairs_few_are_mistaken(void **state)
{
	const struct ip host = ip_of("198.51.100.1");
	struct seen seen;
	unsigned mistaken = 0;

	(void)state;
	/* A thirty-second of what the detector has. */
	assert_int_equal(seen_open(&seen, 1 << 18, 1), 0);
	seen_tick(&seen, BEGIN_NS);
	for (uint32_t i = 0; i < PAIRS; i++) {
		struct ip far = number(i);
		seen_put(&seen, seen_hash(&seen, &host, &far));
	}
	pass(&seen, BEGIN_NS, BEGIN_NS + 121 * SECOND_NS, SECOND_NS);
	for (uint32_t i = 0; i < PAIRS; i++) {
		struct ip far = number(i);
		struct ip stranger = number(PAIRS + i);
		assert_true(seen_test(&seen, seen_hash(&seen, &host, &far)));
		mistaken += seen_test(&seen, seen_hash(&seen, &host, &stranger));
	}
	assert_true(mistaken < PAIRS / 100);
	seen_close(&seen);
}

/* Forged sources: so many that each filter would be full in no time. */
static void crowds_of_strangers_do_not_make_everybody_known(void **state)
{
	const struct ip host = ip_of("198.51.100.1");
	struct seen seen;
	uint32_t next = 0;

	(void)state;
	assert_int_equal(seen_open(&seen, 1 << 14, 1), 0);
	for (unsigned minute = 0; minute < 100; minute++) {
		for (unsigned i = 0; i < 4000; i++, next++) {
			struct ip far = number(next);
			seen_put(&seen, seen_hash(&seen, &host, &far));
		}
		seen_put(&seen, 12345);
		seen_tick(&seen, BEGIN_NS + minute * 61 * SECOND_NS);
		assert_true(seen_fill(&seen) <= 50);
	}
	assert_true(seen.early > 10);
	/* Who talks all the time is known; of those who never did few are. */
	assert_true(seen_test(&seen, 12345));
	unsigned mistaken = 0;
	for (uint32_t i = 0; i < 10000; i++) {
		struct ip stranger = number(next + i);
		mistaken += seen_test(&seen, seen_hash(&seen, &host, &stranger));
	}
	assert_true(mistaken < 10000 / 8);
	seen_close(&seen);
}

static void a_minute_that_would_fill_a_filter_is_left_out(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(seen_open(&seen, 1 << 14, 1), 0);
	seen_tick(&seen, BEGIN_NS);
	for (uint32_t i = 0; i < PAIRS; i++) {
		struct ip far = number(i);
		seen_put(&seen, seen_hash(&seen, &far, &far));
	}
	pass(&seen, BEGIN_NS, BEGIN_NS + 200 * SECOND_NS, SECOND_NS);
	assert_int_equal(seen_fill(&seen), 0);
	/* And the next one is as any. */
	seen_put(&seen, 12345);
	pass(&seen, BEGIN_NS + 200 * SECOND_NS, BEGIN_NS + 330 * SECOND_NS, SECOND_NS);
	assert_true(seen_test(&seen, 12345));
	seen_close(&seen);
}

static void what_is_set_is_counted(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(seen_open(&seen, 1 << 14, 1), 0);
	seen_tick(&seen, BEGIN_NS);
	for (uint32_t i = 0; i < 10000; i++) {
		struct ip far = number(i);
		seen_put(&seen, seen_hash(&seen, &far, &far));
	}
	pass(&seen, BEGIN_NS, BEGIN_NS + 130 * SECOND_NS, SECOND_NS);
	const uint64_t set = seen.set[seen.now];
	assert_true(seen_fill(&seen) > 20 && seen_fill(&seen) < 30);
	seen_count(&seen);
	assert_int_equal(seen.set[seen.now], set);
	assert_int_equal(seen.set[!seen.now], 0);
	seen_close(&seen);
}

static void a_pair_has_an_order(void **state)
{
	const struct ip a = ip_of("198.51.100.1"), b = ip_of("192.0.2.1"), nobody = { 0 };
	struct seen seen;

	(void)state;
	assert_int_equal(seen_open(&seen, 1 << 14, 1), 0);
	assert_true(seen_hash(&seen, &a, &b) != seen_hash(&seen, &b, &a));
	assert_true(seen_hash(&seen, &a, &b) != seen_hash(&seen, &a, &nobody));
	assert_true(seen_hash(&seen, &a, &b) == seen_hash(&seen, &a, &b));
	seen_close(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_before_it_waited),
		cmocka_unit_test(it_is_known_for_half_a_day_and_forgotten_after_one),
		cmocka_unit_test(what_is_put_again_stays_known),
		cmocka_unit_test(of_a_hundred_thousand_pairs_few_are_mistaken),
		cmocka_unit_test(crowds_of_strangers_do_not_make_everybody_known),
		cmocka_unit_test(a_minute_that_would_fill_a_filter_is_left_out),
		cmocka_unit_test(what_is_set_is_counted),
		cmocka_unit_test(a_pair_has_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
