/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/subject: who makes room in a full pool, and who does not. */
#include "check.h"

#include "detect/learned/subject.h"

#define SECOND_NS 1000000000ULL
#define BEGIN_NS  (1000000 * SECOND_NS)
#define MAX       100

static struct subject like(unsigned number)
{
	const uint8_t v4[4] = { 10, 0, (uint8_t)(number >> 8), (uint8_t)number };

	return (struct subject){ .ip = ip_from_v4(v4), .len = 128 };
}

/* A full pool: the state and alarm of all. */
static void fill(struct subjects *subjects, uint8_t state, float alarm)
{
	assert_int_equal(subjects_open(subjects, MAX, 1), 0);
	for (unsigned i = 0; i < MAX; i++) {
		struct subject one = like(i);
		uint32_t number = subjects_take(subjects, &one, BEGIN_NS);
		assert_int_not_equal(number, 0);
		subjects_at(subjects, number)->state = state;
		subjects_at(subjects, number)->alarm = alarm + (float)i / 1000;
	}
}

static void a_full_pool_turns_away_and_counts(void **state)
{
	struct subjects subjects;
	struct subject one = like(MAX);
	struct subject known = like(5);

	(void)state;
	fill(&subjects, SUBJECT_RISING, 0);
	assert_int_equal(subjects_take(&subjects, &one, BEGIN_NS), 0);
	assert_int_equal(subjects.turned_away, 1);
	assert_int_not_equal(subjects_take(&subjects, &known, BEGIN_NS), 0);
	assert_int_equal(subjects.turned_away, 1);
	subjects_close(&subjects);
}

static void those_that_say_least_make_room_first_and_not_all_of_them(void **state)
{
	struct subjects subjects;

	(void)state;
	fill(&subjects, SUBJECT_RISING, 0.1F);
	for (unsigned i = 0; i < SUBJECT_SWAPS; i++) {
		struct subject one = like(i);
		uint32_t number = subjects_lightest(&subjects, BEGIN_NS);
		assert_int_equal(number, subjects_find(&subjects, &one.ip, 128, 0, 0));
		subjects_free(&subjects, number);
	}
	assert_int_equal(subjects_lightest(&subjects, BEGIN_NS), 0);
	assert_int_not_equal(subjects_lightest(&subjects, BEGIN_NS + 1), 0);
	subjects_close(&subjects);
}

static void what_rises_far_and_what_is_confirmed_stays(void **state)
{
	struct subjects subjects;

	(void)state;
	fill(&subjects, SUBJECT_RISING, SUBJECT_LIGHT);
	assert_int_equal(subjects_lightest(&subjects, BEGIN_NS), 0);
	subjects_close(&subjects);
	fill(&subjects, SUBJECT_CONFIRMED, 0);
	assert_int_equal(subjects_lightest(&subjects, BEGIN_NS), 0);
	subjects_close(&subjects);
}

static void a_suspect_stays_until_it_was_looked_at_and_seems_harmless(void **state)
{
	struct subjects subjects;
	uint64_t later_ns = BEGIN_NS + SUBJECT_LOOK_NS;

	(void)state;
	fill(&subjects, SUBJECT_SUSPECT, 1);
	for (unsigned i = 1; i <= MAX; i++) {
		subjects_at(&subjects, i)->suspect_ns = BEGIN_NS;
		subjects_at(&subjects, i)->verdict.nats = SUBJECT_NATS;
	}
	assert_int_equal(subjects_lightest(&subjects, later_ns), 0);
	subjects_at(&subjects, 7)->verdict.nats = 1;
	assert_int_equal(subjects_lightest(&subjects, later_ns + 1), 0);
	subjects_at(&subjects, 7)->judged_ns = BEGIN_NS;
	assert_int_equal(subjects_lightest(&subjects, later_ns - 1), 0);
	assert_int_equal(subjects_lightest(&subjects, later_ns + 2), 7);
	subjects_close(&subjects);
}

static void who_became_more_since_the_list_was_made_stays(void **state)
{
	struct subjects subjects;

	(void)state;
	fill(&subjects, SUBJECT_RISING, 0);
	uint32_t first = subjects_lightest(&subjects, BEGIN_NS);
	assert_int_not_equal(first, 0);
	struct subject second = like(1);
	uint32_t number = subjects_find(&subjects, &second.ip, 128, 0, 0);
	subjects_at(&subjects, number)->state = SUBJECT_CONFIRMED;
	assert_int_not_equal(subjects_lightest(&subjects, BEGIN_NS), number);
	subjects_close(&subjects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_pool_turns_away_and_counts),
		cmocka_unit_test(those_that_say_least_make_room_first_and_not_all_of_them),
		cmocka_unit_test(what_rises_far_and_what_is_confirmed_stays),
		cmocka_unit_test(a_suspect_stays_until_it_was_looked_at_and_seems_harmless),
		cmocka_unit_test(who_became_more_since_the_list_was_made_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
