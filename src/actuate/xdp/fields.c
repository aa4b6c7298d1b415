/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields: conditions of rules in, the row of every value of a field out.
 *
 * A range begins and ends at an edge; between two edges nothing changes, so the
 * work goes with the number of rules, not with that of values times rules.
 */
#include "actuate/xdp/fields.h"

#include <netinet/in.h>
#include <stdlib.h>

/* Where a rule begins to match, or no longer does. */
struct edge {
	uint32_t at;
	uint32_t rule;
};

struct sweep {
	struct edge edges[2 * FILTER_RULES];
	size_t count;
	struct bits bits; /* at the value that is reached */
};

static int by_place(const void *a, const void *b)
{
	const struct edge *x = a;
	const struct edge *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static void add_range(struct sweep *s, unsigned rule, uint32_t min, uint32_t max, uint32_t most)
{
	if (min == 0)
		bits_set(&s->bits, rule);
	else
		s->edges[s->count++] = (struct edge){ min, rule };
	if (max < most)
		s->edges[s->count++] = (struct edge){ max + 1, rule };
}

/* @to: a row for each of 0..@most. */
static void run(struct compiling *c, struct sweep *s, uint16_t *to, uint32_t most)
{
	uint32_t value = 0;

	qsort(s->edges, s->count, sizeof(s->edges[0]), by_place);
	for (size_t i = 0; i <= s->count; i++) {
		uint32_t end = i < s->count ? s->edges[i].at : most + 1;
		if (end > value) {
			uint16_t row = rows_put(c->rows, &s->bits);
			while (value < end)
				to[value++] = row;
		}
		if (i < s->count)
			bits_flip(&s->bits, s->edges[i].rule);
	}
}

/* Ports of TCP and UDP, or type and code of ICMP: which of them is the shape's matter. */
static struct xdp_range second_range(const struct xdp_rule *rule)
{
	if (rule->icmp_type < 0)
		return rule->dst_port;
	uint16_t first = (uint16_t)(rule->icmp_type << 8);
	if (rule->icmp_code < 0)
		return (struct xdp_range){ first, first | 255 };
	return (struct xdp_range){ first | (uint16_t)rule->icmp_code,
				   first | (uint16_t)rule->icmp_code };
}

static void compile_ranges(struct compiling *c)
{
	struct sweep sport = { 0 };
	struct sweep dport = { 0 };
	struct sweep length = { 0 };
	struct sweep ttl = { 0 };

	for (unsigned i = 0; i < c->count; i++) {
		const struct xdp_rule *rule = c->rules[i];
		struct xdp_range second = second_range(rule);
		add_range(&sport, i, rule->src_port.min, rule->src_port.max, 65535);
		add_range(&dport, i, second.min, second.max, 65535);
		add_range(&length, i, rule->length.min, rule->length.max, 65535);
		add_range(&ttl, i, rule->ttl.min, rule->ttl.max, 255);
	}
	run(c, &sport, c->tables->sport, 65535);
	run(c, &dport, c->tables->dport, 65535);
	run(c, &length, c->tables->length, 65535);
	run(c, &ttl, c->tables->ttl, 255);
}

static bool fits_shape(const struct xdp_rule *rule, unsigned shape)
{
	int proto = (int)(shape & 255);
	bool v6 = shape & FILTER_SHAPE_V6;
	bool fragment = shape & FILTER_SHAPE_FRAGMENT;

	if (prefix_is_v4(&rule->dst) == v6 || (rule->proto >= 0 && rule->proto != proto))
		return false;
	if (rule->fragment == (fragment ? XDP_FRAGMENT_NOT : XDP_FRAGMENT_ONLY))
		return false;
	if (rule->fragment == XDP_FRAGMENT_NO_PORTS && (!fragment || (shape & FILTER_SHAPE_L4)))
		return false;
	if (!xdp_rule_has_l4(rule))
		return true;
	if (!(shape & FILTER_SHAPE_L4))
		return false;
	if (rule->flags_mask)
		return proto == IPPROTO_TCP;
	if (rule->icmp_type >= 0)
		return proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

static uint16_t row_of_shape(struct compiling *c, unsigned shape)
{
	struct bits bits = { 0 };

	for (unsigned i = 0; i < c->count; i++) {
		if (fits_shape(c->rules[i], shape))
			bits_set(&bits, i);
	}
	return rows_put(c->rows, &bits);
}

/* Protocols that no rule names, and that have no ports and no types, are all alike. */
static void compile_shapes(struct compiling *c)
{
	bool named[256] = { [IPPROTO_TCP] = true,
			    [IPPROTO_UDP] = true,
			    [IPPROTO_ICMP] = true,
			    [IPPROTO_ICMPV6] = true };

	for (unsigned i = 0; i < c->count; i++) {
		if (c->rules[i]->proto >= 0)
			named[c->rules[i]->proto] = true;
	}
	for (unsigned kind = 0; kind < FILTER_SHAPES; kind += 256) {
		int other = -1;
		for (unsigned proto = 0; proto < 256; proto++) {
			uint16_t *to = &c->tables->shape[kind | proto];
			if (named[proto] || other < 0)
				*to = row_of_shape(c, kind | proto);
			else
				*to = (uint16_t)other;
			if (!named[proto])
				other = *to;
		}
	}
}

static void compile_flags(struct compiling *c)
{
	struct bits any = c->all;
	unsigned asking[FILTER_RULES];
	unsigned count = 0;

	for (unsigned i = 0; i < c->count; i++) {
		if (c->rules[i]->flags_mask) {
			bits_flip(&any, i);
			asking[count++] = i;
		}
	}
	for (unsigned flags = 0; flags < 256; flags++) {
		struct bits bits = any;
		for (unsigned k = 0; k < count; k++) {
			const struct xdp_rule *rule = c->rules[asking[k]];
			if ((flags & rule->flags_mask) == rule->flags)
				bits_set(&bits, asking[k]);
		}
		c->tables->flags[flags] = rows_put(c->rows, &bits);
	}
}

static void compile_sets(struct compiling *c)
{
	static const struct bits none;
	struct bits any = none;

	c->tables->by_set = 0;
	for (unsigned i = 0; i < c->count; i++) {
		if (xdp_rule_has_sets(c->rules[i]))
			c->tables->by_set = 1;
		else
			bits_set(&any, i);
	}
	for (unsigned s = 0; s < FILTER_SETS; s++) {
		struct bits of = any;
		for (unsigned i = 0; c->tables->by_set && i < c->count; i++) {
			if (xdp_rule_has_set(c->rules[i], s))
				bits_set(&of, i);
		}
		c->tables->set[s] = rows_put(c->rows, &of);
	}
}

void fields_compile(struct compiling *c)
{
	compile_ranges(c);
	compile_shapes(c);
	compile_flags(c);
	compile_sets(c);
}
