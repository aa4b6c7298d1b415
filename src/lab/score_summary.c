/* SPDX-License-Identifier: Apache-2.0 */
/* score_summary: single results in, means of each group out. */
#include "lab/score_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_same(const struct score_result *a, const struct score_result *b)
{
	return strcmp(a->scenario, b->scenario) == 0 && strcmp(a->mode, b->mode) == 0 &&
	       strcmp(a->family, b->family) == 0 && strcmp(a->fault, b->fault) == 0 &&
	       a->sampling == b->sampling;
}

static struct score_group *group_of(struct score_summary *summary,
				    const struct score_result *result)
{
	for (size_t i = 0; i < summary->count; i++) {
		if (is_same(&summary->groups[i].first, result))
			return &summary->groups[i];
	}
	struct score_group *groups =
		realloc(summary->groups, (summary->count + 1) * sizeof(*groups));
	if (!groups)
		return NULL;
	summary->groups = groups;
	groups[summary->count] = (struct score_group){ .first = *result };
	return &groups[summary->count++];
}

static void add_speed(struct score_speeds *speeds, const struct score_speed *speed)
{
	speeds->in_time += speed->in_time;
	speeds->false_alarms += speed->false_alarms;
	if (speed->detected)
		speeds->delays_s[speeds->detected++] = speed->delay_s;
}

static void add_marks(struct score_marks *sum, const struct score_marks *m)
{
	sum->benign = m->benign;
	sum->in_time += m->in_time;
	sum->recall += m->recall;
	sum->collateral += m->collateral;
	sum->label += m->label;
	sum->exit += m->exit;
	sum->confirmed += m->confirmed;
	sum->acted += m->acted;
}

int score_summary_add(struct score_summary *summary, const struct score_result *result)
{
	struct score_group *group = group_of(summary, result);
	const struct score_marks marks = score_marks(result);

	if (!group)
		return -ENOMEM;
	if (group->runs == SCORE_SEEDS)
		return -WEIR_EFULL;
	group->runs++;
	group->incidents_right += result->incidents == 1;
	group->limit_s += result->bound.limit_s;
	group->limit_p95_s += result->bound.limit_p95_s;
	group->flaps += result->flaps;
	group->never_touched |= result->never_touched;
	add_marks(&group->marks, &marks);
	add_speed(&group->weir, &result->weir);
	for (unsigned i = 0; i < REFERENCE_COUNT; i++)
		add_speed(&group->references[i], &result->references[i]);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort_delays(struct score_speeds *speeds)
{
	qsort(speeds->delays_s, speeds->detected, sizeof(speeds->delays_s[0]), by_value);
}

static double mean_s(const struct score_speeds *speeds)
{
	double sum = 0;

	for (unsigned i = 0; i < speeds->detected; i++)
		sum += speeds->delays_s[i];
	return speeds->detected ? sum / speeds->detected : 0;
}

/* Of few seeds it is the slowest of all. */
static double p95_s(const struct score_speeds *speeds)
{
	return speeds->detected ? speeds->delays_s[(speeds->detected * 95 - 1) / 100] : 0;
}

static void finish_group(struct score_group *group)
{
	double *const means[] = {
		&group->limit_s,          &group->limit_p95_s, &group->marks.in_time,
		&group->marks.recall,     &group->marks.label, &group->marks.exit,
		&group->marks.collateral, &group->marks.acted, &group->marks.confirmed,
	};

	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++)
		*means[i] /= group->runs;
	sort_delays(&group->weir);
	for (unsigned i = 0; i < REFERENCE_COUNT; i++)
		sort_delays(&group->references[i]);
	group->marks.delay_ratio = -1;
	if (group->weir.detected && group->first.bound.known)
		group->marks.delay_ratio = mean_s(&group->weir) / (group->limit_s + SCORE_TICK_S);
	group->utility = score_utility(&group->marks);
}

void score_summary_finish(struct score_summary *summary)
{
	for (size_t i = 0; i < summary->count; i++)
		finish_group(&summary->groups[i]);
}

bool score_summary_passes(const struct score_summary *summary)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct score_group *group = &summary->groups[i];
		if (group->never_touched || (group->marks.benign && group->marks.acted > 0))
			return false;
	}
	return true;
}

void score_summary_done(struct score_summary *summary)
{
	free(summary->groups);
	*summary = (struct score_summary){ 0 };
}

static double p95_ratio(const struct score_group *group)
{
	return p95_s(&group->weir) / (group->limit_p95_s + SCORE_TICK_S);
}

static double share(unsigned part, unsigned whole)
{
	return (double)part / whole;
}

static void add_number(struct text *out, bool known, const char *format, double value)
{
	char cell[32];
	struct text text = text_fixed(cell, sizeof(cell));

	if (known)
		text_addf(&text, format, value);
	text_addf(out, " %7s", known ? cell : "-");
}

static void group_to_text(const struct score_group *g, struct text *out)
{
	const bool attack = !g->marks.benign;
	const bool ratio = g->marks.delay_ratio >= 0;

	text_addf(out, "%-4s %-9s %6llu %4u |", g->first.scenario, g->first.mode,
		  (unsigned long long)g->first.sampling, g->runs);
	add_number(out, attack, "%.2f", g->marks.in_time);
	add_number(out, attack && ratio, "%.2f", g->marks.delay_ratio);
	add_number(out, attack && ratio, "%.2f", p95_ratio(g));
	add_number(out, true, "%.2f", g->marks.label);
	add_number(out, attack, "%.2f", share(g->incidents_right, g->runs));
	add_number(out, attack, "%.3f", g->marks.recall);
	add_number(out, attack, "%.4f", g->marks.collateral);
	add_number(out, attack, "%.2f", g->marks.exit);
	add_number(out, true, "%.0f", g->flaps);
	add_number(out, true, "%.0f", (double)g->weir.false_alarms);
	add_number(out, true, "%.2f", g->utility);
	for (unsigned i = 0; i < REFERENCE_COUNT; i++) {
		const struct score_speeds *speeds = &g->references[i];
		text_add(out, " |");
		add_number(out, attack, "%.2f", share(speeds->in_time, g->runs));
		add_number(out, speeds->detected > 0, "%.2f", mean_s(speeds));
		add_number(out, true, "%.0f", (double)speeds->false_alarms);
	}
	text_add(out, " |");
	add_number(out, g->first.bound.known, "%.3f", g->first.bound.oracle.mean_s);
	add_number(out, g->first.bound.known, "%.3f", g->first.bound.oracle.p95_s);
	text_add(out, "\n");
}

void score_summary_to_text(const struct score_summary *summary, struct text *out)
{
	text_addf(out, "%-26s | %-87s | %-23s | %-23s | %s\n", "", "weir", "static thresholds",
		  "mean + 5 sigma", "oracle, s");
	text_addf(out, "%-4s %-9s %6s %4s |", "id", "mode", "1:N", "runs");
	text_addf(out, " %7s %7s %7s %7s %7s %7s %7s %7s %7s %7s %7s", "Pd", "DR", "p95 DR",
		  "label", "one inc", "recall", "collat", "exit", "flaps", "false", "U");
	for (unsigned i = 0; i < REFERENCE_COUNT; i++)
		text_addf(out, " | %7s %7s %7s", "Pd", "delay s", "false");
	text_addf(out, " | %7s %7s\n", "mean", "p95");
	for (size_t i = 0; i < summary->count; i++)
		group_to_text(&summary->groups[i], out);
}

static void speeds_to_json(const struct score_speeds *speeds, unsigned runs, struct jsonw *w)
{
	jsonw_number(w, "pd", share(speeds->in_time, runs));
	if (speeds->detected) {
		jsonw_number(w, "delay_mean_s", mean_s(speeds));
		jsonw_number(w, "delay_p95_s", p95_s(speeds));
	}
	jsonw_u64(w, "false", speeds->false_alarms);
}

static void group_to_json(const struct score_group *g, struct jsonw *w)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "scenario", g->first.scenario);
	jsonw_string(w, "mode", g->first.mode);
	jsonw_u64(w, "sampling", g->first.sampling);
	jsonw_string(w, "family", g->first.family);
	jsonw_string(w, "fault", g->first.fault);
	jsonw_u64(w, "runs", g->runs);
	speeds_to_json(&g->weir, g->runs, w);
	if (g->marks.delay_ratio >= 0) {
		jsonw_number(w, "delay_ratio", g->marks.delay_ratio);
		jsonw_number(w, "delay_p95_ratio", p95_ratio(g));
	}
	jsonw_number(w, "label", g->marks.label);
	jsonw_number(w, "one_incident", share(g->incidents_right, g->runs));
	jsonw_number(w, "recall", g->marks.recall);
	jsonw_number(w, "collateral", g->marks.collateral);
	jsonw_number(w, "exit", g->marks.exit);
	jsonw_u64(w, "flaps", g->flaps);
	jsonw_number(w, "acted", g->marks.acted);
	jsonw_number(w, "utility", g->utility);
	jsonw_object(w, "references");
	for (unsigned i = 0; i < REFERENCE_COUNT; i++) {
		jsonw_object(w, reference_name(i));
		speeds_to_json(&g->references[i], g->runs, w);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	jsonw_object_end(w);
}

void score_summary_to_json(const struct score_summary *summary, struct jsonw *w, const char *key)
{
	jsonw_array(w, key);
	for (size_t i = 0; i < summary->count; i++)
		group_to_json(&summary->groups[i], w);
	jsonw_array_end(w);
}
