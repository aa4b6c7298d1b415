/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change: what the table shall have and has in, the commands that make it so out.
 *
 * What is as wanted is not touched, so that it counts on. Pure but for memory. Worker thread.
 */
#pragma once

#include "actuate/nft/found.h"
#include "actuate/nft/want.h"

/** What was put into a plan's sets, as listings have no members. */
struct nft_known {
	char chain[NFT_NAME_MAX];
	uint64_t expires_ns;
	struct ip *sources; /**< sorted */
	size_t source_count;
};

/** Of all plans in force; start from zeroes. */
struct nft_memory {
	struct nft_known *plans;
	size_t count;
};

/** Which table, and on which interfaces. */
struct nft_place {
	const char *table;
	const struct config_word *interfaces;
	size_t interface_count;
};

/**
 * nft_change() - the commands of one transaction.
 * @found: `wanted` of all its parts is set
 * @now_ns: on the clock of the plans
 *
 * Return: an array, empty where all is as wanted, owned by the caller; NULL without memory.
 */
json_t *nft_change(const struct nft_place *place, const struct nft_want *want, struct found *found,
		   const struct nft_memory *memory, uint64_t now_ns);

/** nft_remember() - the transaction was taken. Return: 0 or -ENOMEM (nothing is remembered then). */
WEIR_CHECK int nft_remember(struct nft_memory *memory, const struct nft_want *want);

/** nft_remembers() - is that what the sets of these plans, and of no others, were given? */
bool nft_remembers(const struct nft_memory *memory, const struct nft_want *want);

/** nft_known_plan() - by its chain; NULL: it is not remembered. */
const struct nft_known *nft_known_plan(const struct nft_memory *memory, const char *chain);

/** nft_same_time() - less than a second apart, which is as fine as expiries are. */
bool nft_same_time(uint64_t a, uint64_t b);

/** nft_forget() - release the memory; what is in the table is unknown. */
void nft_forget(struct nft_memory *memory);
