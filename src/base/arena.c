/* SPDX-License-Identifier: Apache-2.0 */
/* arena: sizes in, zeroed memory out, released together. One owner at a time. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)16 * 1024)

struct block {
	struct block *next;
	size_t used;
	size_t cap;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *blocks;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct block *b = arena->blocks; b;) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
	free(arena);
}

static struct block *block_new(size_t size)
{
	size_t cap = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct block *b = calloc(1, sizeof(*b) + cap);

	if (b)
		b->cap = cap;
	return b;
}

void *arena_take(struct arena *arena, size_t size)
{
	struct block *b = arena->blocks;

	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!b || b->cap - b->used < size) {
		b = block_new(size);
		if (!b)
			return NULL;
		b->next = arena->blocks;
		arena->blocks = b;
	}
	void *at = b->data + b->used;
	b->used += size;
	return at;
}

char *arena_string(struct arena *arena, const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = arena_take(arena, size);

	return copy ? memcpy(copy, string, size) : NULL;
}
