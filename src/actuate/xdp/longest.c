/* SPDX-License-Identifier: Apache-2.0 */
/* longest: wanted entries in, the fewest writes to the kernel's map out. */
#include "actuate/xdp/longest.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct xdp_lpm_key longest_key(const struct prefix *prefix, uint32_t generation)
{
	struct xdp_lpm_key key = { .bits = 32U + prefix->len, .tag = generation | 2 };

	if (prefix_is_v4(prefix)) {
		key.bits -= 96;
		key.tag = generation;
		memcpy(key.addr, &prefix->ip.b[12], 4);
	} else {
		memcpy(key.addr, prefix->ip.b, 16);
	}
	return key;
}

static int by_key(const void *a, const void *b)
{
	const struct xdp_lpm_key *x = &((const struct longest_entry *)a)->key;
	const struct xdp_lpm_key *y = &((const struct longest_entry *)b)->key;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	int order = memcmp(x->addr, y->addr, sizeof(x->addr));
	return order ? order : (x->bits > y->bits) - (x->bits < y->bits);
}

static int reserve(struct longest *l, size_t count)
{
	if (count <= l->cap)
		return 0;
	size_t cap = count + count / 2 + 64;
	struct longest_entry *entries = realloc(l->entries, cap * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	l->entries = entries;
	l->cap = cap;
	return 0;
}

int longest_adopt(struct longest *l, int fd, uint32_t generation)
{
	struct xdp_lpm_key key;
	const struct xdp_lpm_key *before = NULL;

	*l = (struct longest){ .fd = fd };
	while (!bpf_map_get_next_key(fd, before, &key)) {
		uint32_t value;
		before = &key;
		if ((key.tag & 1) != generation || bpf_map_lookup_elem(fd, &key, &value))
			continue;
		int err = reserve(l, l->count + 1);
		if (err)
			return err;
		l->entries[l->count++] = (struct longest_entry){ key, value };
	}
	if (l->count)
		qsort(l->entries, l->count, sizeof(l->entries[0]), by_key);
	return 0;
}

/* First what goes, so that there is room for what comes. */
static int take_out(struct longest *l, const struct longest_entry *wanted, size_t count)
{
	size_t w = 0;

	for (size_t i = 0; i < l->count; i++) {
		while (w < count && by_key(&wanted[w], &l->entries[i]) < 0)
			w++;
		if (w < count && by_key(&wanted[w], &l->entries[i]) == 0)
			continue;
		if (bpf_map_delete_elem(l->fd, &l->entries[i].key) && errno != ENOENT)
			return -errno;
		l->written++;
	}
	return 0;
}

static int put_in(struct longest *l, const struct longest_entry *wanted, size_t count)
{
	size_t i = 0;

	for (size_t w = 0; w < count; w++) {
		while (i < l->count && by_key(&l->entries[i], &wanted[w]) < 0)
			i++;
		if (i < l->count && by_key(&l->entries[i], &wanted[w]) == 0 &&
		    l->entries[i].value == wanted[w].value)
			continue;
		if (bpf_map_update_elem(l->fd, &wanted[w].key, &wanted[w].value, BPF_ANY))
			return -errno;
		l->written++;
	}
	return 0;
}

int longest_set(struct longest *l, struct longest_entry *wanted, size_t count)
{
	int err = reserve(l, count);

	if (count)
		qsort(wanted, count, sizeof(*wanted), by_key);
	if (!err)
		err = take_out(l, wanted, count);
	if (!err)
		err = put_in(l, wanted, count);
	if (err) {
		/* What the map has now is only known to the map. */
		uint32_t generation =
			count ? wanted[0].key.tag & 1 : (l->count ? l->entries[0].key.tag & 1 : 0);
		struct longest fresh;
		if (!longest_adopt(&fresh, l->fd, generation)) {
			free(l->entries);
			*l = fresh;
		}
		return err;
	}
	if (count)
		memcpy(l->entries, wanted, count * sizeof(*wanted));
	l->count = count;
	return 0;
}

void longest_done(struct longest *l)
{
	free(l->entries);
	*l = (struct longest){ 0 };
}
