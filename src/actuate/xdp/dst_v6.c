/* SPDX-License-Identifier: Apache-2.0 */
/* dst_v6: covers made entries of the map of longest matches. */
#include <errno.h>
#include <stdlib.h>

#include "actuate/xdp/dst.h"
#include "actuate/xdp/dst_work.h"

/* IPv6: a part of a protected prefix becomes an entry of its own. */
static void add_entry(struct dst_laying *l, int32_t around)
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
					dst_derive(l, (uint16_t)value) };
}

void dst_cover_v6(struct dst_laying *l)
{
	const struct dst_family *family = &l->dst->v6;
	const struct prefix *prefix = &l->work->covers[l->cover].prefix;
	size_t i = dst_first_from(family, prefix);
	int32_t around = dst_container(family, prefix, i);

	dst_find_whole(l, family);
	bool is_itself =
		i < family->count && prefix_order(&family->prefixes[i].prefix, prefix) == 0;
	if (around >= 0 && !is_itself)
		add_entry(l, around);
	for (; i < family->count && prefix_has_ip(prefix, &family->prefixes[i].prefix.ip); i++) {
		uint32_t *value = &l->work->entries[i].value;
		*value = dst_derive(l, (uint16_t)*value);
	}
}

/* Entry i is that of protected prefix i, before what covers add. */
int dst_start_v6(struct dst_laying *l)
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
