/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/coverage: sums and shares, the ground of what claims rest on. */
#include "check.h"

#include <string.h>

#include "model/coverage.h"
#include "model/flow.h"

static struct coverage minute(uint64_t number)
{
	return (struct coverage){
		.key = { .source = FLOW_NETFLOW9, .odid = 1 },
		.begin_ns = number * COVERAGE_MINUTE_NS,
		.minutes = 1,
		.seconds = 60,
		.datagrams = 90,
		.units = 90,
		.lost = 10,
		.clock_offset_ns = 5,
		.sampling = 1000,
	};
}

static void near(double got, double want)
{
	assert_true(got > want - 1e-9 && got < want + 1e-9);
}

static void the_share_lost_is_of_what_was_sent(void **state)
{
	struct coverage one = minute(1);
	struct coverage nothing = { .minutes = 1, .seconds = 60 };

	(void)state;
	near(coverage_lost_share(&one), 0.1);
	near(coverage_share(&one), 0.9);
	near(coverage_lost_share(&nothing), 0);
	near(coverage_share(&nothing), 1);
}

static void minutes_add_up_and_states_are_the_latest(void **state)
{
	struct coverage sum = minute(1);
	struct coverage later = minute(2);

	(void)state;
	later.sampling = 2000;
	later.clock_offset_ns = 3;
	later.undecodable[REASON_SHORT] = 4;
	coverage_add(&sum, &later);
	assert_int_equal(sum.minutes, 2);
	assert_int_equal(sum.seconds, 120);
	assert_int_equal(sum.lost, 20);
	assert_int_equal(sum.sampling, 2000);
	assert_int_equal(sum.clock_offset_ns, 3);
	assert_int_equal(coverage_undecoded(&sum), 4);
	near(coverage_lost_share(&sum), 0.1);
}

static void a_silent_minute_is_a_gap_and_says_nothing_else(void **state)
{
	struct coverage sum = minute(1);
	struct coverage silent = { .key = sum.key,
				   .begin_ns = 2 * COVERAGE_MINUTE_NS,
				   .minutes = 1,
				   .seconds = 60,
				   .silent = 1 };

	(void)state;
	coverage_add(&sum, &silent);
	assert_int_equal(sum.silent, 1);
	assert_int_equal(sum.sampling, 1000);
	near(coverage_share(&sum), 0.45);
}

static void halves_of_a_minute_make_one_minute(void **state)
{
	struct coverage sum = minute(1);
	struct coverage rest = minute(1);

	(void)state;
	sum.seconds = rest.seconds = 20;
	coverage_add(&sum, &rest);
	assert_int_equal(sum.minutes, 1);
	assert_int_equal(sum.seconds, 40);
	near(coverage_share(&sum), 0.9 * 40 / 60);
}

static void what_is_unknown_is_left_out_of_the_json(void **state)
{
	struct coverage silent = {
		.key = { .source = FLOW_SFLOW5 }, .minutes = 1, .seconds = 60, .silent = 1
	};
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	(void)state;
	coverage_to_json(&silent, "edge", &w, NULL);
	assert_non_null(strstr(text_string(&out), "\"name\":\"edge\",\"protocol\":\"sflow5\""));
	assert_non_null(strstr(text_string(&out), "\"silent_minutes\":1,\"coverage\":0,"));
	assert_non_null(strstr(text_string(&out), "\"announced\":null"));
	assert_null(strstr(text_string(&out), "clock_offset_s"));
	assert_null(strstr(text_string(&out), "measured"));
	text_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_share_lost_is_of_what_was_sent),
		cmocka_unit_test(minutes_add_up_and_states_are_the_latest),
		cmocka_unit_test(a_silent_minute_is_a_gap_and_says_nothing_else),
		cmocka_unit_test(halves_of_a_minute_make_one_minute),
		cmocka_unit_test(what_is_unknown_is_left_out_of_the_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
