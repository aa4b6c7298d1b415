/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/text, base/jsonw, base/clock and base/arena: what ends up as characters. */
#include "check.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "base/text.h"

static void a_fixed_text_never_overruns(void **state)
{
	char buffer[8];
	struct text text = text_fixed(buffer, sizeof(buffer));

	(void)state;
	text_add(&text, "1234");
	text_add(&text, "5678"); /* with the zero one too many */
	assert_true(text.failed);
	assert_string_equal(text_string(&text), "1234");
	text_clear(&text);
	text_add(&text, "1234567");
	assert_false(text.failed);
	assert_string_equal(text_string(&text), "1234567");
}

static void a_heap_text_grows(void **state)
{
	struct text text = text_heap();

	(void)state;
	assert_string_equal(text_string(&text), "");
	for (unsigned i = 0; i < 5000; i++)
		text_addf(&text, "%u,", i % 10);
	text_add_u64(&text, UINT64_MAX);
	assert_int_equal(text.len, 10020);
	assert_string_equal(text_string(&text) + 10000, "18446744073709551615");
	text_done(&text);
	text_done(&text);
}

static void json_is_exact(void **state)
{
	struct text text = text_heap();
	struct jsonw w = jsonw_on(&text);

	(void)state;
	jsonw_object(&w, NULL);
	jsonw_string(&w, "s", "a\"b\\c\n\x01\x7f");
	jsonw_string(&w, "utf8", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8a");
	jsonw_string(&w, "bad", "\xff\xc0\x80\xed\xa0\x80x");
	jsonw_u64(&w, "u", UINT64_MAX);
	jsonw_i64(&w, "i", INT64_MIN);
	jsonw_number(&w, "n", 0.25);
	jsonw_number(&w, "nan", __builtin_nan(""));
	jsonw_array(&w, "a");
	jsonw_bool(&w, NULL, true);
	jsonw_null(&w, NULL);
	jsonw_object(&w, NULL);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	assert_string_equal(text_string(&text),
			    "{\"s\":\"a\\\"b\\\\c\\u000a\\u0001\\u007f\","
			    "\"utf8\":\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8a\","
			    "\"bad\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
			    "\xef\xbf\xbdx\","
			    "\"u\":18446744073709551615,\"i\":-9223372036854775808,\"n\":0.25,"
			    "\"nan\":null,\"a\":[true,null,{}]}");
	text_done(&text);
}

static void times_survive_a_round_trip(void **state)
{
	static const char *const texts[] = {
		"1970-01-01T00:00:00.000000Z",
		"2000-02-29T23:59:59.999999Z",
		"2026-11-22T14:05:06.123456Z",
		"2100-03-01T00:00:00.000001Z",
	};
	char text[TIME_TEXT_MAX];
	uint64_t ns = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(time_parse(texts[i], &ns), 0);
		assert_string_equal(time_format(ns, text), texts[i]);
	}
	assert_int_equal(time_parse("2026-11-22T16:05:06+02:00", &ns), 0);
	assert_string_equal(time_format(ns, text), "2026-11-22T14:05:06.000000Z");
	assert_int_equal(time_parse("2026-11-22 14:05:06", &ns), -WEIR_ESYNTAX);
	assert_int_equal(time_parse("2026-11-22T14:05:06", &ns), -WEIR_ESYNTAX);
	assert_int_equal(time_parse("2026-11-22T14:05:06+-3:00", &ns), -WEIR_ESYNTAX);
	assert_int_equal(time_parse("2026-11-22T14:05:06+ 3:00", &ns), -WEIR_ESYNTAX);
	assert_int_equal(time_parse("1969-12-31T23:59:59Z", &ns), -WEIR_ERANGE);
}

static void a_clock_that_is_set_moves_time_forward_only(void **state)
{
	const uint64_t day_ns = 86400 * NS_PER_S;
	int64_t step = 7;
	uint64_t anchor = 1000 * day_ns;
	uint64_t mono = 5 * NS_PER_S;

	(void)state;
	/* In step, or nearly: no word of it, and a little drift forward is taken. */
	assert_int_equal(clock_anchor_next(anchor, anchor + mono, mono, &step), anchor);
	assert_int_equal(step, 0);
	assert_int_equal(clock_anchor_next(anchor, anchor + mono + 1000, mono, &step),
			 anchor + 1000);
	assert_int_equal(step, 0);
	assert_int_equal(clock_anchor_next(anchor, anchor + mono - 1000, mono, &step), anchor);
	assert_int_equal(step, 0);
	/* Set forward by a day: followed. Set back by a day: not followed, but told. */
	assert_int_equal(clock_anchor_next(anchor, anchor + mono + day_ns, mono, &step),
			 anchor + day_ns);
	assert_int_equal(step, day_ns);
	assert_int_equal(clock_anchor_next(anchor, anchor + mono - day_ns, mono, &step), anchor);
	assert_int_equal(step, -(int64_t)day_ns);
}

static void the_steady_clock_is_near_the_wall_clock(void **state)
{
	uint64_t before = clock_steady_ns();
	uint64_t wall = clock_wall_ns();

	(void)state;
	assert_true(clock_steady_ns() >= before);
	assert_true(before < wall + 60 * NS_PER_S && wall < before + 60 * NS_PER_S);
	assert_int_equal(clock_steady_follow(), 0);
}

static void an_arena_gives_zeroed_aligned_memory(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t size = 1; size < 70000; size = size * 3 + 1) {
		unsigned char *at = arena_take(arena, size);
		assert_non_null(at);
		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xff, size);
	}
	assert_string_equal(arena_string(arena, "tokyo"), "tokyo");
	arena_free(arena);
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_text_never_overruns),
		cmocka_unit_test(a_heap_text_grows),
		cmocka_unit_test(json_is_exact),
		cmocka_unit_test(times_survive_a_round_trip),
		cmocka_unit_test(a_clock_that_is_set_moves_time_forward_only),
		cmocka_unit_test(the_steady_clock_is_near_the_wall_clock),
		cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
