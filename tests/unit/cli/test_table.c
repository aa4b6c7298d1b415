/* SPDX-License-Identifier: Apache-2.0 */
/* Tables stand in columns, and nothing in them reaches the terminal as a command. */
#include "check.h"

#include <string.h>

#include "cli/table.h"

static void columns_are_aligned(void **state)
{
	struct text out = text_heap();
	struct table table;

	(void)state;
	table_begin(&table, "NAME|RATE>|NOTE");
	table_cell(&table, "a");
	table_cellf(&table, "%d", 12345);
	table_cell(&table, "x");
	table_cell(&table, "Zürich");
	table_cellf(&table, "%d", 7);
	table_cell(&table, NULL);
	table_end(&table, &out);
	assert_string_equal(text_string(&out), "NAME     RATE  NOTE\n"
					       "a       12345  x\n"
					       "Zürich      7  -\n");
	text_done(&out);
}

static void a_table_of_nothing_is_its_heading(void **state)
{
	struct text out = text_heap();
	struct table table;

	(void)state;
	table_begin(&table, "A");
	table_end(&table, &out);
	assert_string_equal(text_string(&out), "A\n");
	text_done(&out);
}

static void control_characters_are_shown_as_such(void **state)
{
	struct text out = text_heap();
	struct table table;

	(void)state;
	table_begin(&table, "A|B");
	table_cell(&table, "\x1b[2J");
	table_cell(&table, "a\nb\x7f");
	table_end(&table, &out);
	assert_null(strchr(text_string(&out), '\x1b'));
	assert_non_null(strstr(text_string(&out), "?[2J  a?b?\n"));
	text_done(&out);
}

static void fill_narrow(struct table *table)
{
	table_begin(table, "NAME|SPARE?2|NUMBER>?1|WORDS~");
	table_cell(table, "alpha");
	table_cell(table, "spare");
	table_cell(table, "12");
	table_cell(table, "a somewhat longer Zürich");
}

static void what_can_be_missed_is_left_out(void **state)
{
	struct text out = text_heap();
	struct table table;

	(void)state;
	fill_narrow(&table);
	assert_int_equal(table_fit(&table, 0), 0);
	assert_int_equal(table_fit(&table, 46), 0);
	assert_int_equal(table_fit(&table, 45), 1);
	table_end(&table, &out);
	assert_string_equal(text_string(&out), "NAME   SPARE  WORDS\n"
					       "alpha  spare  a somewhat longer Zürich\n");
	text_clear(&out);
	fill_narrow(&table);
	assert_int_equal(table_fit(&table, 28), 2);
	table_end(&table, &out);
	assert_string_equal(text_string(&out), "NAME   WORDS\n"
					       "alpha  a somewhat longer Z..\n");
	text_clear(&out);
	fill_narrow(&table);
	assert_int_equal(table_fit(&table, 1), 2);
	table_end(&table, &out);
	assert_string_equal(text_string(&out), "NAME   WORDS\nalpha  a some..\n");
	text_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned),
		cmocka_unit_test(a_table_of_nothing_is_its_heading),
		cmocka_unit_test(control_characters_are_shown_as_such),
		cmocka_unit_test(what_can_be_missed_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
