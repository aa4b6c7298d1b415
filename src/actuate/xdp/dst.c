/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dst: prefixes that are protected in, the base of the destination tables out.
 *
 * Prefixes are walked in the order of their addresses, shorter ones first, so
 * that whatever contains another comes before it.
 */
#include "actuate/xdp/dst.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/xdp/dst_work.h"

#define SLASH24 (1U << 24)

void dst_start_empty(struct dst *dst)
{
	dst->generations[0].has_base = dst->generations[1].has_base = true;
}

int dst_open(struct dst *dst, uint32_t block_max)
{
	*dst = (struct dst){ .block_max = block_max };
	dst->base24 = calloc(SLASH24, sizeof(*dst->base24));
	dst->base8 = calloc(block_max, sizeof(*dst->base8));
	dst->work = calloc(1, sizeof(*dst->work));
	return dst->base24 && dst->base8 && dst->work ? 0 : -ENOMEM;
}

static void family_done(struct dst_family *family)
{
	free(family->prefixes);
	free(family->hulls);
	*family = (struct dst_family){ 0 };
}

void dst_done(struct dst *dst)
{
	family_done(&dst->v4);
	family_done(&dst->v6);
	for (int g = 0; g < 2; g++) {
		free(dst->generations[g].spans);
		longest_done(&dst->generations[g].v6);
	}
	if (dst->work)
		free(dst->work->entries);
	free(dst->work);
	free(dst->base8);
	free(dst->base24);
	free(dst->given);
	*dst = (struct dst){ 0 };
}

static int by_address(const void *a, const void *b)
{
	return prefix_order(&((const struct dst_prefix *)a)->prefix,
			    &((const struct dst_prefix *)b)->prefix);
}

static int by_low(const void *a, const void *b)
{
	return ip_compare(&((const struct dst_hull *)a)->low, &((const struct dst_hull *)b)->low);
}

/* Who contains whom; a prefix that is there twice is refused. */
static int find_parents(struct dst_family *family)
{
	int32_t top = -1;

	for (size_t i = 0; i < family->count; i++) {
		struct dst_prefix *p = &family->prefixes[i];
		while (top >= 0 && !prefix_has_ip(&family->prefixes[top].prefix, &p->prefix.ip))
			top = family->prefixes[top].parent;
		if (top >= 0 && family->prefixes[top].prefix.len == p->prefix.len)
			return -EINVAL;
		p->parent = top;
		top = (int32_t)i;
	}
	return 0;
}

static int find_hulls(struct dst_family *family)
{
	uint16_t *place = calloc(FILTER_GROUPS, sizeof(*place)); /* hull + 1 of a group */

	family->hulls = calloc(family->count + 1, sizeof(*family->hulls));
	if (!place || !family->hulls) {
		free(place);
		return -ENOMEM;
	}
	for (size_t i = 0; i < family->count; i++) {
		const struct dst_prefix *p = &family->prefixes[i];
		struct ip high = prefix_last(&p->prefix);
		if (!place[p->group]) {
			family->hulls[family->hull_count++] =
				(struct dst_hull){ p->prefix.ip, high, p->group };
			place[p->group] = (uint16_t)family->hull_count;
		}
		struct dst_hull *hull = &family->hulls[place[p->group] - 1];
		if (ip_compare(&high, &hull->high) > 0)
			hull->high = high;
	}
	free(place);
	qsort(family->hulls, family->hull_count, sizeof(*family->hulls), by_low);
	return 0;
}

static int family_make(struct dst_family *family, const struct xdp_protected *given, size_t count,
		       bool v4)
{
	*family = (struct dst_family){ .prefixes = calloc(count + 1, sizeof(*family->prefixes)) };
	if (!family->prefixes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!given[i].group || given[i].group >= FILTER_GROUPS || given[i].prefix.len > 128)
			return -EINVAL;
		if (prefix_is_v4(&given[i].prefix) == v4)
			family->prefixes[family->count++] =
				(struct dst_prefix){ .prefix = given[i].prefix,
						     .group = given[i].group };
	}
	qsort(family->prefixes, family->count, sizeof(*family->prefixes), by_address);
	int err = find_parents(family);
	return err ? err : find_hulls(family);
}

static void find_group_max(struct dst *dst)
{
	dst->group_max = 0;
	for (size_t i = 0; i < dst->given_count; i++) {
		if (dst->given[i].group > dst->group_max)
			dst->group_max = dst->given[i].group;
	}
}

static bool is_same(const struct dst *dst, const struct xdp_protected *given, size_t count)
{
	if (count != dst->given_count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct xdp_protected *old = &dst->given[i];
		if (!ip_equal(&given[i].prefix.ip, &old->prefix.ip) ||
		    given[i].prefix.len != old->prefix.len || given[i].group != old->group)
			return false;
	}
	return true;
}

/* Return: 0 with the new families and list in place of the old ones, which @ret_old gets. */
static int replace(struct dst *dst, const struct xdp_protected *given, size_t count,
		   struct dst *ret_old)
{
	struct dst fresh = { .given_count = count };
	int err = family_make(&fresh.v4, given, count, true);

	if (!err)
		err = family_make(&fresh.v6, given, count, false);
	if (!err) {
		fresh.given = calloc(count + 1, sizeof(*fresh.given));
		err = fresh.given ? 0 : -ENOMEM;
	}
	if (err) {
		family_done(&fresh.v4);
		family_done(&fresh.v6);
		return err;
	}
	if (count)
		memcpy(fresh.given, given, count * sizeof(*given));
	*ret_old = (struct dst){
		.given = dst->given, .given_count = dst->given_count, .v4 = dst->v4, .v6 = dst->v6
	};
	dst->given = fresh.given;
	dst->given_count = count;
	dst->v4 = fresh.v4;
	dst->v6 = fresh.v6;
	return 0;
}

int dst_protect(struct dst *dst, const struct xdp_protected *given, size_t count)
{
	struct dst old;

	if (is_same(dst, given, count))
		return 0;
	int err = replace(dst, given, count, &old);
	if (err)
		return err;
	err = dst_base_change(dst, &old.v4);
	if (err) {
		struct dst failed = { .given = dst->given, .v4 = dst->v4, .v6 = dst->v6 };
		dst->given = old.given;
		dst->given_count = old.given_count;
		dst->v4 = old.v4;
		dst->v6 = old.v6;
		old = failed;
		/* It had room before. */
		if (dst_base_change(dst, &old.v4))
			dst->given_count = 0;
	}
	find_group_max(dst);
	family_done(&old.v4);
	family_done(&old.v6);
	free(old.given);
	return err;
}
