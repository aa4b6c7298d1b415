/* SPDX-License-Identifier: Apache-2.0 */
/* found: the listing of a table in, its chains, sets and rules, to be looked up, out. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** One chain or set. */
struct found_name {
	const char *name; /**< borrowed from the listing */
	bool wanted;      /**< whoever finds it sets this */
};

/** One rule. */
struct found_rule {
	const char *chain; /**< borrowed from the listing */
	const char *comment;
	uint64_t handle;
	uint64_t packets[2]; /**< of its counters; 0 where there is none */
	uint64_t bytes[2];
	bool wanted;
};

/** What a table has. */
struct found {
	json_t *listing; /**< NULL: there is no table */
	struct found_name *chains;
	size_t chain_count;
	struct found_name *sets;
	size_t set_count;
	struct found_rule *rules; /**< sorted by comment */
	size_t rule_count;
};

/**
 * found_read() - understand a listing.
 * @listing: taken over; NULL: there is no table
 * @ret_found: release by found_done(), also after a failure
 *
 * Return: 0, -ENOMEM or -WEIR_EFORMAT (no listing of nft).
 */
WEIR_CHECK int found_read(json_t *listing, struct found *ret_found);

/** found_chain() - by its name; NULL: there is none. */
struct found_name *found_chain(const struct found *found, const char *name);

/** found_set() - likewise. */
struct found_name *found_set(const struct found *found, const char *name);

/** found_rule_in() - by its chain and comment; NULL: there is none. */
struct found_rule *found_rule_in(const struct found *found, const char *chain, const char *comment);

/** found_done() - release the memory and the listing. */
void found_done(struct found *found);
