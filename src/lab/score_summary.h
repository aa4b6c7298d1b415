/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_summary: results of many runs in, one row a scenario, mode and sampling rate out.
 *
 * One thread.
 */
#pragma once

#include "base/jsonw.h"
#include "base/text.h"
#include "lab/score.h"

#define SCORE_SEEDS 256

/** Of Weir or a reference, over the seeds. */
struct score_speeds {
	unsigned in_time; /**< runs */
	unsigned detected;
	double delays_s[SCORE_SEEDS]; /**< of the detected, sorted once finished */
	uint64_t false_alarms;
};

/** Runs of one scenario in one mode at one rate, with one fault and family. */
struct score_group {
	struct score_result first; /**< that made the group: names, bound */
	unsigned runs;
	unsigned incidents_right; /**< runs with exactly one */
	unsigned flaps;           /**< of all runs */
	double limit_s;           /**< means over the runs */
	double limit_p95_s;
	struct score_marks marks; /**< sums; means once finished */
	struct score_speeds weir;
	struct score_speeds references[REFERENCE_COUNT];
	bool never_touched;
	double utility; /**< once finished */
};

/** All of them; owns its memory. Zeroed: none. */
struct score_summary {
	struct score_group *groups;
	size_t count;
};

/** score_summary_add() - add a run. Return: 0; -ENOMEM, -WEIR_EFULL for too many seeds. */
WEIR_CHECK int score_summary_add(struct score_summary *summary, const struct score_result *result);

/** score_summary_finish() - all runs are in: make means of sums; once. */
void score_summary_finish(struct score_summary *summary);

/** score_summary_passes() - nothing was done to the innocent in any run. */
bool score_summary_passes(const struct score_summary *summary);

/** score_summary_to_text() - append a table for people. */
void score_summary_to_text(const struct score_summary *summary, struct text *out);

/** score_summary_to_json() - write an array of groups, value of @key. */
void score_summary_to_json(const struct score_summary *summary, struct jsonw *w, const char *key);

/** score_summary_done() - release; harmless when repeated. */
void score_summary_done(struct score_summary *summary);
