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
