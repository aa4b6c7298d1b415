/* SPDX-License-Identifier: Apache-2.0 */
/* sets_kernel: members of sets in, what differs put into the engine; and read back. */
#include <errno.h>
#include <stdlib.h>

#include "actuate/xdp/sets.h"

static int by_address(const void *a, const void *b)
{
	return ip_compare(&((const struct set_member *)a)->ip, &((const struct set_member *)b)->ip);
}

/* Members as the engine hands them over. */
struct reading {
	struct sets sets;
	size_t cap;
	bool failed;
};

static void take(void *self, const struct prefix *member, uint16_t set)
{
	struct reading *r = self;

	/* Only hosts are ever put in. */
	if (member->len != 128 || r->failed)
		return;
	if (r->sets.count == r->cap) {
		size_t cap = r->cap * 2 + 256;
		struct set_member *more = realloc(r->sets.members, cap * sizeof(*more));
		r->failed = !more;
		if (!more)
			return;
		r->sets.members = more;
		r->cap = cap;
	}
	r->sets.members[r->sets.count++] = (struct set_member){ member->ip, set };
}

int sets_read(const struct xdp_engine *engine, struct sets *ret_sets)
{
	struct reading r = { 0 };
	int err = xdp_engine_sources(engine, take, &r);

	if (!err && r.failed)
		err = -ENOMEM;
	if (err) {
		sets_done(&r.sets);
		return err;
	}
	if (r.sets.count)
		qsort(r.sets.members, r.sets.count, sizeof(*r.sets.members), by_address);
	*ret_sets = r.sets;
	return 0;
}

static int put(struct xdp_engine *engine, const struct set_member *member)
{
	struct prefix host = prefix_of_host(&member->ip);

	return xdp_engine_sources_add(engine, member->set, &host, 1);
}

/* Those that are new or in another set; @gone: instead, those that are to be in none. */
static int walk(struct xdp_engine *engine, const struct sets *now, const struct sets *next,
		bool gone)
{
	size_t i = 0;
	int err = 0;

	for (size_t k = 0; k < next->count && !err; k++) {
		const struct set_member *want = &next->members[k];
		while (i < now->count && ip_compare(&now->members[i].ip, &want->ip) < 0 && !err) {
			struct prefix host = prefix_of_host(&now->members[i++].ip);
			err = gone ? xdp_engine_sources_remove(engine, &host, 1) : 0;
		}
		bool there = i < now->count && ip_equal(&now->members[i].ip, &want->ip);
		if (!gone && !err && (!there || now->members[i].set != want->set))
			err = put(engine, want);
		i += there;
	}
	for (; gone && i < now->count && !err; i++) {
		struct prefix host = prefix_of_host(&now->members[i].ip);
		err = xdp_engine_sources_remove(engine, &host, 1);
	}
	return err;
}

int sets_apply(struct xdp_engine *engine, const struct sets *now, const struct sets *next)
{
	/* Room first, or a full table could not be changed. */
	int err = walk(engine, now, next, true);

	return err ? err : walk(engine, now, next, false);
}
