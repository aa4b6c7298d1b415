/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_prefixes: lists of prefixes out of JSON, and how much two of them have in common.
 *
 * A bare address is a prefix of one host. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/ip.h"

/** A list; owns its memory. Zeroed: empty. */
struct score_prefixes {
	struct prefix *at;
	size_t count;
};

/** score_prefixes_done() - release; harmless when repeated. */
void score_prefixes_done(struct score_prefixes *list);

/**
 * score_prefixes_add() - add what a value names.
 * @value: borrowed; text, an array of texts, objects with a member "ip", or NULL: nothing
 *
 * What is no prefix is passed over. Return: 0 or -ENOMEM.
 */
WEIR_CHECK int score_prefixes_add(struct score_prefixes *list, const json_t *value);

/** score_prefixes_overlap() - has any of @a an address in common with any of @b? */
bool score_prefixes_overlap(const struct score_prefixes *a, const struct score_prefixes *b);

/** score_prefixes_have() - does a prefix of the list hold the address? */
bool score_prefixes_have(const struct score_prefixes *list, const struct ip *ip);

/** score_prefixes_widen() - sort, and take away what another one contains. */
void score_prefixes_widen(struct score_prefixes *list);

/**
 * score_prefixes_jaccard() - addresses in both by addresses in either, 0..1.
 *
 * Both widened. Return: 1 for two empty lists.
 */
double score_prefixes_jaccard(const struct score_prefixes *a, const struct score_prefixes *b);
