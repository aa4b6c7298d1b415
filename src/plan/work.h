/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work: what the parts of synth share: columns, items, candidates, drafts of rules.
 *
 * Only for the files of synth: side.c makes columns, items.c items, mine.c candidates, cover.c
 * chooses, tighten.c narrows, grammar.c and holdout.c turn back, sources.c makes the set.
 */
#pragma once

#include "plan/bitmap.h"
#include "plan/synth.h"

#define NOW_WORDS       (SYNTH_NOW / 64)
#define BASE_WORDS      (SYNTH_BASE / 64)
#define CLEAN_WORDS     (SYNTH_CLEAN / 64)
#define WORK_ITEMS      128
#define WORK_DEPTH      5
#define WORK_NODES      20000
#define WORK_CANDS      4096
#define WORK_SLOTS      8192U /* twice WORK_CANDS */
#define WORK_TOP        5
#define WORK_VALUES     65536 /* that a number of a header can have */
/** Least share of the excess of an item and a set; of what the first rules leave, and of a rule. */
#define WORK_LEAST      0.02
#define WORK_LEAST_REST 0.01

/** Numbers a sample has; a column for each. Order as in enum plan_field, sources left out. */
#define COLUMNS       FIELD_SET
/** In a column: the packet has no such field, so no rule on it matches. */
#define VALUE_NONE    (-1)
/** In a column: not told. Whoever may be innocent counts as matching. */
#define VALUE_ANY     (-2)
/** Flags of several packets: all that any of them had. */
#define VALUE_SEVERAL 0x100

/** One lot of samples as columns, with weights. */
struct side {
	uint32_t count;
	uint32_t cap;
	unsigned words;
	unsigned planes;
	int32_t *column[COLUMNS];
	struct ip *src;
	uint64_t *scope; /**< set of those that are of the scope */
	uint64_t *plane[BITMAP_PLANES];
	uint16_t *weight; /**< the same, a number each */
	bool frames;      /**< some are of sFlow: short packets look padded */
	double total;     /**< weight of all */
	double effective; /**< so many equal samples say as much */
	bool innocent;    /**< what is not told matches */
};

/** A condition on one field. */
struct cond {
	uint8_t field; /**< enum plan_field */
	int32_t min;
	int32_t max;
	struct prefix src; /**< of FIELD_SRC */
};

/** A condition with who meets it; sets hold only samples of the scope. */
struct item {
	struct cond cond;
	double excess; /**< share of what the attack has more of */
	uint64_t now[NOW_WORDS];
	uint64_t base[BASE_WORDS];
};

/** A set of items as the search found it. */
struct cand {
	uint8_t items[WORK_DEPTH];
	uint8_t count;
	bool dead;
	double base_weight;
	double gain; /**< as of what is covered now */
	uint64_t now[NOW_WORDS];
	uint64_t base[BASE_WORDS];
};

/** A rule in the making; at most one condition a field. */
struct draft {
	unsigned fields; /**< bits 1 << enum plan_field */
	struct cond conds[FIELD_COUNT];
	uint64_t now[NOW_WORDS];
	uint64_t base[BASE_WORDS];
};

/** A port that innocent traffic uses much. */
struct service {
	int32_t proto;
	uint8_t field; /**< FIELD_SPORT or FIELD_DPORT */
	int32_t port;
	double share;
};

struct synth {
	const struct synth_input *input;
	struct side now;
	struct side base;
	struct side clean;
	double usual;      /**< usual rate over the rate of now */
	double hits_max;   /**< effective hits of the baseline that the budget allows */
	double collateral; /**< the budget, defaults filled in */
	double stop;
	double clean_max;
	unsigned rules_max;
	double train_total;
	double test_total;
	double support;                  /**< share of the excess that is enough samples to go by */
	double least;                    /**< share of the excess that is worth a look */
	uint64_t train[NOW_WORDS];       /**< the half that rules are made from */
	uint64_t test[NOW_WORDS];        /**< the other half */
	uint64_t train_base[BASE_WORDS]; /**< the half that ranges are cut to */
	uint64_t active[NOW_WORDS];      /**< of `train`, what no rule covers yet */
	uint64_t covered[NOW_WORDS];
	uint64_t covered_base[BASE_WORDS];
	struct service services[WORK_TOP];
	unsigned service_count;
	struct item items[WORK_ITEMS];
	unsigned item_count;
	struct cand *cands;
	unsigned cand_count;
	uint16_t slots[WORK_SLOTS]; /**< candidate plus one; 0: free */
	unsigned nodes;
	bool cut;
	bool prefixes;    /**< source prefixes may be items */
	double *hist_now; /**< a value's weight; zero between uses */
	double *hist_base;
	uint64_t values[WORK_VALUES / 64]; /**< those with a weight; empty between uses */
	uint32_t order[SYNTH_NOW];
	uint64_t clean_set[CLEAN_WORDS];
	unsigned turned_back[SYNTH_WHY_COUNT]; /**< candidates, by why */
	struct draft drafts[PLAN_RULES];
	struct synth_result *result;
};

/** side_open() - columns for up to @cap samples. 0 or -ENOMEM; side_close() in either case. */
WEIR_CHECK int side_open(struct side *side, uint32_t cap, bool innocent);
/** side_close() - harmless when repeated. */
void side_close(struct side *side);
/** side_fill() - samples as columns, those of @scope marked; @scope NULL: all. */
void side_fill(struct side *side, const struct synth_samples *samples,
	       const struct synth_scope *scope);
/** side_weight() - what the samples of @set weigh that are in @within too; NULL: all. */
double side_weight(const struct side *side, const uint64_t *set, const uint64_t *within);
/** side_match() - keep in @set those that meet the condition. */
void side_match(const struct side *side, const struct cond *cond, uint64_t *set);

/** work_share() - share of the samples in `train` (all of them) that are in both sets. */
double work_share(const struct synth *synth, const uint64_t *now, const uint64_t *within);
/** work_excess() - share of the excess, from shares of the rate now and of the baseline. */
double work_excess(const struct synth *synth, double now_share, double base_share);
/** work_base_share() - share of the baseline that is in a set. */
double work_base_share(const struct synth *synth, const uint64_t *base);
/** work_base_new() - likewise, of what no rule covers yet. */
double work_base_new(const struct synth *synth, const uint64_t *base);
/** work_hits() - effective hits of the baseline when @base comes to what is covered. */
double work_hits(const struct synth *synth, const uint64_t *base);
/** work_clean_share() - share of the site's clean traffic that meets the conditions of a draft. */
double work_clean_share(struct synth *synth, const struct draft *draft);

/** items_make() - conditions that much of what is active meets. */
void items_make(struct synth *synth);
/** items_fits() - is a condition narrow enough to be one, and can the data plane do it? */
bool items_fits(const struct synth *synth, const struct cond *cond);
/** items_pad() - packets below the least frame look longer in sFlow: let them in. */
void items_pad(const struct synth *synth, struct cond *cond);
/** items_services() - the ports that the baseline uses most. */
void items_services(struct synth *synth);
/** prefix_items() - source prefixes with much of what is active. */
void prefix_items(struct synth *synth);
/** items_next() - the next value with a weight, from @value on; WORK_VALUES: none. */
int32_t items_next(const struct synth *synth, int32_t value);
/** items_forget() - no value has a weight any more. */
void items_forget(struct synth *synth);
/** items_add() - keep a condition as an item if it has enough of the excess. */
void items_add(struct synth *synth, const struct cond *cond);

/** mine_cands() - closed sets of items. */
void mine_cands(struct synth *synth);
/** cover_pick() - add rules from the candidates until enough is covered. Return: rules added. */
unsigned cover_pick(struct synth *synth);
/** cover_add() - take a draft as a rule if it is safe and holds. */
enum synth_why cover_add(struct synth *synth, const struct draft *draft);
/** cover_enough() - is so much of the excess covered that it is certainly the share asked for? */
bool cover_enough(const struct synth *synth);

/** draft_add() - one more condition; sets shrink. */
void draft_add(struct synth *synth, struct draft *draft, const struct cond *cond);
/** draft_rule() - as a rule of the scope. */
struct plan_rule draft_rule(const struct synth *synth, const struct draft *draft);
/** tighten() - more conditions that cost hardly any of the excess. */
void tighten(struct synth *synth, struct draft *draft);
/** grammar_allows() - is the draft of a form that may be safe? */
bool grammar_allows(struct synth *synth, const struct draft *draft);
/** holdout_agrees() - does the draft do as well on the samples it was not made from? */
bool holdout_agrees(const struct synth *synth, const struct draft *draft);
/** sources_rule() - a rule with the set of sources of what is left, where that is safe. */
void sources_rule(struct synth *synth);
