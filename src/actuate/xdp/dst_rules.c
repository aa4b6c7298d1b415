/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dst_rules: destination prefixes of rules in, classes and a generation's tables out.
 *
 * Covers are walked like prefixes: what contains another comes before it, so a
 * class is made from one that already has the rules of all that contain it.
 */
#include <errno.h>
#include <string.h>

#include "actuate/xdp/dst.h"
#include "actuate/xdp/dst_work.h"
#include "base/hash.h"

#define SLASH24 (1U << 24)

/* The class of what was in @class and is also in the cover. */
uint16_t dst_derive(struct dst_laying *l, uint16_t class)
{
	struct dst_work *work = l->work;
	bool is_group = class <= l->dst->group_max;
	uint16_t group = is_group ? class : work->class_group[class];
	uint32_t key = ((uint32_t) class << 10 | l->cover) + 1;

	if (!class || work->whole[group] == l->cover + 1 ||
	    (!is_group && work->class_cover[class] == l->cover + 1))
		return class;
	uint32_t at = (uint32_t)hash_mix(key, 0x9e3779b97f4a7c15U) & (DST_MEMO - 1);
	for (; work->memo[at].key; at = (at + 1) & (DST_MEMO - 1)) {
		if (work->memo[at].key == key)
			return work->memo[at].class;
	}
	if (work->class_count == FILTER_CLASSES) {
		l->err = -WEIR_EFULL;
		return class;
	}
	struct bits bits =
		is_group ? work->groups[class] : rows_get(l->c->rows, work->class_row[class]);
	bits_add(&bits, &work->covers[l->cover].rules);
	uint16_t made = (uint16_t)work->class_count++;
	work->class_row[made] = rows_put(l->c->rows, &bits);
	work->class_group[made] = group;
	work->class_cover[made] = l->cover + 1;
	work->memo[at].key = key;
	work->memo[at].class = made;
	return made;
}

/* A group that is in the cover with all it has of this family needs no class of its own. */
void dst_find_whole(struct dst_laying *l, const struct dst_family *family)
{
	const struct cover *cover = &l->work->covers[l->cover];
	struct ip last = prefix_last(&cover->prefix);
	size_t low = 0;
	size_t high = family->hull_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (ip_compare(&family->hulls[middle].low, &cover->prefix.ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < family->hull_count; low++) {
		const struct dst_hull *hull = &family->hulls[low];
		if (ip_compare(&hull->low, &last) > 0)
			break;
		if (ip_compare(&hull->high, &last) > 0)
			continue;
		l->work->whole[hull->group] = l->cover + 1;
		bits_add(&l->work->groups[hull->group], &cover->rules);
	}
}

/* The first protected prefix that does not come before the cover. */
size_t dst_first_from(const struct dst_family *family, const struct prefix *prefix)
{
	size_t low = 0;
	size_t high = family->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (prefix_order(&family->prefixes[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The longest protected prefix that contains this one and is shorter; -1: none. */
int32_t dst_container(const struct dst_family *family, const struct prefix *prefix, size_t first)
{
	int32_t i = (int32_t)first - 1;

	while (i >= 0 && !(prefix_has_ip(&family->prefixes[i].prefix, &prefix->ip) &&
			   family->prefixes[i].prefix.len < prefix->len))
		i = family->prefixes[i].parent;
	return i;
}

/* The generation becomes the base again: all of it, or where it was changed. */
static void restore_base(struct dst_laying *l)
{
	const struct dst *dst = l->dst;
	struct dst_generation *g = l->g;

	if (!g->has_base)
		memcpy(g->to24, dst->base24, SLASH24 * sizeof(*g->to24));
	for (uint32_t b = 0; b < dst->base_blocks && !(g->has_base && g->has_blocks); b++)
		*dst_block_at(l, b) = dst->base8[b];
	for (size_t i = 0; g->has_base && i < g->span_count; i++)
		memcpy(&g->to24[g->spans[i].from], &dst->base24[g->spans[i].from],
		       (g->spans[i].to - g->spans[i].from) * sizeof(*g->to24));
	g->span_count = 0;
	g->blocks = dst->base_blocks;
	g->has_base = g->has_blocks = true;
}

static void write_classes(struct dst_laying *l)
{
	struct dst_work *work = l->work;
	struct xdp_class *classes = l->c->tables->classes;

	l->c->tables->otherwise = l->dst->otherwise;
	classes[0] = (struct xdp_class){ 0 };
	for (uint32_t i = 1; i <= l->dst->group_max; i++)
		classes[i] =
			(struct xdp_class){ (uint16_t)i, rows_put(l->c->rows, &work->groups[i]) };
	for (uint32_t i = l->dst->group_max + 1U; i < work->class_count; i++)
		classes[i] = (struct xdp_class){ work->class_group[i], work->class_row[i] };
}

int dst_compile(struct dst *dst, struct compiling *c, uint32_t generation)
{
	struct dst_work *work = dst->work;
	struct dst_laying l = { .dst = dst,
				.work = work,
				.c = c,
				.g = &dst->generations[generation],
				.generation = generation };

	work->cover_count = covers_find(work->covers, c, COVER_DESTINATIONS);
	memset(work->groups, 0, (dst->group_max + 1U) * sizeof(work->groups[0]));
	memset(work->whole, 0, sizeof(work->whole));
	memset(work->memo, 0, sizeof(work->memo));
	work->class_count = dst->group_max + 1U;
	restore_base(&l);
	l.err = dst_start_v6(&l);
	for (; l.cover < work->cover_count && !l.err; l.cover++) {
		if (prefix_is_v4(&work->covers[l.cover].prefix))
			dst_cover_v4(&l);
		else
			dst_cover_v6(&l);
	}
	if (l.err)
		return l.err;
	write_classes(&l);
	return longest_set(&l.g->v6, work->entries, work->entry_count);
}
