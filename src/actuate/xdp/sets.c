/* SPDX-License-Identifier: Apache-2.0 */
/* sets: sources by plan in, groups that the same plans want out, each with a number. */
#include "actuate/xdp/sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define GROUPS_MAX 1024U
#define TABLE      4096U

/* A source that a plan wants. */
struct want {
	struct ip ip;
	uint32_t plan;
};

/* Sources that the same plans want, and that are in the same set now. */
struct group {
	uint64_t plans; /* hash of which */
	uint16_t was;   /* 0: in none */
	uint16_t set;   /* given to it */
	size_t first;   /* place of one of its sources among the wants */
	size_t wants;   /* how many in a row are of that source */
};

struct making {
	const struct sets *now;
	struct want *wants;
	size_t want_count;
	struct group groups[GROUPS_MAX];
	size_t group_count;
	uint16_t table[TABLE];     /* group + 1 */
	bool taken[FILTER_SETS];   /* by a group */
	bool has_now[FILTER_SETS]; /* members */
	bool merged;               /* what was does not part groups */
};

static int by_address(const void *a, const void *b)
{
	const struct want *x = a;
	const struct want *y = b;
	int order = ip_compare(&x->ip, &y->ip);

	return order ? order : (x->plan > y->plan) - (x->plan < y->plan);
}

static int collect(struct making *m, const struct wanted_set *set, const bool *takes)
{
	size_t total = 0;

	for (size_t i = 0; i < set->count; i++)
		total += takes[i] ? set->plans[i].source_count : 0;
	m->wants = calloc(total + 1, sizeof(*m->wants));
	if (!m->wants)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		for (size_t k = 0; takes[i] && k < set->plans[i].source_count; k++)
			m->wants[m->want_count++] =
				(struct want){ set->plans[i].sources[k], (uint32_t)i };
	}
	qsort(m->wants, m->want_count, sizeof(*m->wants), by_address);
	return 0;
}

/* Return: how many wants from @first on are of one source. */
static size_t run_at(const struct making *m, size_t first, uint64_t *ret_plans)
{
	uint64_t plans = 0;
	size_t i = first;

	for (; i < m->want_count && ip_equal(&m->wants[i].ip, &m->wants[first].ip); i++) {
		if (i == first || m->wants[i].plan != m->wants[i - 1].plan)
			plans = hash_words(plans, m->wants[i].plan, 11);
	}
	*ret_plans = plans;
	return i - first;
}

/* Return: the place of the group, new or old; -1: too many. */
static int group_of(struct making *m, uint64_t plans, uint16_t was, size_t first, size_t wants)
{
	uint32_t at = (uint32_t)hash_words(plans, m->merged ? 0 : was, 12) % TABLE;

	for (; m->table[at]; at = (at + 1) % TABLE) {
		const struct group *g = &m->groups[m->table[at] - 1];
		if (g->plans == plans && (m->merged || g->was == was))
			return m->table[at] - 1;
	}
	if (m->group_count == GROUPS_MAX)
		return -1;
	m->groups[m->group_count] = (struct group){ plans, was, 0, first, wants };
	m->table[at] = (uint16_t)++m->group_count;
	return m->table[at] - 1;
}

/* The set that the source is in; @at goes along as sources come in order. */
static uint16_t set_now(const struct sets *now, const struct ip *ip, size_t *at)
{
	while (*at < now->count && ip_compare(&now->members[*at].ip, ip) < 0)
		++*at;
	return *at < now->count && ip_equal(&now->members[*at].ip, ip) ? now->members[*at].set : 0;
}

/* Puts each source in its group: `set` of @next is the group's place for now. */
static int part(struct making *m, struct sets *next)
{
	uint64_t plans;
	size_t at = 0;

	next->count = m->group_count = 0;
	memset(m->table, 0, sizeof(m->table));
	for (size_t i = 0, wants; i < m->want_count; i += wants) {
		wants = run_at(m, i, &plans);
		uint16_t was = set_now(m->now, &m->wants[i].ip, &at);
		int group = group_of(m, plans, was, i, wants);
		if (group < 0)
			return -WEIR_EFULL;
		next->members[next->count++] =
			(struct set_member){ m->wants[i].ip, (uint16_t)group };
	}
	return 0;
}

/* Another group of the same plans has one, and none of its sources is elsewhere; 0: no. */
static uint16_t shared_set(const struct making *m, const struct group *group)
{
	for (size_t i = 0; i < m->group_count; i++) {
		if (m->groups[i].set && m->groups[i].plans == group->plans)
			return m->groups[i].set;
	}
	return 0;
}

/* One without members is best: rules that are in force may still ask for the others. */
static uint16_t free_set(const struct making *m)
{
	uint16_t found = 0;

	for (uint16_t s = FILTER_SETS - 1; s > 0; s--) {
		if (!m->taken[s] && (!found || !m->has_now[s] || m->has_now[found]))
			found = s;
	}
	return found;
}

static int number(struct making *m)
{
	memset(m->taken, 0, sizeof(m->taken));
	for (size_t i = 0; i < m->group_count; i++) {
		struct group *g = &m->groups[i];
		g->set = g->was && !m->taken[g->was] ? g->was : 0;
		m->taken[g->set] = true;
	}
	for (size_t i = 0; i < m->group_count; i++) {
		struct group *g = &m->groups[i];
		if (g->set)
			continue;
		g->set = shared_set(m, g);
		if (!g->set)
			g->set = free_set(m);
		if (!g->set)
			return -WEIR_EFULL;
		m->taken[g->set] = true;
	}
	return 0;
}

static void finish(const struct making *m, struct sets *next, struct set_mask *masks)
{
	for (size_t i = 0; i < next->count; i++)
		next->members[i].set = m->groups[next->members[i].set].set;
	for (size_t i = 0; i < m->group_count; i++) {
		const struct group *g = &m->groups[i];
		for (size_t k = 0; k < g->wants; k++)
			masks[m->wants[g->first + k].plan].bits[g->set / 64] |= 1ULL << g->set % 64;
	}
}

static int make(struct making *m, const struct wanted_set *set, const bool *takes,
		struct sets *next)
{
	int err = collect(m, set, takes);

	if (err)
		return err;
	next->members = calloc(m->want_count + 1, sizeof(*next->members));
	if (!next->members)
		return -ENOMEM;
	err = part(m, next);
	if (!err)
		err = number(m);
	if (err == -WEIR_EFULL) {
		m->merged = true;
		err = part(m, next);
		if (!err)
			err = number(m);
	}
	return err;
}

int sets_make(const struct sets *now, const struct wanted_set *set, const bool *takes,
	      struct sets *ret_next, struct set_mask *ret_masks)
{
	struct making *m = calloc(1, sizeof(*m));
	struct sets next = { 0 };

	if (!m)
		return -ENOMEM;
	m->now = now;
	for (size_t i = 0; i < now->count; i++)
		m->has_now[now->members[i].set % FILTER_SETS] = true;
	memset(ret_masks, 0, set->count * sizeof(*ret_masks));
	int err = make(m, set, takes, &next);
	if (err)
		sets_done(&next);
	else
		finish(m, &next, ret_masks);
	free(m->wants);
	free(m);
	if (!err)
		*ret_next = next;
	return err;
}

void sets_done(struct sets *sets)
{
	free(sets->members);
	*sets = (struct sets){ 0 };
}
