/* SPDX-License-Identifier: Apache-2.0 */
/* covers: rules in, their different prefixes out. */
#include "actuate/xdp/covers.h"

#include <stdlib.h>

static int by_prefix(const void *a, const void *b)
{
	return prefix_order(&((const struct cover *)a)->prefix, &((const struct cover *)b)->prefix);
}

static uint32_t collect(struct cover *covers, const struct compiling *c, enum cover_end end)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < c->count; i++) {
		const struct xdp_rule *rule = c->rules[i];
		if (end == COVER_SOURCES && !xdp_rule_has_source(rule))
			continue;
		covers[count] =
			(struct cover){ .prefix = end == COVER_SOURCES ? rule->src : rule->dst,
					.entry = -1 };
		bits_set(&covers[count++].rules, i);
	}
	return count;
}

/* Each family by itself: the whole of IPv6 does not contain IPv4 here. */
static void find_parents(struct cover *covers, uint32_t count)
{
	int32_t tops[2] = { -1, -1 };

	for (uint32_t i = 0; i < count; i++) {
		int32_t *top = &tops[prefix_is_v4(&covers[i].prefix)];
		while (*top >= 0 && !prefix_has_ip(&covers[*top].prefix, &covers[i].prefix.ip))
			*top = covers[*top].parent;
		covers[i].parent = *top;
		*top = (int32_t)i;
	}
}

uint32_t covers_find(struct cover *ret_covers, const struct compiling *c, enum cover_end end)
{
	uint32_t count = collect(ret_covers, c, end);
	uint32_t used = 0;

	if (count)
		qsort(ret_covers, count, sizeof(*ret_covers), by_prefix);
	for (uint32_t i = 0; i < count; i++) {
		if (used && by_prefix(&ret_covers[used - 1], &ret_covers[i]) == 0)
			bits_add(&ret_covers[used - 1].rules, &ret_covers[i].rules);
		else
			ret_covers[used++] = ret_covers[i];
	}
	find_parents(ret_covers, used);
	return used;
}
