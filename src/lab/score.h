/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score: what happened and what was said about it in, how good that was out.
 *
 * Events of a replay are taken in their JSON form, so that the scorer knows nothing the contract
 * does not say, and members that come later are judged as soon as they are there. A run has one attack
 * at most. Judged is at the end, when the truth is complete. docs/detection.md has the formula. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/jsonw.h"
#include "lab/oracle.h"
#include "lab/reference.h"
#include "lab/score_rule.h"
#include "lab/score_truth.h"

/** Most incidents of a run that are followed. */
#define SCORE_INCIDENTS 65536
#define SCORE_STAGES    8
/** The daemon decides so often. */
#define SCORE_TICK_S    0.1

struct score;

/** The best any detector can do. */
struct score_bound {
	bool known; /**< false: by volume it cannot be found at all */
	char class[SCORE_WORD];
	struct oracle_delay oracle;
	double limit_s;     /**< T_limit: the oracle's mean and the exporter's delay */
	double limit_p95_s; /**< the same of its 95th percentile */
	double in_time_s;   /**< within this is detected: max(10 s, 5 T_limit) */
};

/** What is measured alike of Weir and the references. */
struct score_speed {
	bool detected;
	bool in_time;
	double delay_s; /**< from onset; if detected */
	uint64_t false_alarms;
};

/** A moment that incidents tell themselves. */
struct score_stage {
	char name[SCORE_WORD];
	double after_s; /**< from the true onset */
};

/** What the utility is made of; of one run all but the first two are 0 or 1, or shares. */
struct score_marks {
	bool benign;
	double delay_ratio; /**< negative: there is none */
	double in_time;
	double recall;
	double collateral;
	double label;
	double exit;
	double confirmed; /**< benign: an incident was more than info */
	double acted;     /**< benign: and something was done */
};

/** How good it was. */
struct score_result {
	char scenario[SCORE_WORD];
	char mode[SCORE_WORD];
	char family[SCORE_WORD];
	char fault[SCORE_WORD];
	char label[SCORE_WORD]; /**< the right one; "" in benign runs without any */
	bool benign;
	uint64_t seed;
	uint64_t sampling;
	double export_delay_s;
	struct score_bound bound;
	struct score_speed weir;
	struct score_speed references[REFERENCE_COUNT];
	unsigned stage_count;
	struct score_stage stages[SCORE_STAGES];
	char kind[SCORE_WORD]; /**< that the incident said; "" if it says none */
	bool label_right;
	bool vectors_right;
	unsigned incidents; /**< that belong to the attack; 1 is right */
	unsigned infos;     /**< that never were more than info */
	unsigned faults;    /**< of the telemetry, begun or noted */
	double targets;     /**< Jaccard index of the addresses named and the true ones */
	unsigned targets_named;
	unsigned targets_true;
	bool has_machines;        /**< the attack has own machines to be named */
	double machine_recall;    /**< of those that had a sample within a minute */
	double machine_precision; /**< 1 if none is named */
	unsigned machines_named;
	bool exit_clean;
	bool exited;
	double exit_s; /**< from the end of the attack until the last incident was closed */
	unsigned rules;
	unsigned rule_members_unknown;
	unsigned flaps;    /**< plans, or rules of them, that were withdrawn and came back */
	unsigned acting;   /**< plans of the attack that were, or would have been, in force */
	bool withdrawn;    /**< all of these were */
	double withdraw_s; /**< from the end of the attack until the last of them was */
	double recall;     /**< share of the attack that the plan's rules match at onset + 10 s */
	double collateral;
	uint64_t population;  /**< packets that recall and collateral rest on */
	bool benign_acted;    /**< a plan was applied against what is no attack */
	bool never_touched;   /**< a rule names a source that must not be blocked */
	uint64_t turned_away; /**< incidents that found no room */
	uint64_t digest;      /**< of all events: the same input gives the same one */
	double utility;
};

/**
 * score_new() - nothing said yet.
 * @truth: borrowed until score_free(); need not be complete
 *
 * Return: NULL without memory.
 */
struct score *score_new(const struct score_truth *truth);

/** score_free() - NULL is fine. */
void score_free(struct score *score);

/** score_event() - take one event, as event_to_json() writes it; others are passed over. */
void score_event(struct score *score, const char *json);

/** score_alarm() - take an alarm of a reference. */
void score_alarm(struct score *score, const struct reference_alarm *alarm);

/**
 * score_judge() - all events are in.
 * @truth: complete by now
 * @population: may be empty; then recall and collateral are 0
 */
void score_judge(const struct score *score, const struct score_truth *truth,
		 const struct score_population *population, struct score_result *ret_result);

/** score_bound() - the least delay among the limits of the first attack. */
void score_bound(const struct score_truth *truth, struct score_bound *ret_bound);

/** score_marks() - of one run. */
struct score_marks score_marks(const struct score_result *result);

/** score_utility() - the formula of the design, for one run or for means over several. */
double score_utility(const struct score_marks *marks);

/** score_delay_ratio() - delay by (T_limit + tick). */
double score_delay_ratio(const struct score_bound *bound, double delay_s);

/** score_result_to_json() - write it as an object, value of @key. */
void score_result_to_json(const struct score_result *result, struct jsonw *w, const char *key);

/** score_result_to_text() - append one line for people. */
void score_result_to_text(const struct score_result *result, struct text *out);
