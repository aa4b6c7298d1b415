/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/door: once waits, twice comes in with what it had, for four seconds. */
#include "check.h"

#include "detect/learned/door.h"

#define SECOND_NS 1000000000ULL
#define BEGIN_NS  (1000000 * SECOND_NS)

static const struct tally row = { .packets = 1000, .bytes = 90000, .sampled = 1 };

static void the_second_comes_in_with_what_the_first_had(void **state)
{
	struct door door;
	struct door_guest before;
	const struct tally other = { .packets = 7, .bytes = 8, .sampled = 1 };

	(void)state;
	assert_int_equal(door_open(&door, 4096), 0);
	assert_false(door_pass(&door, 0x123456789abcdef0, &row, BEGIN_NS, &before));
	assert_true(door_pass(&door, 0x123456789abcdef0, &other, BEGIN_NS + SECOND_NS, &before));
	assert_true(before.time_ns == BEGIN_NS);
	assert_true(before.packets == 1000);
	assert_true(before.bytes == 90000);
	/* It is in: the place is free again. */
	assert_false(door_pass(&door, 0x123456789abcdef0, &row, BEGIN_NS + SECOND_NS, &before));
	door_close(&door);
}

static void who_waited_too_long_begins_anew(void **state)
{
	struct door door;
	struct door_guest before;

	(void)state;
	assert_int_equal(door_open(&door, 4096), 0);
	assert_false(door_pass(&door, 1ULL << 40, &row, BEGIN_NS, &before));
	assert_false(door_pass(&door, 1ULL << 40, &row, BEGIN_NS + DOOR_WAIT_NS + 1, &before));
	assert_true(door_pass(&door, 1ULL << 40, &row, BEGIN_NS + 2 * DOOR_WAIT_NS, &before));
	door_close(&door);
}

static void another_of_the_same_place_takes_it(void **state)
{
	struct door door;
	struct door_guest before;

	(void)state;
	assert_int_equal(door_open(&door, 4096), 0);
	assert_false(door_pass(&door, 1ULL << 40, &row, BEGIN_NS, &before));
	assert_false(door_pass(&door, 1ULL << 41, &row, BEGIN_NS, &before));
	assert_false(door_pass(&door, 1ULL << 40, &row, BEGIN_NS, &before));
	door_close(&door);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_comes_in_with_what_the_first_had),
		cmocka_unit_test(who_waited_too_long_begins_anew),
		cmocka_unit_test(another_of_the_same_place_takes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
