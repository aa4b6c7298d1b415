/* SPDX-License-Identifier: Apache-2.0 */
/* mine: items in; the closed sets of them, each with the variant innocent traffic has least, out. */
#include <string.h>

#include "base/hash.h"
#include "plan/work.h"

/* Where the search stands: the sets of samples that meet the items so far. */
struct state {
	uint8_t items[WORK_DEPTH];
	uint8_t count;
	uint64_t now[NOW_WORDS];
	uint64_t base[BASE_WORDS];
};

static uint64_t key_of(const struct synth *synth, const uint64_t *now)
{
	uint64_t key = 1;

	for (unsigned i = 0; i < synth->now.words; i++)
		key = hash_mix(key ^ (now[i] & synth->active[i]), 0x9e3779b97f4a7c15U + i);
	return key;
}

static bool same(const struct synth *synth, const uint64_t *a, const uint64_t *b)
{
	uint64_t differ = 0;

	for (unsigned i = 0; i < synth->now.words; i++)
		differ |= (a[i] ^ b[i]) & synth->active[i];
	return !differ;
}

static void store(struct cand *cand, const struct state *state, double base_weight)
{
	*cand = (struct cand){ .count = state->count, .base_weight = base_weight };
	memcpy(cand->items, state->items, sizeof(cand->items));
	memcpy(cand->now, state->now, sizeof(cand->now));
	memcpy(cand->base, state->base, sizeof(cand->base));
}

/* Keep the set. Return: whether it is worth going on from it. */
static bool keep(struct synth *synth, const struct state *state)
{
	double base_weight = side_weight(&synth->base, state->base, NULL);
	uint64_t at = key_of(synth, state->now) % WORK_SLOTS;

	for (; synth->slots[at]; at = (at + 1) % WORK_SLOTS) {
		struct cand *cand = &synth->cands[synth->slots[at] - 1];
		if (!same(synth, cand->now, state->now))
			continue;
		if (base_weight >= cand->base_weight)
			return false;
		store(cand, state, base_weight);
		return true;
	}
	if (synth->cand_count == WORK_CANDS) {
		synth->cut = true;
		return false;
	}
	store(&synth->cands[synth->cand_count++], state, base_weight);
	synth->slots[at] = (uint16_t)synth->cand_count;
	return true;
}

/* Every rule names a protocol, but for those of fragments. */
static bool may_begin(const struct item *item)
{
	return item->cond.field == FIELD_PROTO || item->cond.field == FIELD_FRAGMENT;
}

/* Calls itself, WORK_DEPTH deep at most. */
static void descend(struct synth *synth, const struct state *above, unsigned first)
{
	unsigned last_field =
		above->count ? synth->items[above->items[above->count - 1]].cond.field : 0;

	for (unsigned i = first; i < synth->item_count; i++) {
		const struct item *item = &synth->items[i];
		struct state state = *above;
		double share;
		if (above->count ? item->cond.field == last_field : !may_begin(item))
			continue;
		if (synth->nodes >= WORK_NODES) {
			synth->cut = true;
			return;
		}
		synth->nodes++;
		bitmap_and(state.now, above->now, item->now, synth->now.words);
		share = work_share(synth, state.now, synth->active);
		if (work_excess(synth, share, 0) < synth->least)
			continue;
		bitmap_and(state.base, above->base, item->base, synth->base.words);
		if (work_excess(synth, share, work_base_new(synth, state.base)) < synth->least)
			continue;
		state.items[state.count++] = (uint8_t)i;
		if (keep(synth, &state) && state.count < WORK_DEPTH)
			descend(synth, &state, i + 1);
	}
}

void mine_cands(struct synth *synth)
{
	struct state root = { 0 };

	memcpy(root.now, synth->now.scope, sizeof(root.now));
	memcpy(root.base, synth->base.scope, sizeof(root.base));
	synth->cand_count = 0;
	memset(synth->slots, 0, sizeof(synth->slots));
	descend(synth, &root, 0);
}
