/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/score_summary: which runs make one row, its means, and when the gate closes. */
#include "check.h"

#include <math.h>
#include <string.h>

#include "lab/score_summary.h"

/* An attack found after @delay_s; 0: missed. The bound is 0.9 s, and 1.9 s for the 95th percentile. */
static struct score_result attack(const char *scenario, double delay_s)
{
	struct score_result r = { .sampling = 1000, .recall = 1, .label_right = true };

	memcpy(r.scenario, scenario, strlen(scenario));
	r.bound = (struct score_bound){ .known = true, .limit_s = 0.9, .limit_p95_s = 1.9 };
	r.incidents = delay_s > 0;
	r.exit_clean = delay_s > 0;
	r.weir = (struct score_speed){ delay_s > 0, delay_s > 0, delay_s, 0 };
	return r;
}

static struct score_result benign(bool acted)
{
	struct score_result r = { .scenario = "B1", .benign = true, .benign_acted = acted };

	r.weir.false_alarms = acted;
	return r;
}

static void add(struct score_summary *summary, struct score_result result)
{
	assert_int_equal(score_summary_add(summary, &result), 0);
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

/* Delays of 1, 2 and 3 s: a ratio of 2; a miss counts against Pd alone. */
static void means_are_over_the_seeds(void **state)
{
	struct score_summary summary = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		add(&summary, attack("I1", i));
	add(&summary, attack("I2", 1));
	score_summary_finish(&summary);
	assert_int_equal(summary.count, 2);
	const struct score_group *g = &summary.groups[0];
	assert_int_equal(g->runs, 4);
	assert_true(near(g->marks.in_time, 0.75) && near(g->marks.delay_ratio, 2));
	assert_true(near(g->utility, 0.35 * 0.75 * 0.75 + 0.35 + 0.15 + 0.15 * 0.75));
	assert_true(near(summary.groups[1].utility, 1));
	score_summary_done(&summary);
}

static void other_rates_and_faults_are_other_rows(void **state)
{
	struct score_summary summary = { 0 };
	struct score_result result = attack("I1", 1);

	(void)state;
	add(&summary, result);
	result.sampling = 100;
	add(&summary, result);
	memcpy(result.fault, "loss", sizeof("loss"));
	add(&summary, result);
	memcpy(result.family, "ipv6", sizeof("ipv6"));
	add(&summary, result);
	assert_int_equal(summary.count, 4);
	score_summary_done(&summary);
}

static void the_gate_closes_for_actions_and_for_the_untouchable(void **state)
{
	struct score_summary summary = { 0 };
	struct score_result touched = attack("I12", 1);

	(void)state;
	add(&summary, benign(false));
	add(&summary, attack("I1", 0));
	assert_true(score_summary_passes(&summary));
	add(&summary, benign(true));
	assert_false(score_summary_passes(&summary));
	score_summary_finish(&summary);
	assert_true(near(summary.groups[0].utility, 1 - 0.25 - 0.5));
	score_summary_done(&summary);
	touched.never_touched = true;
	add(&summary, touched);
	assert_false(score_summary_passes(&summary));
	score_summary_done(&summary);
}

static void the_table_has_a_line_a_group(void **state)
{
	struct score_summary summary = { 0 };
	struct text out = text_heap();

	(void)state;
	add(&summary, attack("I1", 1));
	add(&summary, benign(false));
	score_summary_finish(&summary);
	score_summary_to_text(&summary, &out);
	unsigned lines = 0;
	for (const char *c = text_string(&out); *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 4);
	assert_non_null(strstr(text_string(&out), "\nB1 "));
	text_done(&out);
	score_summary_done(&summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(means_are_over_the_seeds),
		cmocka_unit_test(other_rates_and_faults_are_other_rows),
		cmocka_unit_test(the_gate_closes_for_actions_and_for_the_untouchable),
		cmocka_unit_test(the_table_has_a_line_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
