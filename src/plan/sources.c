/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: what no rule covers in; the set of those that send it out, where that is safe.
 *
 * Forged sources would turn the set against the innocent. So it is only for TCP beyond its first
 * packet, only where most of what is left comes from sources seen three times and more, and never
 * has a source that was seen in the baseline or in the clean traffic of the site.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "plan/work.h"

/* Samples of a source that make it a member. */
#define SEEN      3
/* Share of what is left that must come from such sources. */
#define STEADY    0.5
/* Share of the excess that must be left. */
#define LEFT      0.05
#define PROTO_TCP 6
#define SYN       0x02
#define SYN_ACK   0x12
#define BLOOM     65536

static int source_order(const void *a, const void *b)
{
	return ip_compare(a, b);
}

/* The samples the set may be made from: TCP that a handshake must come before. */
static uint32_t collect(const struct synth *synth, const uint64_t *within, struct ip *sources)
{
	const struct side *now = &synth->now;
	uint32_t n = 0;

	for (uint32_t i = 0; i < now->count; i++) {
		int32_t flags = now->column[FIELD_FLAGS][i];
		if (bitmap_has(within, i) && now->column[FIELD_PROTO][i] == PROTO_TCP &&
		    flags >= 0 && (flags & SYN_ACK) != SYN)
			sources[n++] = now->src[i];
	}
	qsort(sources, n, sizeof(sources[0]), source_order);
	return n;
}

/* Only sources with SEEN samples stay. Return: how many; @ret_samples: samples they have. */
static unsigned steady(struct ip *sources, uint32_t n, uint32_t *ret_samples)
{
	unsigned kept = 0;
	uint32_t samples = 0;

	for (uint32_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && ip_equal(&sources[from], &sources[to]);)
			to++;
		if (to - from < SEEN)
			continue;
		samples += to - from;
		sources[kept++] = sources[from];
	}
	*ret_samples = samples;
	return kept;
}

/* Leave out all that innocent traffic comes from. */
static unsigned remove_known(const struct side *side, struct ip *sources, unsigned count)
{
	uint64_t bloom[BLOOM / 64] = { 0 };
	bool known[SYNTH_SOURCES] = { 0 };
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++)
		bitmap_add(bloom, (uint32_t)(hash_ip(&sources[i], 1) % BLOOM));
	for (uint32_t i = 0; i < side->count; i++) {
		const struct ip *at;
		if (!bitmap_has(bloom, (uint32_t)(hash_ip(&side->src[i], 1) % BLOOM)))
			continue;
		at = bsearch(&side->src[i], sources, count, sizeof(sources[0]), source_order);
		if (at)
			known[at - sources] = true;
	}
	for (unsigned i = 0; i < count; i++) {
		if (!known[i])
			sources[kept++] = sources[i];
	}
	return kept;
}

static void mark_members(const struct synth *synth, const struct ip *sources, unsigned count,
			 struct draft *draft)
{
	for (uint32_t i = 0; i < synth->now.count; i++) {
		if (bitmap_has(draft->now, i) &&
		    !bsearch(&synth->now.src[i], sources, count, sizeof(sources[0]), source_order))
			draft->now[i / 64] &= ~(1UL << (i % 64));
	}
	/* None of the baseline: its sources are no members. */
	memset(draft->base, 0, sizeof(draft->base));
}

static unsigned find_members(struct synth *synth, struct ip *sources)
{
	uint32_t n = collect(synth, synth->active, sources);
	uint32_t samples;
	unsigned count = steady(sources, n, &samples);

	if (samples < STEADY * n)
		return 0;
	count = remove_known(&synth->base, sources, count);
	count = remove_known(&synth->clean, sources, count);
	return count < synth->input->profile->set_max ? count : synth->input->profile->set_max;
}

void sources_rule(struct synth *synth)
{
	struct cond proto = { .field = FIELD_PROTO, .min = PROTO_TCP, .max = PROTO_TCP };
	struct draft draft = { 0 };
	unsigned count;
	enum synth_why why;

	if (!(synth->input->profile->fields & 1U << FIELD_SET) ||
	    synth->input->scope.direction == DIRECTION_OUTBOUND || cover_enough(synth) ||
	    synth->result->rule_count >= synth->rules_max ||
	    work_share(synth, synth->active, NULL) < LEFT)
		return;
	count = find_members(synth, synth->result->sources);
	if (count == 0)
		return;
	memcpy(draft.now, synth->now.scope, sizeof(draft.now));
	memcpy(draft.base, synth->base.scope, sizeof(draft.base));
	draft_add(synth, &draft, &proto);
	draft.fields |= 1U << FIELD_SET;
	mark_members(synth, synth->result->sources, count, &draft);
	why = cover_add(synth, &draft);
	synth->turned_back[why]++;
	synth->result->source_count = why == SYNTH_FOUND ? count : 0;
}
