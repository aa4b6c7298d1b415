/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_rule: rules of a plan (their JSON) and sampled packets in, who is hit by them out.
 *
 * Packets come from population.csv: some of the attack, some of the innocent to or from the same
 * targets. A new field of rules is one line in score_rule.c. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "lab/packet.h"
#include "lab/score_prefixes.h"

#define SCORE_RULE_NUMBERS 7
#define SCORE_PACKETS_MAX  16384

/** A field that is a number, and what it must be: (value & mask) within first..last. */
struct score_number {
	bool set;
	uint32_t mask;
	uint32_t first;
	uint32_t last;
};

/** One rule, ready to be held against packets. */
struct score_rule {
	struct score_prefixes src; /**< empty: any */
	struct score_prefixes dst; /**< empty: any */
	struct score_number numbers[SCORE_RULE_NUMBERS];
	struct score_prefixes set; /**< sources of its set; empty: any */
	unsigned unknown; /**< members that the scorer does not know: it matches too much */
};

/** Packets of a run; owns its memory. Zeroed: none. */
struct score_population {
	struct lab_packet *packets;
	size_t count;
};

/**
 * score_rule_read() - from the JSON form of a plan's rule.
 * @sources: the plan's, for a rule with `from_set`; may be NULL
 * @ret_rule: owned by the caller; release with score_rule_done()
 *
 * Return: 0 or -ENOMEM.
 */
WEIR_CHECK int score_rule_read(const json_t *json, const json_t *sources,
			       struct score_rule *ret_rule);

/** score_rule_done() - release; harmless when repeated. */
void score_rule_done(struct score_rule *rule);

/** score_rule_matches() - does the rule hold the packet back? */
bool score_rule_matches(const struct score_rule *rule, const struct lab_packet *packet);

/**
 * score_population_read() - the packets of population.csv, those of the attack's time.
 * @csv: with its head line; zero-terminated; written to
 * @ret_population: owned by the caller; untouched on failure
 *
 * Lines that are not understood are passed over. Return: 0, -WEIR_EFORMAT for no head line,
 * -ENOMEM.
 */
WEIR_CHECK int score_population_read(char *csv, struct score_population *ret_population);

/** score_population_done() - release; harmless when repeated. */
void score_population_done(struct score_population *population);

/** score_population_share() - share of the packets of one origin that any of the rules matches. */
double score_population_share(const struct score_population *population, enum lab_origin origin,
			      const struct score_rule *rules, size_t rule_count);
