/* SPDX-License-Identifier: Apache-2.0 */
/* lpm: prefixes in, longest match out. Built by one thread, read by many. */
#include "base/lpm.h"

#include <errno.h>
#include <stdlib.h>

static int node_add(struct lpm *lpm, uint32_t *ret_index)
{
	if (lpm->count == lpm->cap) {
		uint32_t cap = lpm->cap ? lpm->cap * 2 : 8;
		struct lpm_node *nodes = realloc(lpm->nodes, cap * sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		lpm->nodes = nodes;
		lpm->cap = cap;
	}
	lpm->nodes[lpm->count] = (struct lpm_node){ 0 };
	*ret_index = lpm->count++;
	return 0;
}

struct lpm *lpm_new(void)
{
	struct lpm *lpm = calloc(1, sizeof(*lpm));

	if (!lpm)
		return NULL;
	if (node_add(lpm, &lpm->root_v6)) {
		lpm_free(lpm);
		return NULL;
	}
	return lpm;
}

void lpm_free(struct lpm *lpm)
{
	if (!lpm)
		return;
	free(lpm->nodes);
	free(lpm);
}

/* One step: so many slots, and the lengths beside them. Good until the next node_add(). */
struct step {
	uint32_t *slot;
	uint8_t *len;
};

static struct step step_of(struct lpm *lpm, uint32_t node)
{
	return (struct step){ lpm->nodes[node].slot, lpm->nodes[node].len };
}

/* Put a value into every slot of a range, and below, that no longer prefix holds. */
static void fill(struct lpm *lpm, struct step step, unsigned first, unsigned count,
		 const uint32_t value_len[2])
{
	for (unsigned i = first; i < first + count; i++) {
		if (step.slot[i] & LPM_CHILD) {
			fill(lpm, step_of(lpm, step.slot[i] & ~LPM_CHILD), 0, 256, value_len);
		} else if (step.len[i] <= value_len[1]) {
			step.slot[i] = value_len[0] + 1;
			step.len[i] = (uint8_t)value_len[1];
		}
	}
}

/* A node that inherits the value of the slot it will hang below. */
static int inherit(struct lpm *lpm, uint32_t slot, uint8_t len, uint32_t *ret_child)
{
	int err = node_add(lpm, ret_child);

	if (err)
		return err;
	struct step child = step_of(lpm, *ret_child);
	for (unsigned i = 0; i < 256; i++) {
		child.slot[i] = slot;
		child.len[i] = len;
	}
	return 0;
}

/* The child below a slot, made where there is none. */
static int descend(struct lpm *lpm, uint32_t at, uint8_t byte, uint32_t *ret_child)
{
	uint32_t slot = lpm->nodes[at].slot[byte];

	if (slot & LPM_CHILD) {
		*ret_child = slot & ~LPM_CHILD;
		return 0;
	}
	int err = inherit(lpm, slot, lpm->nodes[at].len[byte], ret_child);
	if (!err)
		lpm->nodes[at].slot[byte] = LPM_CHILD | *ret_child;
	return err;
}

static int add_below(struct lpm *lpm, uint32_t at, const uint8_t *key, unsigned bits,
		     const uint32_t value_len[2])
{
	while (bits > 8) {
		int err = descend(lpm, at, *key++, &at);
		if (err)
			return err;
		bits -= 8;
	}
	unsigned count = 1U << (8 - bits);
	unsigned first = bits ? *key & (0xffU << (8 - bits)) : 0;
	fill(lpm, step_of(lpm, at), first, count, value_len);
	return 0;
}

static int add_v4(struct lpm *lpm, const uint8_t key[static 4], unsigned bits,
		  const uint32_t value_len[2])
{
	const struct step root = { lpm->root_v4, lpm->root_v4_len };
	unsigned first = (unsigned)key[0] << 8 | key[1];

	if (bits <= 16) {
		fill(lpm, root, first, 1U << (16 - bits), value_len);
	} else {
		uint32_t child = lpm->root_v4[first] & ~LPM_CHILD;
		int err = 0;
		if (!(lpm->root_v4[first] & LPM_CHILD))
			err = inherit(lpm, root.slot[first], root.len[first], &child);
		if (!err)
			err = add_below(lpm, child, &key[2], bits - 16, value_len);
		if (err)
			return err;
		lpm->root_v4[first] = LPM_CHILD | child;
	}
	for (size_t i = first; i < first + (bits < 16 ? 1U << (16 - bits) : 1); i++)
		lpm->any_v4[i / 64] |= (uint64_t)1 << (i % 64);
	return 0;
}

int lpm_add(struct lpm *lpm, const struct prefix *prefix, uint32_t value)
{
	/* Stored lengths start at 1, so that an empty slot (0) loses against ::/0 as well. */
	const uint32_t value_len[2] = { value, prefix->len + 1U };

	if (value >= LPM_CHILD - 1)
		return -WEIR_ERANGE;
	if (prefix_is_v4(prefix))
		return add_v4(lpm, &prefix->ip.b[12], prefix->len - 96U, value_len);
	return add_below(lpm, lpm->root_v6, prefix->ip.b, prefix->len, value_len);
}
