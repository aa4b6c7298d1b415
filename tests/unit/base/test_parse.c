/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/parse: quantities with units, what is refused, and back to text. */
#include "check.h"

#include "base/parse.h"

static void units_give_base_values(void **state)
{
	static const struct {
		const char *text;
		enum quantity kind;
		uint64_t value;
	} cases[] = {
		{ "10Gbps", QUANTITY_BPS, 10000000000U },
		{ "50M", QUANTITY_BPS, 50000000 },
		{ "1.5Gbps", QUANTITY_BPS, 1500000000 },
		{ "5kpps", QUANTITY_PPS, 5000 },
		{ "5k", QUANTITY_PPS, 5000 },
		{ "60s", QUANTITY_DURATION, 60000000000U },
		{ "500ms", QUANTITY_DURATION, 500000000 },
		{ "0.1s", QUANTITY_DURATION, 100000000 },
		{ "30d", QUANTITY_DURATION, 2592000000000000U },
		{ "1:1000", QUANTITY_RATIO, 1000 },
		{ "16MiB", QUANTITY_BYTES, 16777216 },
		{ "50%", QUANTITY_PERCENT, 50 },
		{ "3kfps", QUANTITY_FPS, 3000 },
		{ "0.1kpps", QUANTITY_PPS, 100 },
		{ "0.3Tbps", QUANTITY_BPS, 300000000000U },
		{ "10 Gbps", QUANTITY_BPS, 10000000000U },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 0;
		assert_int_equal(parse_quantity(cases[i].text, cases[i].kind, &value), 0);
		assert_int_equal(value, cases[i].value);
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	uint64_t value = 77;

	(void)state;
	assert_int_equal(parse_quantity("5kpps", QUANTITY_BPS, &value), -WEIR_EUNIT);
	assert_int_equal(parse_quantity("10Gbps", QUANTITY_PPS, &value), -WEIR_EUNIT);
	assert_int_equal(parse_quantity("60", QUANTITY_DURATION, &value), -WEIR_EUNIT);
	assert_int_equal(parse_quantity("", QUANTITY_PPS, &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_quantity("-5kpps", QUANTITY_PPS, &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_quantity("inf", QUANTITY_PPS, &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_quantity("1e9", QUANTITY_PPS, &value), -WEIR_EUNIT);
	assert_int_equal(parse_quantity("1.5", QUANTITY_COUNT, &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_quantity("0.0001kpps", QUANTITY_PPS, &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_quantity("1000", QUANTITY_RATIO, &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_quantity("1:0", QUANTITY_RATIO, &value), -WEIR_ERANGE);
	assert_int_equal(parse_quantity("1:4294967296", QUANTITY_RATIO, &value), -WEIR_ERANGE);
	assert_int_equal(parse_quantity("99999999999T", QUANTITY_BPS, &value), -WEIR_ERANGE);
	assert_int_equal(value, 77);
}

static void plain_numbers_are_digits_only(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(parse_u64("18446744073709551615", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_u64("18446744073709551616", &value), -WEIR_ERANGE);
	assert_int_equal(parse_u64(" 1", &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_u64("+1", &value), -WEIR_ESYNTAX);
	assert_int_equal(parse_u64("1x", &value), -WEIR_ESYNTAX);
}

static void people_read_three_digits(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(quantity_format(0, QUANTITY_PPS, text), "0 pps");
	assert_string_equal(quantity_format(999, QUANTITY_PPS, text), "999 pps");
	assert_string_equal(quantity_format(1234567, QUANTITY_PPS, text), "1.23 Mpps");
	assert_string_equal(quantity_format(99960, QUANTITY_PPS, text), "100 kpps");
	assert_string_equal(quantity_format(10000000000U, QUANTITY_BPS, text), "10.0 Gbps");
	assert_string_equal(quantity_format(1000, QUANTITY_RATIO, text), "1:1000");
	assert_string_equal(quantity_format(90000000000U, QUANTITY_DURATION, text), "90 s");
	assert_string_equal(quantity_format(UINT64_MAX, QUANTITY_COUNT, text), "18447 P");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_give_base_values),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(plain_numbers_are_digits_only),
		cmocka_unit_test(people_read_three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
