/* SPDX-License-Identifier: Apache-2.0 */
/* where: see where.h. */
#include "actuate/gobgp/where.h"

#include <errno.h>
#include <stdlib.h>

/* What holds others comes before them. */
static int by_prefix(const void *left, const void *right)
{
	const struct prefix *a = left;
	const struct prefix *b = right;
	int order = ip_compare(&a->ip, &b->ip);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static void keep_outermost(struct gobgp_where *where)
{
	size_t kept = 0;

	if (where->count)
		qsort(where->list, where->count, sizeof(*where->list), by_prefix);
	for (size_t i = 0; i < where->count; i++) {
		const struct prefix *one = &where->list[i];
		const struct prefix *last = kept ? &where->list[kept - 1] : NULL;
		if (last && last->len <= one->len && prefix_has_ip(last, &one->ip))
			continue;
		where->list[kept++] = *one;
	}
	where->count = kept;
}

int gobgp_where_add(struct gobgp_where *where, const struct config *config)
{
	size_t room = where->count + config->network_count + 1;
	struct prefix *list = realloc(where->list, room * sizeof(*list));

	if (!list)
		return -ENOMEM;
	where->list = list;
	for (size_t i = 0; i < config->network_count; i++)
		list[where->count++] = config->networks[i].prefix;
	keep_outermost(where);
	return 0;
}

void gobgp_where_done(struct gobgp_where *where)
{
	free(where->list);
	*where = (struct gobgp_where){ 0 };
}
