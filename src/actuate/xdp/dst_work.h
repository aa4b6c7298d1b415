/* SPDX-License-Identifier: Apache-2.0 */
/* dst_work: what dst.c and dst_rules.c share: prefixes as ranges, and the memory of a compilation. */
#pragma once

#include "actuate/xdp/covers.h"
#include "actuate/xdp/dst.h"

#define DST_MEMO (4 * FILTER_CLASSES)

/** What is needed while a set is compiled. */
struct dst_work {
	struct cover covers[FILTER_RULES];
	uint32_t cover_count;
	struct bits groups[FILTER_GROUPS];  /**< rules for all of a group */
	uint32_t whole[FILTER_GROUPS];      /**< cover + 1 that has all of it, the last one found */
	uint32_t class_count;               /**< used, groups included */
	uint16_t class_row[FILTER_CLASSES]; /**< of classes behind the groups */
	uint16_t class_group[FILTER_CLASSES]; /**< and their group */
	uint32_t class_cover[FILTER_CLASSES]; /**< and the cover + 1 that made them */
	struct {
		uint32_t key; /* class << 10 | cover, + 1; 0: free */
		uint16_t class;
	} memo[DST_MEMO];
	struct longest_entry *entries; /**< IPv6: what the map is to have */
	size_t entry_count;
	size_t entry_cap;
};

/** prefix_last() - the last address of a prefix. */
static inline struct ip prefix_last(const struct prefix *prefix)
{
	struct ip ip = prefix->ip;
	for (unsigned bit = prefix->len; bit < 128;) {
		if (bit % 8 == 0) {
			ip.b[bit / 8] = 255;
			bit += 8;
		} else {
			ip.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			bit++;
		}
	}
	return ip;
}

/** prefix_v4() - the address of an IPv4 prefix, in host order. */
static inline uint32_t prefix_v4(const struct prefix *prefix)
{
	const uint8_t *b = &prefix->ip.b[12];
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/** One compilation. */
struct dst_laying {
	struct dst *dst;
	struct dst_work *work;
	struct compiling *c;
	struct dst_generation *g;
	uint32_t generation;
	uint32_t cover; /**< the one that is laid */
	int err;
};

/** dst_block_at() - a block of this generation. */
static inline struct xdp_block *dst_block_at(const struct dst_laying *l, uint32_t block)
{
	return &l->g->to8[2 * block + l->generation];
}

/** dst_span() - the /24 that an IPv4 prefix has, or is in. */
static inline struct dst_span dst_span(const struct prefix *prefix)
{
	uint32_t from = prefix_v4(prefix) >> 8;
	return (struct dst_span){ from,
				  from + (prefix->len < 120 ? 1U << (120 - prefix->len) : 1) };
}

/** dst_differs() - there the generation is not the base's copy. Return: 0 or -ENOMEM. */
WEIR_CHECK int dst_differs(struct dst_generation *g, struct dst_span span);

/**
 * dst_base_change() - lay what is protected in IPv4 now.
 * @old: what was
 *
 * Return: 0 or -WEIR_EFULL (more /24 to be told apart than there is room for).
 */
WEIR_CHECK int dst_base_change(struct dst *dst, const struct dst_family *old);

/** dst_derive() - the class of what was in @class and is also in the cover. Sets `err` when full. */
uint16_t dst_derive(struct dst_laying *l, uint16_t class);

/** dst_find_whole() - groups that lie in the cover with all they have need no class of their own. */
void dst_find_whole(struct dst_laying *l, const struct dst_family *family);

/** dst_first_from() - the first protected prefix that does not come before @prefix. */
size_t dst_first_from(const struct dst_family *family, const struct prefix *prefix);

/**
 * dst_container() - the longest protected prefix that contains @prefix and is shorter.
 * @first: of dst_first_from()
 *
 * Return: its index; -1: none.
 */
int32_t dst_container(const struct dst_family *family, const struct prefix *prefix, size_t first);

/** dst_cover_v4() - lay the cover over the tables. */
void dst_cover_v4(struct dst_laying *l);

/** dst_start_v6() - entry i is that of protected prefix i, before covers add to it. */
WEIR_CHECK int dst_start_v6(struct dst_laying *l);

/** dst_cover_v6() - lay the cover over the entries, and add its own. */
void dst_cover_v6(struct dst_laying *l);
