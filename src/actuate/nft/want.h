/* SPDX-License-Identifier: Apache-2.0 */
/*
 * want: a wanted set in, the chains, sets and rules that the table of nft shall have out.
 *
 * Each plan has a chain with its rules and, for each family, a gate: a set of
 * the addresses of ours that its rules are about, whose members expire with the
 * plan. What the gate lets in jumps to the chain; so rules, which nft cannot
 * expire, end in the kernel by themselves. Pure but for memory. Worker thread.
 */
#pragma once

#include <jansson.h>

#include "actuate/actuator.h"
#include "actuate/host_rule.h"

#define NFT_NAME_MAX    48
#define NFT_COMMENT_MAX 128

/** One rule. */
struct nft_rule {
	uint64_t sum; /**< of plan, match, and what is done */
	enum host_action action;
	char comment[NFT_COMMENT_MAX]; /**< by which it is found again */
	json_t *expr;
};

/** The gate of one family. */
struct nft_gate {
	char set[NFT_NAME_MAX]; /**< "": no rule of this family */
	char comment[NFT_COMMENT_MAX];
	bool hosts; /**< all members are single addresses */
	struct prefix members[PLAN_RULES];
	unsigned count;
};

/** One plan. */
struct nft_plan {
	size_t place; /**< in the wanted set */
	const struct wanted *wanted;
	bool outbound;
	char chain[NFT_NAME_MAX];
	char sources[2][NFT_NAME_MAX]; /**< sets, by family; "": not asked for */
	struct nft_gate gates[2];      /**< IPv4, IPv6 */
	struct nft_rule rules[PLAN_RULES];
	unsigned rule_count;
};

/** All of the table. */
struct nft_want {
	struct nft_plan *plans;
	size_t count;
};

/** nft_check() - could the plan be put in force? Return: 0, or why not with @why. */
WEIR_CHECK int nft_check(const struct wanted *wanted, struct text *why);

/**
 * nft_want_make() - of all plans that live and can be put in force.
 * @ret_want: borrows from the set; release by nft_want_done()
 * @why: gets a sentence for the first plan that is left out
 *
 * Return: 0 or -ENOMEM.
 */
WEIR_CHECK int nft_want_make(const struct wanted_set *set, struct nft_want *ret_want,
			     struct text *why);

/** nft_want_done() - release the memory. */
void nft_want_done(struct nft_want *want);
