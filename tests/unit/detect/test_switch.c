/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned while it is switched off and on again by a reload. */
#include "stage.h"

#define CROWD  "100.64.0.0"
#define HOST   "198.51.100.10"
#define VICTIM "198.51.100.13"

static const struct sort ntp = { 17, 123, 0, 0, 468, 1 };
static const struct sort data_in = { 6, 0, 443, 0x18, 200, 1 };
static const struct sort data_out = { 6, 443, 0, 0x10, 60, 7 };

static void pass(struct stage *s, unsigned seconds, double attack_pps)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		stage_send(s, 2000, &data_in, RANGE(CROWD, 5000), RANGE(HOST, 20));
		stage_send(s, 2000, &data_out, RANGE(HOST, 20), RANGE(CROWD, 5000));
		stage_send(s, attack_pps, &ntp, RANGE(CROWD, 3000), RANGE(VICTIM, 1));
		stage_tick(s);
	}
}

static void reload(struct stage *s, uint64_t sensitivity)
{
	/* A reload brings another configuration; the old one goes. */
	static struct config other;

	other = s->space.config;
	other.sensitivity = sensitivity;
	learned()->reload(s->state, &other);
}

static struct detector_stats stats_of(const struct stage *s)
{
	struct detector_stats stats;

	learned()->stats(s->state, &stats);
	return stats;
}

static void what_goes_on_is_told_no_more_when_it_is_switched_off(void **state)
{
	struct detector_row rows[4];
	struct stage s;

	(void)state;
	stage_prepare(&s);
	stage_start(&s);
	pass(&s, 320, 0);
	pass(&s, 10, 100e3);
	assert_true(s.count > 50);
	const unsigned before = s.count;
	reload(&s, 0);
	pass(&s, 30, 100e3);
	assert_int_equal(s.count, before);
	assert_int_equal(stats_of(&s).hosts, 0);
	assert_false(learned()->is_hot(s.state));
	assert_int_equal(learned()->top(s.state, rows, 4), 0);
	/* On again it is found again, as another one. */
	reload(&s, 1000);
	pass(&s, 10, 100e3);
	assert_true(s.count > before + 50);
	assert_true(s.caught[before].finding.first);
	assert_true(s.caught[before].finding.story != s.caught[0].finding.story);
	stage_end(&s);
}

static void what_pulses_is_not_waited_for_when_it_is_switched_off(void **state)
{
	struct stage s;

	(void)state;
	stage_prepare(&s);
	stage_start(&s);
	pass(&s, 320, 0);
	for (unsigned pulse = 0; pulse < 4; pulse++) {
		pass(&s, 10, 100e3);
		pass(&s, 30, 0);
	}
	const unsigned before = s.count;
	const struct finding *last = &s.caught[before - 1].finding;
	assert_true(last->hold_ns > 30 * SECOND_NS);
	reload(&s, 0);
	pass(&s, 10, 0);
	/* One word more: that nothing is waited for. It was over when it was over. */
	assert_int_equal(s.count, before + 1);
	const struct finding *end = &s.caught[before].finding;
	assert_int_equal(end->story, last->story);
	assert_int_equal(end->hold_ns, 0);
	assert_int_equal(end->now_ns, last->now_ns);
	assert_false(end->above);
	assert_false(end->first);
	stage_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_on_is_told_no_more_when_it_is_switched_off),
		cmocka_unit_test(what_pulses_is_not_waited_for_when_it_is_switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
