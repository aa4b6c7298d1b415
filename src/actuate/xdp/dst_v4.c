/* SPDX-License-Identifier: Apache-2.0 */
/* dst_v4: covers laid over the table of /24 and the blocks of a generation. */
#include <errno.h>
#include <stdlib.h>

#include "actuate/xdp/dst.h"
#include "actuate/xdp/dst_work.h"

/* A /24 gets a block that is not the base's, or keeps it. Return: NULL when there is no room. */
static struct xdp_block *own_block(struct dst_laying *l, uint32_t slash24)
{
	uint16_t to = l->g->to24[slash24];
	uint32_t block = to & (FILTER_BLOCK - 1);

	if ((to & FILTER_BLOCK) && block >= l->dst->base_blocks)
		return dst_block_at(l, block);
	if (l->g->blocks == l->dst->block_max) {
		l->err = -WEIR_EFULL;
		return NULL;
	}
	struct xdp_block *own = dst_block_at(l, l->g->blocks);
	if (to & FILTER_BLOCK) {
		*own = *dst_block_at(l, block);
	} else {
		for (int i = 0; i < 256; i++)
			own->to[i] = to ? to : l->dst->otherwise;
	}
	l->g->to24[slash24] = (uint16_t)(FILTER_BLOCK | l->g->blocks++);
	return own;
}

static void lay_hosts(struct dst_laying *l, uint32_t slash24, uint32_t first, uint32_t count)
{
	struct xdp_block *own = own_block(l, slash24);

	for (uint32_t i = first; own && i < first + count; i++)
		own->to[i] = dst_derive(l, own->to[i]);
}

/* Lays the cover over what a prefix within it has of the table. */
static void lay_v4(struct dst_laying *l, const struct prefix *prefix)
{
	struct dst_span span = dst_span(prefix);

	if (!l->err)
		l->err = dst_differs(l->g, span);
	if (l->err)
		return;
	if (prefix->len > 120) {
		lay_hosts(l, span.from, prefix_v4(prefix) & 255, 1U << (128 - prefix->len));
		return;
	}
	uint16_t old = 0;
	uint16_t new = 0;
	for (uint32_t k = span.from; k < span.to && !l->err; k++) {
		uint16_t *at = &l->g->to24[k];
		uint16_t class = *at ? *at : l->dst->otherwise;
		if (class & FILTER_BLOCK) {
			lay_hosts(l, k, 0, 256);
		} else if (class) {
			if (class != old) {
				old = class;
				new = dst_derive(l, old);
			}
			*at = new;
		}
	}
}

void dst_cover_v4(struct dst_laying *l)
{
	const struct dst_family *family = &l->dst->v4;
	const struct prefix *prefix = &l->work->covers[l->cover].prefix;
	size_t i = dst_first_from(family, prefix);

	dst_find_whole(l, family);
	if (dst_container(family, prefix, i) >= 0) {
		lay_v4(l, prefix);
		return;
	}
	for (; i < family->count && prefix_has_ip(prefix, &family->prefixes[i].prefix.ip); i++) {
		const struct dst_prefix *p = &family->prefixes[i];
		if (l->work->whole[p->group] != l->cover + 1 && !l->err)
			lay_v4(l, &p->prefix);
	}
}
