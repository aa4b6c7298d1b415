/* SPDX-License-Identifier: Apache-2.0 */
/* fold: one pass for each step, over the rows that there are by then. */
#include "tally/fold.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tally/row.h"

/* Rows whose cache misses overlap. */
#define RUN 16

/* Lengths of the steps in the 128-bit form, by family. */
static const uint8_t steps[2][FOLD_STEPS] = { { 128, 64, 56, 48 }, { 128, 120, 116, 112 } };

/* The shortest length of a network that belongs to a step. */
static uint8_t least_of(bool v4, unsigned step)
{
	return step + 1 < FOLD_STEPS ? steps[v4][step + 1] + 1 : 0;
}

int fold_open(struct fold *fold, const struct config *config, size_t rows, uint64_t seed)
{
	size_t slots = 64;

	while (slots < 2 * rows)
		slots *= 2;
	uint32_t *index = calloc(slots, sizeof(*index)); /* banned-ok: at open */
	if (!index)
		return -ENOMEM;
	*fold = (struct fold){ .index = index, .mask = slots - 1, .base = 1, .seed = seed };
	fold_reload(fold, config);
	return 0;
}

void fold_close(struct fold *fold)
{
	free(fold->index);
	memset(fold, 0, sizeof(*fold));
}

void fold_reload(struct fold *fold, const struct config *config)
{
	fold->config = config;
	memset(fold->small, 0, sizeof(fold->small));
	for (size_t i = 0; i < config->network_count; i++) {
		const struct prefix *prefix = &config->networks[i].prefix;
		bool v4 = prefix_is_v4(prefix);
		for (unsigned s = 0; s < FOLD_STEPS; s++) {
			if (prefix->len < steps[v4][s] && prefix->len >= least_of(v4, s))
				fold->small[v4][s] = true;
		}
	}
}

/* Which step a row is of; FOLD_STEPS: none, it is a network's. */
static unsigned step_of(const struct tally *row, bool v4)
{
	unsigned s = 0;

	while (s < FOLD_STEPS && row->len != steps[v4][s])
		s++;
	return s;
}

/* What tells prefix rows apart. */
struct key {
	struct ip host;
	uint64_t word;
	uint32_t vantage;
};

/* A row's key for the prefix of @len around it. */
static struct key key_of(const struct tally *row, uint8_t len)
{
	uint64_t high = len >= 64 ? UINT64_MAX : htobe64(len ? UINT64_MAX << (64 - len) : 0);
	uint64_t low = len <= 64 ? 0 : htobe64(UINT64_MAX << (128 - len));

	return (struct key){ .host = { .w = { row->host.w[0] & high, row->host.w[1] & low } },
			     .word = row_with_len(row_rounded(row_word(row)), len),
			     .vantage = row->vantage };
}

static size_t home_of(const struct fold *fold, const struct key *key)
{
	uint64_t hash = hash_mix(key->host.w[0] ^ key->word ^ 0x9e3779b97f4a7c15U,
				 key->host.w[1] ^ key->vantage ^ fold->seed);

	return (hash ^ hash >> 32) & fold->mask;
}

/* The row in a place of the index; NULL: the place is free. */
static struct tally *row_at(const struct fold *fold, const struct tally_batch *batch, size_t at)
{
	uint32_t number = fold->index[at] - fold->base;

	return number < batch->count ? &batch->rows[number] : NULL;
}

/* Add what @from counted to the key's row, a new one if it has none. Return: false, no room. */
static bool add_to(struct fold *fold, struct tally_batch *batch, const struct key *key,
		   const struct tally *from, size_t max)
{
	size_t at = home_of(fold, key);

	for (struct tally *row; (row = row_at(fold, batch, at)); at = (at + 1) & fold->mask) {
		if (row_word(row) == key->word && row->vantage == key->vantage &&
		    ip_equal(&row->host, &key->host)) {
			row_add(row, from);
			return true;
		}
	}
	if (batch->count >= max) {
		fold->turned_away++;
		return false;
	}
	fold->index[at] = fold->base + (uint32_t)batch->count;
	struct tally *row = &batch->rows[batch->count++];
	*row = (struct tally){ .host = key->host, .vantage = key->vantage };
	row_set_word(row, key->word);
	row_add(row, from);
	return true;
}

/* The configured networks that are larger than a row's step and smaller than the next. */
static void add_to_networks(struct fold *fold, struct tally_batch *batch, const struct tally *row,
			    uint8_t least, size_t max)
{
	const struct config_network *networks = fold->config->networks;
	const struct config_network *n = config_network_of(fold->config, &row->host);

	for (; n && n->prefix.len >= least; n = n->parent ? &networks[n->parent - 1] : NULL) {
		if (n->prefix.len >= row->len)
			continue;
		struct key key = key_of(row, n->prefix.len);
		(void)add_to(fold, batch, &key, row, max);
	}
}

/* A row on its way up. */
struct lift {
	struct key key;
	size_t home;
	uint8_t step; /* FOLD_STEPS: nowhere */
	bool v4;
};

static void aim(const struct fold *fold, const struct tally *row, struct lift *lift)
{
	lift->v4 = ip_is_v4(&row->host);
	lift->step = (uint8_t)step_of(row, lift->v4);
	if (lift->step >= FOLD_STEPS - 1)
		return;
	lift->key = key_of(row, steps[lift->v4][lift->step + 1]);
	lift->home = home_of(fold, &lift->key);
	__builtin_prefetch(&fold->index[lift->home], 1);
}

/* The last row that a step's sums may take: small prefixes leave some to larger ones. */
static size_t limit_of(size_t first, size_t max, unsigned step)
{
	return max - (max - first) / 8 * (FOLD_STEPS - 2 - step);
}

static void lift_row(struct fold *fold, struct tally_batch *batch, const struct tally *row,
		     const struct lift *lift, const size_t first_max[2])
{
	struct key key = lift->key;
	unsigned step = lift->step;

	if (fold->small[lift->v4][step])
		add_to_networks(fold, batch, row, least_of(lift->v4, step), first_max[1]);
	if (step == FOLD_STEPS - 1)
		return;
	while (!add_to(fold, batch, &key, row, limit_of(first_max[0], first_max[1], step)) &&
	       ++step < FOLD_STEPS - 1)
		key = key_of(row, steps[lift->v4][step + 1]);
}

/* As if nothing were in the index: what it says is then beyond the rows there are. */
static void forget(struct fold *fold, size_t rows, size_t most)
{
	fold->base += (uint32_t)rows;
	if (fold->base < UINT32_MAX - 2 * (uint32_t)most)
		return;
	memset(fold->index, 0, (fold->mask + 1) * sizeof(*fold->index));
	fold->base = 1;
}

/* Lift the rows of one step, from @at to the end as it is now. */
static void fold_step(struct fold *fold, struct tally_batch *batch, unsigned step, size_t at,
		      const size_t first_max[2])
{
	struct lift lifts[RUN];
	const size_t end = batch->count;

	for (; at < end; at += RUN) {
		size_t n = end - at < RUN ? end - at : RUN;
		for (size_t i = 0; i < n; i++)
			aim(fold, &batch->rows[at + i], &lifts[i]);
		for (size_t i = 0; i < n; i++) {
			if (lifts[i].step == step && step < FOLD_STEPS - 1)
				__builtin_prefetch(row_at(fold, batch, lifts[i].home), 1);
		}
		for (size_t i = 0; i < n; i++) {
			if (lifts[i].step == step)
				lift_row(fold, batch, &batch->rows[at + i], &lifts[i], first_max);
		}
	}
}

void fold_rows(struct fold *fold, struct tally_batch *batch, size_t max)
{
	const size_t first_max[2] = { batch->count, max };

	/* Step by step, so that each sum is complete before it goes into a larger one. */
	for (unsigned step = 0; step < FOLD_STEPS; step++)
		fold_step(fold, batch, step, step ? first_max[0] : 0, first_max);
	forget(fold, batch->count, batch->cap);
}
