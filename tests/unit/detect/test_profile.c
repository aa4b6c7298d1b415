/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/profile: what is usual is found again, and attacks cannot teach much. */
#include "check.h"

#include <math.h>

#include "detect/learned/profile.h"
#include "own_space.h"

#define WIDTH 1.1893F /* of a bin of the histogram: a quarter of a doubling */
#define DAY   (PROFILE_WEEK / 7)
#define HOUR  PROFILE_YOUNG
/* Bins begin on a Thursday long ago; any whole number of weeks is as good. */
#define BEGIN (1000U * PROFILE_WEEK)

/* The same rate for some time. Return: the bin after it. */
static uint32_t learn(struct profile *profile, uint32_t bin, uint32_t bins, float pps,
		      enum profile_trust trust)
{
	for (uint32_t i = 0; i < bins; i++)
		profile_learn(profile, bin + i, pps, trust, 10);
	return bin + bins;
}

static void check_near(float rate, float wanted)
{
	assert_true(rate <= wanted * WIDTH);
	assert_true(rate >= wanted / WIDTH);
}

static void a_steady_rate_is_found_within_the_width_of_a_bin(void **state)
{
	(void)state;
	for (float pps = 20; pps < 1e7F; pps *= 1.7F) {
		struct profile profile = { 0 };
		learn(&profile, BEGIN, 200, pps, PROFILE_ANSWERED);
		check_near(profile_rate(&profile, BEGIN), pps);
		/* And in hours that were not seen yet. */
		check_near(profile_rate(&profile, BEGIN + 50 * HOUR), pps);
	}
}

static void one_in_a_thousand_may_be_above(void **state)
{
	struct profile one = { 0 };
	struct profile three = { 0 };

	(void)state;
	learn(&one, learn(&one, BEGIN, 1, 10000, PROFILE_ANSWERED), 2000, 100, PROFILE_ANSWERED);
	learn(&three, learn(&three, BEGIN, 3, 10000, PROFILE_ANSWERED), 2000, 100,
	      PROFILE_ANSWERED);
	check_near(profile_rate(&one, BEGIN + 100 * HOUR), 100);
	check_near(profile_rate(&three, BEGIN + 100 * HOUR), 10000);
}

static void what_is_answered_is_learned_at_once_by_a_young_one(void **state)
{
	struct profile profile = { 0 };
	uint32_t bin = learn(&profile, BEGIN, 10, 100, PROFILE_ANSWERED);

	(void)state;
	learn(&profile, bin, 1, 5000, PROFILE_ANSWERED);
	check_near(profile_rate(&profile, bin), 5000);
}

static void what_is_not_answered_teaches_a_young_one_a_twentieth_an_hour(void **state)
{
	struct profile profile = { 0 };

	(void)state;
	learn(&profile, BEGIN, HOUR, 1e6F, PROFILE_UNANSWERED);
	assert_true(profile.ceiling <= 10 * 1.0505F);
	/* It does grow: what is never answered must not alarm for ever. */
	assert_true(profile.ceiling > 10 * 1.04F);
	assert_true(profile_rate(&profile, BEGIN + 50 * HOUR) <= profile.ceiling * WIDTH);
	assert_true(profile_rate(&profile, BEGIN) <= profile.ceiling * WIDTH);
}

static void an_old_one_learns_a_fifth_a_day(void **state)
{
	struct profile profile = { 0 };
	uint32_t bin = learn(&profile, BEGIN, DAY + 2, 1000, PROFILE_ANSWERED);
	float before = profile.ceiling;

	(void)state;
	assert_true(before >= 1000 && before <= 1000 * 1.25F * WIDTH);
	bin = learn(&profile, bin, DAY, 1e6F, PROFILE_UNANSWERED);
	assert_true(profile.ceiling > before * 1.15F && profile.ceiling <= before * 1.201F);
	assert_true(profile_rate(&profile, bin - 1) <= profile.ceiling * WIDTH);
}

static void growth_is_not_saved_up(void **state)
{
	struct profile profile = { 0 };
	uint32_t bin = learn(&profile, BEGIN, DAY + 2, 1000, PROFILE_ANSWERED);

	(void)state;
	/* Thirty quiet days, then an attack: it may teach no more than after one. */
	bin = learn(&profile, bin, 30 * DAY, 1000, PROFILE_ANSWERED);
	learn(&profile, bin, 1, 1e6F, PROFILE_UNANSWERED);
	assert_true(profile.ceiling <= 1000 * 1.25F * WIDTH * 1.01F);
}

static void an_hour_of_the_week_is_remembered_for_itself(void **state)
{
	struct profile profile = { 0 };
	uint32_t peak = BEGIN + 10;

	(void)state;
	learn(&profile, BEGIN, 10, 100, PROFILE_ANSWERED);
	learn(&profile, peak, 1, 1000, PROFILE_ANSWERED);
	learn(&profile, peak + 1, 2000, 100, PROFILE_ANSWERED);
	check_near(profile_rate(&profile, peak), 1000);
	check_near(profile_rate(&profile, peak + PROFILE_WEEK), 1000);
	check_near(profile_rate(&profile, peak + HOUR), 100);
	check_near(profile_rate(&profile, peak + DAY), 100);
}

static void what_was_weeks_ago_is_forgotten(void **state)
{
	struct profile profile = { 0 };
	const uint32_t other = BEGIN + 50 * HOUR;
	uint32_t bin = learn(&profile, BEGIN, 100, 10000, PROFILE_ANSWERED);

	(void)state;
	bin = learn(&profile, bin, PROFILE_WEEK - 100, 100, PROFILE_ANSWERED);
	check_near(profile_rate(&profile, other), 10000);
	learn(&profile, bin, 2 * PROFILE_WEEK, 100, PROFILE_ANSWERED);
	check_near(profile_rate(&profile, other), 100);
	/* The hour itself comes down an eighth of a doubling a week. */
	float hour = profile_rate(&profile, BEGIN);
	assert_true(hour < 10000 * exp2f(-1 / 8.0F) && hour > 10000 * exp2f(-4 / 8.0F));
}

static void a_full_table_is_counted(void **state)
{
	struct profiles profiles;
	struct profile_key key = { .ip = ip_of("198.51.100.1"), .len = 128 };

	(void)state;
	assert_int_equal(profiles_open(&profiles, 2, 1), 0);
	assert_int_equal(profiles_find(&profiles, &key), PROFILE_NONE);
	uint32_t first = profiles_add(&profiles, &key);
	key.class = 1;
	uint32_t second = profiles_add(&profiles, &key);
	assert_true(first != PROFILE_NONE && second != PROFILE_NONE && first != second);
	assert_int_equal(profiles.turned_away, 0);
	key.direction = 1;
	assert_int_equal(profiles_add(&profiles, &key), PROFILE_NONE);
	assert_int_equal(profiles.turned_away, 1);
	assert_int_equal(profiles_find(&profiles, &key), PROFILE_NONE);
	key.direction = 0;
	assert_int_equal(profiles_find(&profiles, &key), second);
	profiles_close(&profiles);
}

/* Enough for some to share a bucket. */
#define MANY 200

static struct profile_key key_at(unsigned number)
{
	return (struct profile_key){ .ip = ip_at("198.51.100.0", number), .len = 128 };
}

static void who_is_gone_for_a_week_makes_room_when_it_is_full(void **state)
{
	const struct profile_key newcomer = key_at(MANY);
	struct profiles profiles;
	uint32_t numbers[MANY];

	(void)state;
	assert_int_equal(profiles_open(&profiles, MANY, 1), 0);
	profiles.bin = BEGIN;
	for (unsigned i = 0; i < MANY; i++) {
		const struct profile_key key = key_at(i);
		numbers[i] = profiles_add(&profiles, &key);
		profile_learn(profiles_at(&profiles, numbers[i]), BEGIN, 1000, PROFILE_ANSWERED,
			      10);
	}
	/* A week of silence is not yet too much. */
	profiles.bin = BEGIN + PROFILE_WEEK;
	assert_int_equal(profiles_add(&profiles, &newcomer), PROFILE_NONE);
	assert_int_equal(profiles.turned_away, 1);
	/* All but one are still there. */
	for (unsigned i = 0; i < MANY; i++) {
		if (i != 77)
			profile_learn(profiles_at(&profiles, numbers[i]), profiles.bin, 1000,
				      PROFILE_ANSWERED, 10);
	}
	profiles.bin++;
	uint32_t number = PROFILE_NONE;
	for (unsigned i = 0; i < MANY && number == PROFILE_NONE; i++)
		number = profiles_add(&profiles, &newcomer);
	assert_int_equal(number, numbers[77]);
	assert_int_equal(profiles.replaced, 1);
	assert_int_equal(profiles.count, MANY);
	assert_int_equal(profiles_at(&profiles, number)->bins, 0);
	assert_int_equal(profiles_find(&profiles, &newcomer), number);
	/* Who remembers the number of the one that is gone notices. */
	for (unsigned i = 0; i < MANY; i++) {
		const struct profile_key key = key_at(i);
		const uint32_t wanted = i == 77 ? PROFILE_NONE : numbers[i];
		assert_int_equal(profiles_find(&profiles, &key), wanted);
		assert_int_equal(profiles_renew(&profiles, numbers[i], &key), wanted);
	}
	profiles_close(&profiles);
}

static void who_a_wrong_clock_has_fed_in_the_future_makes_room(void **state)
{
	const struct profile_key first = key_at(1), second = key_at(2);
	struct profiles profiles;

	(void)state;
	assert_int_equal(profiles_open(&profiles, 1, 1), 0);
	profiles.bin = BEGIN + 10 * PROFILE_WEEK;
	uint32_t number = profiles_add(&profiles, &first);
	profile_learn(profiles_at(&profiles, number), profiles.bin, 1000, PROFILE_ANSWERED, 10);
	/* Set right by a little: nobody is gone for that. */
	profiles.bin -= 6;
	assert_int_equal(profiles_add(&profiles, &second), PROFILE_NONE);
	profiles.bin = BEGIN;
	assert_int_equal(profiles_add(&profiles, &second), number);
	assert_int_equal(profiles_renew(&profiles, number, &first), PROFILE_NONE);
	profiles_close(&profiles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_rate_is_found_within_the_width_of_a_bin),
		cmocka_unit_test(one_in_a_thousand_may_be_above),
		cmocka_unit_test(what_is_answered_is_learned_at_once_by_a_young_one),
		cmocka_unit_test(what_is_not_answered_teaches_a_young_one_a_twentieth_an_hour),
		cmocka_unit_test(an_old_one_learns_a_fifth_a_day),
		cmocka_unit_test(growth_is_not_saved_up),
		cmocka_unit_test(an_hour_of_the_week_is_remembered_for_itself),
		cmocka_unit_test(what_was_weeks_ago_is_forgotten),
		cmocka_unit_test(a_full_table_is_counted),
		cmocka_unit_test(who_is_gone_for_a_week_makes_room_when_it_is_full),
		cmocka_unit_test(who_a_wrong_clock_has_fed_in_the_future_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
