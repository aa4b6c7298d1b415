/* SPDX-License-Identifier: Apache-2.0 */
/* lpm: prefixes in, longest match out. Built by one thread, read by many. */
#include "base/lpm.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * A slot is empty (0), a value (value + 1, with the length it was added with
 * beside it), or a child node (CHILD | index). `len` keeps an added prefix from
 * being overwritten by a shorter one that comes later.
 */
#define CHILD 0x80000000U

struct node {
	uint32_t slot[256];
	uint8_t len[256];
};

struct lpm {
	struct node *nodes;
	uint32_t count;
	uint32_t cap;
	uint32_t root_v6;
	uint32_t root_v4; /* below ::ffff:0:0/96 */
};

static int node_add(struct lpm *lpm, uint32_t *ret_index)
{
	if (lpm->count == lpm->cap) {
		uint32_t cap = lpm->cap ? lpm->cap * 2 : 8;
		struct node *nodes = realloc(lpm->nodes, cap * sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		lpm->nodes = nodes;
		lpm->cap = cap;
	}
	lpm->nodes[lpm->count] = (struct node){ 0 };
	*ret_index = lpm->count++;
	return 0;
}

struct lpm *lpm_new(void)
{
	struct lpm *lpm = calloc(1, sizeof(*lpm));

	if (!lpm)
		return NULL;
	if (node_add(lpm, &lpm->root_v6) || node_add(lpm, &lpm->root_v4)) {
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

/* Put a value into every slot of a range, and below, that no longer prefix holds. */
static void fill(struct lpm *lpm, uint32_t at, unsigned first, unsigned count, uint8_t len,
		 uint32_t value)
{
	for (unsigned i = first; i < first + count; i++) {
		struct node *node = &lpm->nodes[at];
		if (node->slot[i] & CHILD) {
			fill(lpm, node->slot[i] & ~CHILD, 0, 256, len, value);
		} else if (node->len[i] <= len) {
			node->slot[i] = value + 1;
			node->len[i] = len;
		}
	}
}

/* The child below a slot, made where there is none; it inherits the slot's value. */
static int descend(struct lpm *lpm, uint32_t at, uint8_t byte, uint32_t *ret_child)
{
	uint32_t child;
	uint32_t slot = lpm->nodes[at].slot[byte];

	if (slot & CHILD) {
		*ret_child = slot & ~CHILD;
		return 0;
	}
	int err = node_add(lpm, &child);
	if (err)
		return err;
	for (unsigned i = 0; i < 256; i++) {
		lpm->nodes[child].slot[i] = slot;
		lpm->nodes[child].len[i] = lpm->nodes[at].len[byte];
	}
	lpm->nodes[at].slot[byte] = CHILD | child;
	*ret_child = child;
	return 0;
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
	fill(lpm, at, first, count, (uint8_t)value_len[1], value_len[0]);
	return 0;
}

int lpm_add(struct lpm *lpm, const struct prefix *prefix, uint32_t value)
{
	/* Stored lengths start at 1, so that an empty slot (0) loses against ::/0 as well. */
	const uint32_t value_len[2] = { value, prefix->len + 1U };

	if (value >= CHILD - 1)
		return -WEIR_ERANGE;
	if (prefix_is_v4(prefix))
		return add_below(lpm, lpm->root_v4, &prefix->ip.b[12], prefix->len - 96U,
				 value_len);
	return add_below(lpm, lpm->root_v6, prefix->ip.b, prefix->len, value_len);
}

uint32_t lpm_find(const struct lpm *lpm, const struct ip *ip)
{
	bool v4 = ip_is_v4(ip);
	uint32_t at = v4 ? lpm->root_v4 : lpm->root_v6;

	for (const uint8_t *key = v4 ? &ip->b[12] : ip->b;; key++) {
		uint32_t slot = lpm->nodes[at].slot[*key];
		if (!(slot & CHILD))
			return slot == 0 ? LPM_NONE : slot - 1;
		at = slot & ~CHILD;
	}
}
