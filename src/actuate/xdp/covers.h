/* SPDX-License-Identifier: Apache-2.0 */
/*
 * covers: the different prefixes of a rule set, each with its rules. For the XDP engine alone.
 *
 * Control thread. Sorted by address, shorter ones first: what contains another comes before it.
 */
#pragma once

#include "actuate/xdp/fields.h"
#include "base/ip.h"

/** A prefix of rules, once however many rules have it. */
struct cover {
	struct prefix prefix;
	struct bits rules;
	int32_t parent; /**< the next shorter one that contains it; -1: none */
	int32_t entry;  /**< for who walks them; -1 at first */
};

/** Which prefix of a rule. */
enum cover_end { COVER_SOURCES, COVER_DESTINATIONS };

/** covers_find() - @ret_covers: FILTER_RULES; rules for any source have none. Return: how many. */
uint32_t covers_find(struct cover *ret_covers, const struct compiling *c, enum cover_end end);

/** prefix_order() - by address, the shorter one first. */
static inline int prefix_order(const struct prefix *a, const struct prefix *b)
{
	int order = ip_compare(&a->ip, &b->ip);
	return order ? order : a->len - b->len;
}
