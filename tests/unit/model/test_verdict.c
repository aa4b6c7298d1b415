/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/verdict: as JSON, back from it, and in words. */
#include "check.h"

#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "model/verdict.h"

static struct text json;

static int begin(void **state)
{
	(void)state;
	json = text_heap();
	return 0;
}

static int end(void **state)
{
	(void)state;
	text_done(&json);
	return 0;
}

static struct verdict through_json(const struct verdict *verdict)
{
	struct jsonw w = jsonw_on(&json);
	struct verdict back;

	text_clear(&json);
	verdict_to_json(verdict, &w, NULL);
	assert_int_equal(verdict_from_json(text_string(&json), &back), 0);
	return back;
}

static void json_keeps_all_of_it(void **state)
{
	const struct verdict before = { .plan = "inc-1-p2",
					.arriving = true,
					.pps_before = 9,
					.pps_now = 8,
					.at_ns = NS_PER_S,
					.in_force = true,
					.counted = true,
					.dropped_packets = 77,
					.basis = VERDICT_DROPPED,
					.harm = 0.25,
					.harm_least = 0.125,
					.looked = 512,
					.innocent = 100 };
	const struct verdict after = through_json(&before);

	(void)state;
	assert_string_equal(text_string(&json),
			    "{\"plan\":\"inc-1-p2\",\"arriving\":true,\"pps_before\":9,"
			    "\"pps_now\":8,\"time\":\"1970-01-01T00:00:01.000000Z\","
			    "\"dropped_packets\":77,\"harm\":{\"from\":\"dropped\",\"share\":0.25,"
			    "\"least\":0.125,\"looked\":512,\"innocent\":100}}");
	assert_string_equal(after.plan, before.plan);
	assert_int_equal(after.at_ns, before.at_ns);
	assert_true(after.arriving && after.in_force && after.counted);
	assert_int_equal(after.dropped_packets, 77);
	assert_int_equal(after.basis, VERDICT_DROPPED);
	assert_true(after.harm == 0.25 && after.harm_least == 0.125);
	assert_int_equal(after.innocent, 100);
}

static void what_is_not_known_is_not_written(void **state)
{
	struct verdict verdict = { .plan = "p", .harm = 0.5, .looked = 3 };

	(void)state;
	(void)through_json(&verdict);
	assert_null(strstr(text_string(&json), "harm"));
	verdict.in_force = true;
	struct verdict after = through_json(&verdict);
	assert_non_null(strstr(text_string(&json), "\"harm\":{\"from\":\"unknown\"}"));
	assert_null(strstr(text_string(&json), "dropped_packets"));
	assert_true(after.in_force && !after.counted && after.basis == VERDICT_UNKNOWN);
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"plan\":1}",
					   "{\"plan\":\"p\",\"time\":\"yesterday\"}" };
	struct verdict verdict;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(verdict_from_json(bad[i], &verdict), -WEIR_EFORMAT);
}

static void words_say_what_it_rests_on(void **state)
{
	struct verdict verdict = { .harm = 0.02, .harm_least = 0.01, .looked = 300, .innocent = 6 };

	(void)state;
	verdict_harm_to_text(&verdict, &json);
	assert_non_null(strstr(text_string(&json), "not known"));
	text_clear(&json);
	verdict.basis = VERDICT_TELEMETRY;
	verdict_harm_to_text(&verdict, &json);
	assert_string_equal(text_string(&json),
			    "about 2 % of innocent traffic, at least 1 %: by 6 packets in the "
			    "telemetry that look innocent");
}

#define verdict_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		verdict_test(json_keeps_all_of_it),
		verdict_test(what_is_not_known_is_not_written),
		verdict_test(nonsense_is_refused),
		verdict_test(words_say_what_it_rests_on),
	};

	return cmocka_run_group_tests_name("model/verdict", tests, NULL, NULL);
}
