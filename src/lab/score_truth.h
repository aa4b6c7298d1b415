/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_truth: the text of truth.json in, what really happened out.
 *
 * Members that the maker counts while it runs are missing until it is done. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/oracle.h"
#include "lab/score_prefixes.h"
#include "model/finding.h"
#include "model/flow.h"

#define SCORE_ATTACKS 4
#define SCORE_LIMITS  16
#define SCORE_VECTORS 16
#define SCORE_WORD    32

/** A class in which the attack may be found, and how fast. */
struct score_limit {
	char class[SCORE_WORD];
	struct oracle_case rates;
};

/** One attack. */
struct score_attack {
	enum direction direction;
	char label[SCORE_WORD]; /**< "flood", "carpet", "campaign", … */
	struct score_prefixes targets;
	struct score_prefixes machines; /**< own hosts that take part */
	struct score_prefixes sampled;  /**< those of them with a sample in the first minute */
	struct score_prefixes never_block;
	unsigned vector_count;
	char vectors[SCORE_VECTORS][VECTOR_NAME_MAX];
	unsigned limit_count;
	struct score_limit limits[SCORE_LIMITS];
};

/** A run. */
struct score_truth {
	char scenario[SCORE_WORD];
	char mode[SCORE_WORD];
	char family[SCORE_WORD];
	char fault[SCORE_WORD];
	bool benign;
	bool complete; /**< the maker is done: all members are there */
	uint64_t seed;
	uint64_t sampling;
	uint64_t begin_ns;
	uint64_t onset_ns;
	uint64_t
		first_ns; /**< first packet of it: before the onset where its senders are scattered */
	uint64_t end_ns;    /**< of the attack */
	uint64_t finish_ns; /**< of the telemetry */
	double export_delay_s;
	double cache_delay_s;  /**< of that, what a flow cache holds back; 0 without one */
	unsigned attack_count; /**< 0 or 1 once it is parsed: a run has one onset and one end */
	struct score_attack attacks[SCORE_ATTACKS];
};

/**
 * score_truth_parse() - read it; one with several attacks is refused.
 * @json: zero-terminated
 * @error: gets one line for people on failure
 * @ret_truth: owned by the caller; untouched on failure
 *
 * Return: 0, -WEIR_EFORMAT or -ENOMEM.
 */
WEIR_CHECK int score_truth_parse(const char *json, struct text *error,
				 struct score_truth *ret_truth);

/** score_truth_done() - release; harmless when repeated. */
void score_truth_done(struct score_truth *truth);
