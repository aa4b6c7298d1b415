/* SPDX-License-Identifier: Apache-2.0 */
/* score_story: what the scorer keeps of incidents and plans while events come. Inside score_*.c. */
#pragma once

#include "lab/score.h"

#define STORY_ID    64
#define STORY_PLANS 4096

/** An incident, as far as it matters. */
struct story {
	char id[STORY_ID];
	char kind[SCORE_WORD]; /* the last it said */
	bool warned;           /* was warning or critical */
	bool warned_early;     /* before the attack began */
	bool belongs;          /* to the attack: direction and addresses fit, in time */
	bool acted;            /* a plan was applied while it was more than info */
	uint64_t belongs_ns;   /* since when it says so and warns */
	uint64_t closed_ns;
	unsigned vector_count;
	char vectors[SCORE_VECTORS][VECTOR_NAME_MAX]; /* all it ever named */
	json_t *targets;                              /* the latest until the attack's end */
	json_t *machines;                             /* the latest until a minute after onset */
	json_t *stages;
};

/** A plan, as it stood at onset + 10 s, or as it first was if that was later. */
struct story_plan {
	char id[STORY_ID];
	char incident[STORY_ID];
	uint64_t first_ns;
	uint64_t withdrawn_ns;
	json_t *rules;
	json_t *sources; /* of rules with "from_set" */
	/* As it goes on, for score_flaps.c. */
	bool held;         /* was in force at some time, or would have been */
	bool in_force;     /* is, or would be */
	bool acts;         /* as told last: it would hold something back */
	uint64_t asked_ns; /* proposed last */
	uint64_t out_ns;   /* out of force last */
	json_t *latest;    /* rules */
	json_t *about;     /* targets of its incident */
};

struct score {
	const struct score_truth *truth;
	struct story *stories;
	size_t story_count;
	size_t story_room;
	struct story_plan *plans;
	size_t plan_count;
	unsigned flaps;
	unsigned faults;
	uint64_t turned_away;
	uint64_t digest;
	struct score_speed references[REFERENCE_COUNT];
};

/** story_rules_ns() - plans are judged as they stood then: 10 s after the first could be told. */
uint64_t story_rules_ns(const struct score_truth *truth);

/** story_result() - incidents, labels, vectors, targets, machines, the end. */
void story_result(const struct score *score, const struct score_truth *truth,
		  struct score_result *result);

/**
 * story_plan_told() - count it if a plan came back: withdrawn, and in force again.
 * @incident: of the event; may be NULL
 * @what: name of the event
 */
void story_plan_told(struct score *score, struct story_plan *plan, const json_t *incident,
		     const char *what, uint64_t time_ns);

/** story_flaps_result() - how often plans came back, and when the last one of the attack went. */
void story_flaps_result(const struct score *score, const struct score_truth *truth,
			struct score_result *result);

/** story_plans_result() - rules, recall, collateral, what must not be touched. */
void story_plans_result(const struct score *score, const struct score_truth *truth,
			const struct score_population *population, struct score_result *result);
