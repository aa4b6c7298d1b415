/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules made from recorded attacks among recorded ordinary traffic, tried on packets of neither.
 *
 * WEIR_SYNTH_SEEDS draws of each (default 20), WEIR_SYNTH_SHOW=1 prints the rules of the first.
 */
#include "check.h"

#include "mix.h"

#define SEEDS_MOST 100

static struct mix_data data;
static struct synth *synth;

static unsigned seeds(void)
{
	const char *text = getenv("WEIR_SYNTH_SEEDS");
	unsigned long n = text ? strtoul(text, NULL, 10) : 20;

	return n < 1 ? 1 : n > SEEDS_MOST ? SEEDS_MOST : (unsigned)n;
}

static int number_order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void show(const struct synth_result *result)
{
	for (unsigned i = 0; i < result->rule_count; i++) {
		struct text words = text_heap();
		plan_rule_to_text(&result->rules[i], &words);
		printf("#     %.3f %.4f %.3f %s\n", result->parts[i].attack_share,
		       result->parts[i].collateral_share, result->parts[i].clean_share,
		       text_string(&words));
		text_done(&words);
	}
}

/* Median and worst of all draws of one attack; prints a line. Return: the median recall. */
static double try_attack(const struct mix_attack *attack, const char *profile, bool shifted)
{
	static struct mix_draw draw;
	static struct synth_result result;
	double recall[SEEDS_MOST];
	double collateral[SEEDS_MOST];
	unsigned n = seeds();
	unsigned rules = 0;
	unsigned none = 0;

	for (unsigned i = 0; i < n; i++) {
		mix_draw(&data, &attack->lot, profile_find(profile), i + 1, shifted, &draw);
		synth_rules(synth, &draw.input, &result);
		struct mix_score score = mix_score(&draw, &attack->lot, &result);
		recall[i] = score.recall;
		collateral[i] = score.collateral;
		rules = score.rules > rules ? score.rules : rules;
		none += score.rules == 0;
		if (i == 0 && getenv("WEIR_SYNTH_SHOW")) {
			printf("#   %s, nodes %u: %s\n", attack->name, result.nodes,
			       synth_why_text(result.why));
			show(&result);
		}
		assert_true(score.rules <= 8);
		if (!shifted)
			assert_true(score.collateral <= 0.01);
		mix_draw_done(&draw);
	}
	qsort(recall, n, sizeof(recall[0]), number_order);
	qsort(collateral, n, sizeof(collateral[0]), number_order);
	printf("# %-8s %-40.40s n %5u recall %.3f / %.3f collateral %.2f %% / %.2f %% rules %u "
	       "none %u\n",
	       profile, strrchr(attack->name, '/') + 1, attack->lot.count, recall[n / 2], recall[0],
	       100 * collateral[n / 2], 100 * collateral[n - 1], rules, none);
	return recall[n / 2];
}

static void try_all(const char *profile, bool shifted)
{
	double medians[MIX_ATTACKS];

	if (!data.attack_count) {
		print_message("no recorded data: set WEIR_DATA to the folder\n");
		skip();
	}
	for (unsigned i = 0; i < data.attack_count; i++)
		medians[i] = try_attack(&data.attacks[i], profile, shifted);
	qsort(medians, data.attack_count, sizeof(medians[0]), number_order);
	printf("# %s%s: median of the medians %.3f\n", profile, shifted ? ", shifted" : "",
	       medians[data.attack_count / 2]);
	if (!shifted)
		assert_true(medians[data.attack_count / 2] >= 0.95);
}

static void what_flowspec_can_say_is_enough(void **state)
{
	(void)state;
	try_all("flowspec", false);
}

static void what_xdp_can_say_is_enough(void **state)
{
	(void)state;
	try_all("xdp", false);
}

/* Only measured: what is promised does not hold where tomorrow is different. */
static void ordinary_traffic_of_other_files(void **state)
{
	(void)state;
	try_all("flowspec", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_flowspec_can_say_is_enough),
		cmocka_unit_test(what_xdp_can_say_is_enough),
		cmocka_unit_test(ordinary_traffic_of_other_files),
	};
	int failed = synth_open(&synth);

	if (!failed && mix_load(&data))
		printf("# %u attacks, %u ordinary packets of %u files\n", data.attack_count,
		       data.benign.count, data.benign.files);
	failed = failed ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
	mix_done(&data);
	synth_close(synth);
	return failed;
}
