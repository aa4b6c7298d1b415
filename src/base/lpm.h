/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm: longest-prefix match over both families.
 *
 * Built once from a configuration, then only read, by any number of threads.
 * A trie with 8 bits a step and the answer pushed into the leaves; for IPv4 the
 * first step is 16 bits wide, and a bit for each of its slots tells outside
 * addresses, which are most, by one load from the first-level cache.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/** What lpm_find() returns for an address that no prefix holds. */
#define LPM_NONE UINT32_MAX

/** Slots of the first step for IPv4. */
#define LPM_WIDE 65536

/** A step of 8 bits; for lpm.c and the inline look-up alone. */
struct lpm_node {
	/**
	 * Empty (0), a value (value + 1, with the length it was added with beside it), or a
	 * child (LPM_CHILD | index).
	 */
	uint32_t slot[256];
	uint8_t len[256]; /**< keeps a prefix from being overwritten by a shorter, later one */
};

/** What marks a slot as a child. */
#define LPM_CHILD 0x80000000U

/** The table; its parts are for lpm.c and the inline look-up alone. */
struct lpm {
	uint64_t any_v4[LPM_WIDE / 64]; /**< bit: the slot below is not empty */
	uint32_t root_v4[LPM_WIDE];     /**< as lpm_node.slot, below ::ffff:0:0/96 */
	uint8_t root_v4_len[LPM_WIDE];
	uint32_t root_v6;
	struct lpm_node *nodes;
	uint32_t count;
	uint32_t cap;
};

/** lpm_new() - an empty table. NULL when memory is short. */
struct lpm *lpm_new(void);

/** lpm_free() - NULL is fine. */
void lpm_free(struct lpm *lpm);

/**
 * lpm_add() - let a prefix answer @value.
 * @prefix: later and longer prefixes win; the same prefix again replaces
 * @value: below 2^31
 *
 * Return: 0, -ENOMEM, -WEIR_ERANGE for a value too large.
 */
WEIR_CHECK int lpm_add(struct lpm *lpm, const struct prefix *prefix, uint32_t value);

/** Follow the steps of 8 bits from a slot on; @key: what the slot was not chosen by. */
static inline uint32_t lpm_follow(const struct lpm *lpm, uint32_t slot, const uint8_t *key)
{
	while (slot & LPM_CHILD)
		slot = lpm->nodes[slot & ~LPM_CHILD].slot[*key++];
	return slot == 0 ? LPM_NONE : slot - 1;
}

/** lpm_find() - value of the longest prefix around @ip, or LPM_NONE. Any thread. */
static inline uint32_t lpm_find(const struct lpm *lpm, const struct ip *ip)
{
	if (!ip_is_v4(ip))
		return lpm_follow(lpm, LPM_CHILD | lpm->root_v6, ip->b);
	size_t at = (size_t)ip->b[12] << 8 | ip->b[13];
	if (!(lpm->any_v4[at / 64] >> (at % 64) & 1))
		return LPM_NONE;
	return lpm_follow(lpm, lpm->root_v4[at], &ip->b[14]);
}
