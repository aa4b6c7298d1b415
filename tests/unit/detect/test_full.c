/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned with full tables: who is gone makes room, and nobody gets what is another's. */
#include "stage.h"

#define CROWD     "100.64.0.0"
#define FIRST     "198.51.100.10"
#define SECOND    "198.51.100.20"
#define FLOOR     5000
#define PROFILES  8
#define DAY_TICKS (86400ULL * 10)

static const struct sort data_in = { 6, 0, 443, 0x18, 200, 1 };
static const struct sort data_out = { 6, 443, 0, 0x10, 60, 7 };

static void busy(struct stage *s, const char *host, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		stage_send(s, 4e3, &data_in, RANGE(CROWD, 5000), RANGE(host, 1));
		stage_send(s, 4e3, &data_out, RANGE(host, 1), RANGE(CROWD, 5000));
		stage_tick(s);
	}
}

static double envelope_of(struct stage *s, const char *host)
{
	struct detector_row rows[64];
	const struct ip ip = ip_of(host);
	size_t count = learned()->top(s->state, rows, 64);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].what.len == 128 && ip_equal(&rows[i].what.ip, &ip) &&
		    rows[i].direction == DIRECTION_INBOUND)
			return rows[i].envelope_pps;
	}
	fail_msg("%s is not shown", host);
	return 0;
}

static struct detector_stats stats_of(const struct stage *s)
{
	struct detector_stats stats;

	learned()->stats(s->state, &stats);
	return stats;
}

static void who_comes_after_one_that_is_gone_gets_its_place(void **state)
{
	struct stage s;

	(void)state;
	stage_prepare(&s);
	/* As many as one host and its networks have. */
	s.space.config.max_profiles = PROFILES;
	stage_start(&s);
	busy(&s, FIRST, 320);
	assert_true(envelope_of(&s, FIRST) > 1.3 * FLOOR);
	assert_int_equal(stats_of(&s).profiles, PROFILES);
	/* Within the week there is no room. */
	s.tick += 2 * DAY_TICKS;
	busy(&s, SECOND, 60);
	assert_true(envelope_of(&s, SECOND) == FLOOR);
	assert_true(stats_of(&s).profiles_turned_away > 0);
	assert_int_equal(stats_of(&s).profiles_replaced, 0);
	s.tick += 8 * DAY_TICKS;
	busy(&s, SECOND, 60);
	assert_true(envelope_of(&s, SECOND) > 1.3 * FLOOR);
	assert_true(stats_of(&s).profiles_replaced > 0);
	/* What the first one had is the second one's now. */
	busy(&s, FIRST, 11);
	assert_true(envelope_of(&s, FIRST) == FLOOR);
	assert_int_equal(s.count, 0);
	stage_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_after_one_that_is_gone_gets_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
