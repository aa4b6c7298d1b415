/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields: from the conditions of rules to the tables of a packet's fields. For the XDP engine alone.
 *
 * Control thread. All but addresses: ports, length, shape, TTL, flags, set.
 */
#pragma once

#include "actuate/xdp/rows.h"
#include "actuate/xdp/rule.h"

/** A set of rules while it is compiled. */
struct compiling {
	const struct xdp_rule *rules[FILTER_RULES]; /**< borrowed; sorted by xdp_rule_compare() */
	uint32_t count;
	struct bits all;
	struct xdp_tables *tables; /**< borrowed; what is written */
	struct rows *rows;         /**< borrowed; started */
};

/** fields_compile() - write the tables of all fields but addresses. Look at rows->full after. */
void fields_compile(struct compiling *c);
