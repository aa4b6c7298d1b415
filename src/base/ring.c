/* SPDX-License-Identifier: Apache-2.0 */
/* ring: pointers from one thread to one other, in order, without locks. */
#include "base/ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

/* The two ends sit on cache lines of their own, so that neither thread's writes slow the other. */
struct ring {
	alignas(64) atomic_size_t head; /* next to pop; written by the popper */
	alignas(64) atomic_size_t tail; /* next to push; written by the pusher */
	alignas(64) size_t mask;
	void **slots;
};

struct ring *ring_new(size_t capacity)
{
	size_t size = 1;

	while (size < capacity)
		size *= 2;
	struct ring *ring = aligned_alloc(64, sizeof(*ring));
	if (!ring)
		return NULL;
	*ring = (struct ring){ .mask = size - 1, .slots = calloc(size, sizeof(void *)) };
	if (!ring->slots) {
		free(ring);
		return NULL;
	}
	return ring;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	free(ring->slots);
	free(ring);
}

bool ring_push(struct ring *ring, void *item)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (tail - head > ring->mask)
		return false;
	ring->slots[tail & ring->mask] = item;
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

void *ring_pop(struct ring *ring)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (head == tail)
		return NULL;
	void *item = ring->slots[head & ring->mask];
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return item;
}
