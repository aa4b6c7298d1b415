/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring: a mailbox of pointers between exactly two threads.
 *
 * One thread pushes, one other pops; no locks. The ring owns none of what
 * passes through it. Capacity is fixed at open; a full ring says so and the
 * pusher counts what it could not hand over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ring;

/** ring_new() - a ring for at least @capacity pointers. NULL when memory is short. */
struct ring *ring_new(size_t capacity);

/** ring_free() - release the ring itself; NULL is fine. */
void ring_free(struct ring *ring);

/** ring_push() - hand @item to the other thread. False when the ring is full. */
bool ring_push(struct ring *ring, void *item);

/** ring_pop() - the oldest item, NULL when there is none. */
void *ring_pop(struct ring *ring);
