/* SPDX-License-Identifier: Apache-2.0 */
/* score_story: the stories of a run and the truth in, what was right about them out. */
#include "lab/score_story.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* The end shall be told within this, and the exporter's delay. */
#define EXIT_S        90.0
/* Rounding apart, the same addresses. */
#define TARGETS_RIGHT 0.999
#define HOST_PREFIX   128

/* The first of the attack's incidents; NULL: it was missed. */
static const struct story *first_of(const struct score *score)
{
	const struct story *first = NULL;

	for (size_t i = 0; i < score->story_count; i++) {
		const struct story *story = &score->stories[i];
		if (story->belongs && (!first || story->belongs_ns < first->belongs_ns))
			first = story;
	}
	return first;
}

static double after_s(uint64_t time_ns, uint64_t since_ns)
{
	return ((double)time_ns - (double)since_ns) / NS_PER_S;
}

static void count_all(const struct score *score, struct score_result *result)
{
	for (size_t i = 0; i < score->story_count; i++) {
		const struct story *story = &score->stories[i];
		result->incidents += story->belongs;
		result->infos += !story->warned;
		result->weir.false_alarms += story->warned && !story->belongs;
		result->benign_acted |= story->acted && !story->belongs;
	}
	result->faults = score->faults;
	result->turned_away = score->turned_away;
	result->digest = score->digest;
}

static bool names_vector(const struct score *score, const char *vector)
{
	for (size_t i = 0; i < score->story_count; i++) {
		const struct story *story = &score->stories[i];
		for (unsigned n = 0; story->belongs && n < story->vector_count; n++) {
			if (strcmp(story->vectors[n], vector) == 0)
				return true;
		}
	}
	return false;
}

static bool names_vectors(const struct score *score, const struct score_attack *attack)
{
	for (unsigned i = 0; i < attack->vector_count; i++) {
		if (!names_vector(score, attack->vectors[i]))
			return false;
	}
	return true;
}

/* Lists of all incidents of the attack together; what finds no memory is missing. */
static void gather(const struct score *score, bool machines, struct score_prefixes *list)
{
	int err = 0;

	for (size_t i = 0; i < score->story_count && !err; i++) {
		const struct story *story = &score->stories[i];
		if (story->belongs)
			err = score_prefixes_add(list, machines ? story->machines : story->targets);
	}
	score_prefixes_widen(list);
}

static void judge_targets(const struct score *score, const struct score_attack *attack,
			  struct score_result *result)
{
	struct score_prefixes named = { 0 };

	gather(score, false, &named);
	result->targets = score_prefixes_jaccard(&named, &attack->targets);
	result->targets_true = (unsigned)attack->targets.count;
	for (size_t i = 0; i < attack->targets.count; i++) {
		const struct score_prefixes one = { &attack->targets.at[i], 1 };
		result->targets_named += score_prefixes_overlap(&named, &one);
	}
	score_prefixes_done(&named);
}

static bool targets_right(const struct score_attack *attack, const struct score_result *result)
{
	if (strcmp(attack->label, "carpet") == 0 || strcmp(attack->label, "flood") == 0)
		return result->targets > TARGETS_RIGHT;
	return result->targets_named == result->targets_true;
}

static unsigned common(const struct score_prefixes *hosts, const struct score_prefixes *of)
{
	unsigned count = 0;

	for (size_t i = 0; i < hosts->count; i++)
		count += score_prefixes_have(of, &hosts->at[i].ip);
	return count;
}

/* A prefix names no machine. */
static void hosts_only(struct score_prefixes *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].len == HOST_PREFIX)
			list->at[kept++] = list->at[i];
	}
	list->count = kept;
}

static void judge_machines(const struct score *score, const struct score_attack *attack,
			   struct score_result *result)
{
	struct score_prefixes named = { 0 };
	const size_t sampled = attack->sampled.count;

	result->has_machines = attack->machines.count > 0;
	gather(score, true, &named);
	hosts_only(&named);
	result->machines_named = (unsigned)named.count;
	if (sampled)
		result->machine_recall = common(&attack->sampled, &named) / (double)sampled;
	result->machine_precision =
		named.count ? common(&named, &attack->machines) / (double)named.count : 1;
	score_prefixes_done(&named);
}

static void judge_exit(const struct score *score, const struct score_truth *truth,
		       struct score_result *result)
{
	uint64_t last_ns = 0;
	bool early = false;

	result->exited = result->incidents > 0;
	for (size_t i = 0; i < score->story_count; i++) {
		const struct story *story = &score->stories[i];
		if (!story->belongs)
			continue;
		result->exited &= story->closed_ns > 0;
		early |= story->closed_ns < truth->end_ns;
		if (story->closed_ns > last_ns)
			last_ns = story->closed_ns;
	}
	if (!result->exited)
		return;
	result->exit_s = after_s(last_ns, truth->end_ns);
	result->exit_clean = !early && result->exit_s <= EXIT_S + truth->export_delay_s;
}

static void take_stages(const struct story *story, uint64_t onset_ns, struct score_result *result)
{
	const char *name;
	json_t *value;

	json_object_foreach(story->stages, name, value)
	{
		const char *text = json_string_value(value);
		uint64_t time_ns;
		if (!text || time_parse(text, &time_ns) || result->stage_count == SCORE_STAGES)
			continue;
		struct score_stage *stage = &result->stages[result->stage_count++];
		snprintf(stage->name, sizeof(stage->name), "%s", name);
		stage->after_s = after_s(time_ns, onset_ns);
	}
}

/* A benign run may have a name as well, a scan; it is right if it is told and does not warn. */
static void judge_benign(const struct score *score, const struct score_truth *truth,
			 struct score_result *result)
{
	bool says_kinds = false;
	bool right = truth->attack_count == 0;

	for (size_t i = 0; i < score->story_count; i++) {
		const char *kind = score->stories[i].kind;
		says_kinds |= *kind != 0;
		right |= strcmp(kind, result->label) == 0;
		if (*kind && !*result->kind)
			snprintf(result->kind, sizeof(result->kind), "%s", kind);
	}
	result->label_right = result->weir.false_alarms == 0 && (right || !says_kinds);
	result->vectors_right = result->label_right;
}

static void judge_attack(const struct score *score, const struct score_truth *truth,
			 struct score_result *result)
{
	const struct score_attack *attack = &truth->attacks[0];
	const struct story *first = first_of(score);

	if (!first)
		return;
	result->weir.detected = true;
	result->weir.delay_s = after_s(first->belongs_ns, truth->onset_ns);
	/* Found among the first senders, before most of them had begun. */
	if (result->weir.delay_s < 0)
		result->weir.delay_s = 0;
	snprintf(result->kind, sizeof(result->kind), "%s", first->kind);
	take_stages(first, truth->onset_ns, result);
	judge_targets(score, attack, result);
	judge_machines(score, attack, result);
	judge_exit(score, truth, result);
	result->vectors_right = names_vectors(score, attack);
	result->label_right =
		result->vectors_right && (*first->kind ? strcmp(first->kind, attack->label) == 0
						       : targets_right(attack, result));
}

void story_result(const struct score *score, const struct score_truth *truth,
		  struct score_result *result)
{
	count_all(score, result);
	if (truth->benign)
		judge_benign(score, truth, result);
	else
		judge_attack(score, truth, result);
}
