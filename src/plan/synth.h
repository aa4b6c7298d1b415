/* SPDX-License-Identifier: Apache-2.0 */
/*
 * synth: samples of an attack and of what is usual in, rules that tell them apart out.
 *
 * What the samples of now have more of than the baseline is mined for closed sets of header values;
 * a greedy cover picks few of them under a budget of innocent traffic; a grammar of what no rule
 * may look like and a hold-out half of the samples turn back what only seems to fit. Unsure gives
 * no rule, and says why. (Closed itemsets: Pasquier et al., ICDT 1999; rules from header fields of
 * sampled flows: IXP Scrubber, SIGCOMM 2022; max-sum intervals: Bentley, CACM 27, 1984.)
 *
 * No clock, no random numbers: the same samples in the same order give the same rules. One thread
 * at a time for each struct synth; memory is taken at open only.
 *
 * Not done: payloads, TCP options, DSCP, ICMP codes (samples do not have them).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/plan.h"
#include "model/sample.h"
#include "plan/profile.h"

/** Most samples that are looked at; of more, one in so many is taken. */
#define SYNTH_NOW     2048
#define SYNTH_BASE    4096
#define SYNTH_CLEAN   65536
/** Most sources of a set. */
#define SYNTH_SOURCES 2048

/** What every rule is held to. */
struct synth_scope {
	uint8_t direction;  /**< enum direction */
	struct prefix own;  /**< inbound: destination of every rule; outbound: source */
	struct prefix peer; /**< outbound: destination of every rule */
};

/** Samples; borrowed for the call. */
struct synth_samples {
	const struct sample *samples;
	size_t count;
};

/** What may be spent; zeroes stand for the defaults. */
struct synth_budget {
	double collateral; /**< upper bound of innocent traffic hit; 0: 0.01 */
	double stop;       /**< share of the attack that is enough; 0: 0.95 */
	double clean;      /**< most of the site's clean traffic that looks like a rule; 0: 0.25 */
	unsigned rules;    /**< 0: 8; never more than PLAN_RULES or the profile's */
};

/** What rules are made from. */
struct synth_input {
	struct synth_scope scope;
	struct synth_samples now;   /**< of the target, since the excess began; innocent ones too */
	struct synth_samples base;  /**< of the target, from before */
	struct synth_samples clean; /**< of the whole site, from before; may be none */
	double now_pps;             /**< rate of the target now */
	double base_pps;            /**< usual rate of it */
	const struct plan_profile *profile;
	struct synth_budget budget;
};

/** Why there is no rule. */
enum synth_why {
	SYNTH_FOUND,      /**< there is one at least */
	SYNTH_FEW,        /**< too few samples of now */
	SYNTH_NO_EXCESS,  /**< the rate is not above what is usual */
	SYNTH_NO_BASE,    /**< too few samples of the baseline to promise the budget */
	SYNTH_NO_FIELDS,  /**< the data plane matches nothing but destinations */
	SYNTH_NO_PATTERN, /**< no header value has enough of the excess */
	SYNTH_INNOCENT,   /**< what the excess has in common, innocent traffic has too */
	SYNTH_GRAMMAR,    /**< only rules of a form that is never safe */
	SYNTH_UNSTABLE,   /**< rules do not hold on the other half of the samples */
	SYNTH_LITTLE,     /**< safe rules stop less than a tenth of the attack */
	SYNTH_WHY_COUNT
};

/** What one rule does. */
struct synth_part {
	double attack_share;     /**< of the excess, 0..1; what earlier rules stop not counted */
	double collateral_share; /**< of the baseline's packets, alone */
	double clean_share;      /**< of the site's clean packets, whoever they go to */
};

/** Rules and forecast. */
struct synth_result {
	enum synth_why why;
	unsigned rule_count;
	struct plan_rule rules[PLAN_RULES]; /**< drop; none overlaps another on purpose */
	struct synth_part parts[PLAN_RULES];
	double attack_share;     /**< of the excess, on the half the rules were not made from */
	double collateral_share; /**< of the baseline's packets */
	double collateral_upper; /**< upper 95 % bound of it */
	unsigned source_count;   /**< sources of the rule with from_set */
	struct ip sources[SYNTH_SOURCES];
	unsigned nodes;   /**< sets of items looked at */
	unsigned outside; /**< samples of now that are not of the scope */
	bool cut;         /**< a limit ended the search before its end */
};

struct synth;

/** synth_open() - take all memory (about 8 MB). @ret_synth: owned by the caller. 0 or -ENOMEM. */
WEIR_CHECK int synth_open(struct synth **ret_synth);

/** synth_close() - NULL is fine. */
void synth_close(struct synth *synth);

/**
 * synth_rules() - find rules that stop the excess and little else.
 * @input: borrowed; the order of samples should be that of time
 * @ret_result: overwritten as a whole; without rules, `why` says why
 */
void synth_rules(struct synth *synth, const struct synth_input *input,
		 struct synth_result *ret_result);

/** synth_why_text() - the reason in words for people; static. */
const char *synth_why_text(enum synth_why why);

/** synth_to_plan() - put rules and forecast into a plan; id, level and times are left alone. */
void synth_to_plan(const struct synth_result *result, struct plan *plan);
