/* SPDX-License-Identifier: Apache-2.0 */
/* score: events of a replay in, one story for each incident kept for the judging. */
#include "lab/score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "lab/score_story.h"

/* Machines count if they are named within this of the onset. */
#define MACHINES_NS (60 * NS_PER_S)
#define RULES_NS    (10 * NS_PER_S)

static const char *string_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

uint64_t story_rules_ns(const struct score_truth *truth)
{
	return truth->onset_ns + RULES_NS + (uint64_t)(truth->cache_delay_s * NS_PER_S);
}

struct score *score_new(const struct score_truth *truth)
{
	struct score *score = calloc(1, sizeof(*score));

	if (!score)
		return NULL;
	score->truth = truth;
	score->plans = calloc(STORY_PLANS, sizeof(*score->plans));
	if (!score->plans) {
		free(score);
		return NULL;
	}
	return score;
}

void score_free(struct score *score)
{
	if (!score)
		return;
	for (size_t i = 0; i < score->story_count; i++) {
		json_decref(score->stories[i].targets);
		json_decref(score->stories[i].machines);
		json_decref(score->stories[i].stages);
	}
	for (size_t i = 0; i < score->plan_count; i++) {
		json_decref(score->plans[i].rules);
		json_decref(score->plans[i].sources);
		json_decref(score->plans[i].latest);
		json_decref(score->plans[i].about);
	}
	free(score->stories);
	free(score->plans);
	free(score);
}

static struct story *story_find(struct score *score, const char *id)
{
	/* Those that things happen to came late. */
	for (size_t i = score->story_count; i-- > 0;) {
		if (strcmp(score->stories[i].id, id) == 0)
			return &score->stories[i];
	}
	return NULL;
}

static struct story *story_of(struct score *score, const char *id)
{
	struct story *story = story_find(score, id);

	if (story)
		return story;
	if (score->story_count == score->story_room && score->story_room < SCORE_INCIDENTS) {
		size_t room = score->story_room ? score->story_room * 2 : 16;
		struct story *stories = realloc(score->stories, room * sizeof(*stories));
		if (stories) {
			score->stories = stories;
			score->story_room = room;
		}
	}
	if (score->story_count == score->story_room) {
		score->turned_away++;
		return NULL;
	}
	story = &score->stories[score->story_count++];
	*story = (struct story){ 0 };
	snprintf(story->id, sizeof(story->id), "%s", id);
	return story;
}

/* Spoofed sources make outbound traffic look like transit. */
static bool direction_fits(const struct score_attack *attack, const char *direction)
{
	if (attack->direction == DIRECTION_INBOUND || attack->direction == DIRECTION_INTERNAL)
		return strcmp(direction, direction_name(attack->direction)) == 0;
	return strcmp(direction, direction_name(DIRECTION_OUTBOUND)) == 0 ||
	       strcmp(direction, direction_name(DIRECTION_TRANSIT)) == 0;
}

static bool names_any(const json_t *incident, const char *const *keys,
		      const struct score_prefixes *wanted)
{
	struct score_prefixes named = { 0 };
	int err = 0;

	for (; *keys && !err; keys++)
		err = score_prefixes_add(&named, json_object_get(incident, *keys));
	bool found = !err && score_prefixes_overlap(&named, wanted);
	score_prefixes_done(&named);
	return found;
}

static bool is_about(const json_t *incident, const struct score_attack *attack)
{
	static const char *const inbound[] = { "host", "targets", NULL };
	static const char *const targets[] = { "targets", NULL };
	static const char *const machines[] = { "host", "sources", "machines", NULL };

	if (!direction_fits(attack, string_of(incident, "direction")))
		return false;
	if (attack->direction == DIRECTION_INBOUND)
		return names_any(incident, inbound, &attack->targets);
	return names_any(incident, targets, &attack->targets) ||
	       names_any(incident, machines, &attack->machines);
}

static bool is_about_any(const json_t *incident, const struct score_truth *truth)
{
	for (unsigned i = 0; i < truth->attack_count; i++) {
		if (is_about(incident, &truth->attacks[i]))
			return true;
	}
	return false;
}

static void keep(json_t **kept, json_t *value)
{
	if (!json_is_object(value) && json_array_size(value) == 0)
		return;
	json_decref(*kept);
	*kept = json_incref(value);
}

static void add_vectors(struct story *story, const json_t *names)
{
	const json_t *item;
	size_t i;

	json_array_foreach(names, i, item)
	{
		const char *name = json_string_value(item);
		unsigned n = 0;
		while (name && n < story->vector_count && strcmp(story->vectors[n], name) != 0)
			n++;
		if (name && n == story->vector_count && n < SCORE_VECTORS)
			snprintf(story->vectors[story->vector_count++], VECTOR_NAME_MAX, "%s",
				 name);
	}
}

static void take_incident(struct score *score, const json_t *incident, const char *what,
			  uint64_t time_ns)
{
	const struct score_truth *truth = score->truth;
	struct story *story = story_of(score, string_of(incident, "id"));
	const char *kind = string_of(incident, "kind");

	if (!story)
		return;
	if (strcmp(string_of(incident, "severity"), severity_name(SEVERITY_INFO)) != 0) {
		story->warned = true;
		story->warned_early |= truth->attack_count && time_ns < truth->first_ns;
	}
	if (!truth->benign && story->warned && !story->warned_early && !story->belongs &&
	    is_about_any(incident, truth)) {
		story->belongs = true;
		story->belongs_ns = time_ns;
	}
	if (*kind)
		snprintf(story->kind, sizeof(story->kind), "%s", kind);
	if (strcmp(what, "incident.closed") == 0)
		story->closed_ns = time_ns;
	if (time_ns <= truth->end_ns || !story->targets)
		keep(&story->targets, json_object_get(incident, "targets"));
	if (time_ns <= truth->onset_ns + MACHINES_NS) {
		json_t *machines = json_object_get(incident, "machines");
		keep(&story->machines, machines ? machines : json_object_get(incident, "sources"));
	}
	keep(&story->stages, json_object_get(incident, "stages"));
	add_vectors(story, json_object_get(incident, "vectors"));
}

static struct story_plan *plan_of(struct score *score, const char *id)
{
	for (size_t i = score->plan_count; i-- > 0;) {
		if (strcmp(score->plans[i].id, id) == 0)
			return &score->plans[i];
	}
	if (score->plan_count == STORY_PLANS)
		return NULL;
	struct story_plan *plan = &score->plans[score->plan_count++];
	snprintf(plan->id, sizeof(plan->id), "%s", id);
	return plan;
}

/*
 * What it would not put in force by itself stops nothing and costs nothing. In a replay nothing is
 * really in force; live it is, or it is not.
 */
static bool is_acting(const struct score_truth *truth, const json_t *plan)
{
	bool live = strcmp(truth->mode, "live") == 0;

	return (!live && json_object_get(plan, "would")) ||
	       strcmp(string_of(plan, "level"), "observe") != 0;
}

static void take_plan(struct score *score, const json_t *event, const char *what, uint64_t time_ns)
{
	const json_t *json = json_object_get(event, "plan");
	const char *incident = string_of(json, "incident");
	struct story_plan *plan = plan_of(score, string_of(json, "id"));
	struct story *story = story_find(score, incident);

	if (story && strcmp(what, "plan.applied") == 0)
		story->acted |= story->warned;
	if (!plan)
		return;
	if (!plan->rules) {
		plan->first_ns = time_ns;
		snprintf(plan->incident, sizeof(plan->incident), "%s", incident);
	}
	plan->acts = is_acting(score->truth, json);
	keep(&plan->latest, json_object_get(json, "rules"));
	story_plan_told(score, plan, json_object_get(event, "incident"), what, time_ns);
	if (strcmp(what, "plan.withdrawn") != 0 &&
	    (!plan->rules || time_ns <= story_rules_ns(score->truth))) {
		keep(&plan->rules, plan->acts ? plan->latest : NULL);
		keep(&plan->sources, json_object_get(json, "sources"));
	}
}

void score_event(struct score *score, const char *json)
{
	json_t *event = json_loads(json, 0, NULL);
	score->digest = hash_bytes(json, strlen(json), score->digest);
	const char *what = string_of(event, "event");
	const json_t *incident = json_object_get(event, "incident");
	const char *state = string_of(json_object_get(event, "fault"), "state");
	uint64_t time_ns;

	if (event && time_parse(string_of(event, "time"), &time_ns) == 0) {
		if (incident)
			take_incident(score, incident, what, time_ns);
		if (json_object_get(event, "plan"))
			take_plan(score, event, what, time_ns);
		score->faults += strcmp(state, "begun") == 0 || strcmp(state, "noted") == 0;
	}
	json_decref(event);
}

static bool alarm_belongs(const struct score_truth *truth, const struct reference_alarm *alarm)
{
	if (truth->benign || alarm->time_ns < truth->first_ns)
		return false;
	for (unsigned i = 0; i < truth->attack_count; i++) {
		const struct score_attack *attack = &truth->attacks[i];
		bool inbound = attack->direction == DIRECTION_INBOUND;
		if (inbound == (alarm->direction == DIRECTION_INBOUND) &&
		    score_prefixes_have(inbound ? &attack->targets : &attack->machines,
					&alarm->host))
			return true;
	}
	return false;
}

void score_alarm(struct score *score, const struct reference_alarm *alarm)
{
	struct score_speed *speed = &score->references[alarm->kind];

	if (!alarm_belongs(score->truth, alarm)) {
		speed->false_alarms++;
	} else if (!speed->detected) {
		speed->detected = true;
		speed->delay_s =
			alarm->time_ns > score->truth->onset_ns
				? (double)(alarm->time_ns - score->truth->onset_ns) / NS_PER_S
				: 0;
	}
}
