/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dst_base: what is protected in IPv4 in, a table of ours out that each generation copies.
 *
 * Only what changes is written, here and in the generations: the table has
 * 32 MiB, and most of it is nobody's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/xdp/dst.h"
#include "actuate/xdp/dst_work.h"

static bool is_everything(const struct prefix *prefix)
{
	return prefix->len == 96;
}

int dst_differs(struct dst_generation *g, struct dst_span span)
{
	if (g->span_count == g->span_cap) {
		size_t cap = g->span_cap * 2 + 64;
		struct dst_span *spans = realloc(g->spans, cap * sizeof(*spans));
		if (!spans)
			return -ENOMEM;
		g->spans = spans;
		g->span_cap = cap;
	}
	g->spans[g->span_count++] = span;
	return 0;
}

/* The generations have these /24 as they were. */
static void tell_generations(struct dst *dst, const struct dst_family *family)
{
	for (int i = 0; i < 2; i++) {
		struct dst_generation *g = &dst->generations[i];
		for (size_t k = 0; k < family->count && g->has_base; k++) {
			const struct prefix *prefix = &family->prefixes[k].prefix;
			/* Without memory for that all of it is copied. */
			if (!is_everything(prefix) && dst_differs(g, dst_span(prefix)))
				g->has_base = false;
		}
		g->has_blocks = false;
	}
}

static void clear(struct dst *dst, const struct dst_family *family)
{
	for (size_t i = 0; i < family->count; i++) {
		const struct prefix *prefix = &family->prefixes[i].prefix;
		struct dst_span span = dst_span(prefix);
		if (!is_everything(prefix))
			memset(&dst->base24[span.from], 0,
			       (span.to - span.from) * sizeof(*dst->base24));
	}
	dst->base_blocks = 0;
	dst->otherwise = 0;
}

/* Return: the block of a /24, made if it has none; NULL when there is no room. */
static struct xdp_block *block_of(struct dst *dst, uint32_t slash24)
{
	uint16_t to = dst->base24[slash24];

	if (to & FILTER_BLOCK)
		return &dst->base8[to & (FILTER_BLOCK - 1)];
	if (dst->base_blocks == dst->block_max)
		return NULL;
	struct xdp_block *block = &dst->base8[dst->base_blocks];
	for (int i = 0; i < 256; i++)
		block->to[i] = to ? to : dst->otherwise;
	dst->base24[slash24] = (uint16_t)(FILTER_BLOCK | dst->base_blocks++);
	return block;
}

/* Shorter ones come first. */
static int lay(struct dst *dst, const struct dst_prefix *p)
{
	struct dst_span span = dst_span(&p->prefix);

	if (is_everything(&p->prefix)) {
		dst->otherwise = p->group;
		return 0;
	}
	if (p->prefix.len <= 120) {
		for (uint32_t k = span.from; k < span.to; k++)
			dst->base24[k] = p->group;
		return 0;
	}
	struct xdp_block *block = block_of(dst, span.from);
	if (!block)
		return -WEIR_EFULL;
	uint32_t first = prefix_v4(&p->prefix) & 255;
	for (uint32_t k = first; k < first + (1U << (128 - p->prefix.len)); k++)
		block->to[k] = p->group;
	return 0;
}

int dst_base_change(struct dst *dst, const struct dst_family *old)
{
	int err = 0;

	clear(dst, old);
	for (size_t i = 0; i < dst->v4.count && !err; i++)
		err = lay(dst, &dst->v4.prefixes[i]);
	tell_generations(dst, old);
	tell_generations(dst, &dst->v4);
	return err;
}
