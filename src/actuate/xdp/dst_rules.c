/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dst_rules: destination prefixes of rules in, classes and a generation's tables out.
 *
 * Covers are walked like prefixes: what contains another comes before it, so a
 * class is made from one that already has the rules of all that contain it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/xdp/dst.h"
#include "actuate/xdp/dst_work.h"
#include "base/hash.h"

#define SLASH24 (1U << 24)

/* One compilation. */
struct laying {
	struct dst *dst;
	struct dst_work *work;
	struct compiling *c;
	struct dst_generation *g;
	uint32_t generation;
	uint32_t cover; /* the one that is laid */
	int err;
};

/* The class of what was in @class and is also in the cover. */
static uint16_t derive(struct laying *l, uint16_t class)
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
static void find_whole(struct laying *l, const struct dst_family *family)
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
static size_t first_from(const struct dst_family *family, const struct prefix *prefix)
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
static int32_t container(const struct dst_family *family, const struct prefix *prefix, size_t first)
{
	int32_t i = (int32_t)first - 1;

	while (i >= 0 && !(prefix_has_ip(&family->prefixes[i].prefix, &prefix->ip) &&
			   family->prefixes[i].prefix.len < prefix->len))
		i = family->prefixes[i].parent;
	return i;
}

static void remember(struct laying *l, uint32_t from, uint32_t to)
{
	struct dst_generation *g = l->g;

	if (g->span_count == g->span_cap) {
		size_t cap = g->span_cap * 2 + 64;
		struct dst_span *spans = realloc(g->spans, cap * sizeof(*spans));
		if (!spans) {
			l->err = -ENOMEM;
			return;
		}
		g->spans = spans;
		g->span_cap = cap;
	}
	g->spans[g->span_count++] = (struct dst_span){ from, to };
}

static struct xdp_block *block_at(const struct laying *l, uint32_t block)
{
	return &l->g->to8[2 * block + l->generation];
}

/* A /24 gets a block that is not the base's, or keeps it. Return: NULL when there is no room. */
static struct xdp_block *own_block(struct laying *l, uint32_t slash24)
{
	uint16_t to = l->g->to24[slash24];
	uint32_t block = to & (FILTER_BLOCK - 1);

	if ((to & FILTER_BLOCK) && block >= l->dst->base_blocks)
		return block_at(l, block);
	if (l->g->blocks == l->dst->block_max) {
		l->err = -WEIR_EFULL;
		return NULL;
	}
	struct xdp_block *own = block_at(l, l->g->blocks);
	if (to & FILTER_BLOCK) {
		*own = *block_at(l, block);
	} else {
		for (int i = 0; i < 256; i++)
			own->to[i] = to;
	}
	l->g->to24[slash24] = (uint16_t)(FILTER_BLOCK | l->g->blocks++);
	return own;
}

static void lay_hosts(struct laying *l, uint32_t slash24, uint32_t first, uint32_t count)
{
	struct xdp_block *own = own_block(l, slash24);

	for (uint32_t i = first; own && i < first + count; i++)
		own->to[i] = derive(l, own->to[i]);
}

/* Lays the cover over what a prefix within it has of the table. */
static void lay_v4(struct laying *l, const struct prefix *prefix)
{
	uint32_t address = prefix_v4(prefix);
	unsigned len = prefix->len - 96U;
	uint32_t from = address >> 8;
	uint32_t to = from + (len <= 24 ? 1U << (24 - len) : 1);

	remember(l, from, to);
	if (l->err)
		return;
	if (len > 24) {
		lay_hosts(l, from, address & 255, 1U << (32 - len));
		return;
	}
	uint16_t old = 0;
	uint16_t new = 0;
	for (uint32_t k = from; k < to && !l->err; k++) {
		uint16_t *at = &l->g->to24[k];
		if (*at & FILTER_BLOCK) {
			lay_hosts(l, k, 0, 256);
		} else if (*at) {
			if (*at != old) {
				old = *at;
				new = derive(l, old);
			}
			*at = new;
		}
	}
}

static void cover_v4(struct laying *l)
{
	const struct dst_family *family = &l->dst->v4;
	const struct prefix *prefix = &l->work->covers[l->cover].prefix;
	size_t i = first_from(family, prefix);

	find_whole(l, family);
	if (container(family, prefix, i) >= 0) {
		lay_v4(l, prefix);
		return;
	}
	for (; i < family->count && prefix_has_ip(prefix, &family->prefixes[i].prefix.ip); i++) {
		const struct dst_prefix *p = &family->prefixes[i];
		if (l->work->whole[p->group] != l->cover + 1 && !l->err)
			lay_v4(l, &p->prefix);
	}
}

/* IPv6: a part of a protected prefix becomes an entry of its own. */
static void add_entry(struct laying *l, int32_t around)
{
	struct dst_work *work = l->work;
	struct cover *cover = &work->covers[l->cover];
	uint32_t value = work->entries[around].value;
	int32_t parent = cover->parent;

	/* A cover that is longer than the protected prefix has what holds here. */
	while (parent >= 0 && work->covers[parent].entry < 0)
		parent = work->covers[parent].parent;
	if (parent >= 0 && work->covers[parent].prefix.len > l->dst->v6.prefixes[around].prefix.len)
		value = work->entries[work->covers[parent].entry].value;
	cover->entry = (int32_t)work->entry_count;
	work->entries[work->entry_count++] =
		(struct longest_entry){ longest_key(&cover->prefix, l->generation),
					derive(l, (uint16_t)value) };
}

static void cover_v6(struct laying *l)
{
	const struct dst_family *family = &l->dst->v6;
	const struct prefix *prefix = &l->work->covers[l->cover].prefix;
	size_t i = first_from(family, prefix);
	int32_t around = container(family, prefix, i);

	find_whole(l, family);
	bool is_itself =
		i < family->count && prefix_order(&family->prefixes[i].prefix, prefix) == 0;
	if (around >= 0 && !is_itself)
		add_entry(l, around);
	for (; i < family->count && prefix_has_ip(prefix, &family->prefixes[i].prefix.ip); i++) {
		uint32_t *value = &l->work->entries[i].value;
		*value = derive(l, (uint16_t)*value);
	}
}

/* Entry i is that of protected prefix i, before what covers add. */
static int start_v6(struct laying *l)
{
	struct dst_work *work = l->work;
	const struct dst_family *family = &l->dst->v6;
	size_t most = family->count + FILTER_RULES;

	if (most > work->entry_cap) {
		struct longest_entry *entries = realloc(work->entries, most * sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		work->entries = entries;
		work->entry_cap = most;
	}
	for (size_t i = 0; i < family->count; i++)
		work->entries[i] = (struct longest_entry){ longest_key(&family->prefixes[i].prefix,
								       l->generation),
							   family->prefixes[i].group };
	work->entry_count = family->count;
	return 0;
}

/* The generation becomes the base again: all of it, or where it was changed. */
static void restore_base(struct laying *l)
{
	const struct dst *dst = l->dst;
	struct dst_generation *g = l->g;

	if (!g->has_base) {
		memcpy(g->to24, dst->base24, SLASH24 * sizeof(*g->to24));
		for (uint32_t b = 0; b < dst->base_blocks; b++)
			*block_at(l, b) = dst->base8[b];
	}
	for (size_t i = 0; g->has_base && i < g->span_count; i++)
		memcpy(&g->to24[g->spans[i].from], &dst->base24[g->spans[i].from],
		       (g->spans[i].to - g->spans[i].from) * sizeof(*g->to24));
	g->span_count = 0;
	g->blocks = dst->base_blocks;
	g->has_base = true;
}

static void write_classes(struct laying *l)
{
	struct dst_work *work = l->work;
	struct xdp_class *classes = l->c->tables->classes;

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
	struct laying l = { .dst = dst,
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
	l.err = start_v6(&l);
	for (; l.cover < work->cover_count && !l.err; l.cover++) {
		if (prefix_is_v4(&work->covers[l.cover].prefix))
			cover_v4(&l);
		else
			cover_v6(&l);
	}
	if (l.err)
		return l.err;
	write_classes(&l);
	return longest_set(&l.g->v6, work->entries, work->entry_count);
}
