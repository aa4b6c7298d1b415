/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dst: where a packet's destination leads: to a group and to the rules about it. For the XDP
 * engine alone.
 *
 * Control thread. What is protected changes seldom and is kept as a base of
 * our own; a rule set is laid over a copy of it. A rule for all of a group costs
 * nothing; one for a part of it makes a class of its own for that part.
 */
#pragma once

#include "actuate/xdp/fields.h"
#include "actuate/xdp/longest.h"

/** One prefix that is protected, and what contains it. */
struct dst_prefix {
	struct prefix prefix;
	int32_t parent; /**< the next shorter one that contains it; -1: none */
	uint16_t group;
};

/** All of a family that belongs to a group lies between these two. */
struct dst_hull {
	struct ip low;
	struct ip high;
	uint16_t group;
};

/** What is protected in one family, sorted by address, shorter prefixes first. */
struct dst_family {
	struct dst_prefix *prefixes;
	size_t count;
	struct dst_hull *hulls; /**< sorted by `low` */
	size_t hull_count;
};

/** A range of /24, by their numbers: [from, to). */
struct dst_span {
	uint32_t from;
	uint32_t to;
};

/** One generation, as the program sees it, and where it differs from the base. */
struct dst_generation {
	uint16_t *to24;        /**< borrowed, mapped; one for each /24 */
	struct xdp_block *to8; /**< borrowed, mapped; this generation's are 2 apart */
	uint32_t blocks;       /**< used */
	bool has_base;         /**< `to24` is the base's copy, but for `spans` */
	bool has_blocks;       /**< and the base's blocks are here */
	struct dst_span *spans;
	size_t span_count;
	size_t span_cap;
	struct longest v6;
};

/** Everything about destinations. */
struct dst {
	struct xdp_protected *given; /**< as it was set, to see whether it changes */
	size_t given_count;
	struct dst_family v4;
	struct dst_family v6;
	uint16_t *base24;   /**< 2^24; 0: `otherwise` */
	uint16_t otherwise; /**< the group of 0.0.0.0/0, which is laid nowhere; 0: not protected */
	struct xdp_block *base8;
	uint32_t base_blocks;
	uint32_t block_max;
	uint16_t group_max; /**< the highest group that is used */
	struct dst_generation generations[2];
	struct dst_work *work; /**< what is needed while a set is compiled */
};

/** dst_open() - @block_max: /24 that can be told apart. Return: 0 or -ENOMEM. Release by dst_done(). */
WEIR_CHECK int dst_open(struct dst *dst, uint32_t block_max);

/** dst_start_empty() - the tables that the program sees are as the kernel made them: all zero. */
void dst_start_empty(struct dst *dst);

/** dst_done() - release the memory; what the program sees stays as it is. */
void dst_done(struct dst *dst);

/**
 * dst_protect() - take over what is protected; nothing changes for the program yet.
 * @given: copied
 *
 * Return: 0, also when it is what was given before; -EINVAL (a group out of
 * range, a prefix twice), -WEIR_EFULL (more /24 to be told apart than there is
 * room for) or -ENOMEM; what was protected before then stays.
 */
WEIR_CHECK int dst_protect(struct dst *dst, const struct xdp_protected *given, size_t count);

/**
 * dst_compile() - lay the rules of a set over the base of a generation that nobody reads.
 * @c: its tables get their classes
 *
 * Return: 0, -WEIR_EFULL, -ENOMEM or what the kernel refused.
 */
WEIR_CHECK int dst_compile(struct dst *dst, struct compiling *c, uint32_t generation);
