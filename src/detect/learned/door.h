/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door: outside addresses wait here until they are seen a second time.
 *
 * A tick's rows of one sampled packet each in; those whose address came before, with what it had
 * then, out. Most addresses that our hosts send to are seen once and say nothing: a counter each
 * would cost more than all the others together, and push them out. A table of fixed size; the newer
 * one stays. One thread; allocates at open only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/tally.h"

/** Longest time between the two. */
#define DOOR_WAIT_NS 4000000000ULL

/** One that waits. */
struct door_guest {
	uint64_t time_ns; /**< 0: the place is free */
	uint32_t tag;     /**< of its hash */
	float packets;
	float bytes;
};

/** All of them. */
struct door {
	struct door_guest *at;
	uint64_t mask;
};

/** door_open() - room for at least @max. Return: 0 or -ENOMEM. */
WEIR_CHECK int door_open(struct door *door, uint64_t max);

/** door_close() - give the memory back; harmless when repeated. */
void door_close(struct door *door);

/** door_look() - have a hash's place in cache a little later. */
static inline void door_look(const struct door *door, uint64_t hash)
{
	__builtin_prefetch(&door->at[hash >> 16 & door->mask], 1);
}

/**
 * door_pass() - may this one come in?
 * @hash: of the address and what else tells it apart
 * @ret_before: what it had the first time, when it may
 *
 * Return: it came before; it no longer waits. Else it does from now on.
 */
bool door_pass(struct door *door, uint64_t hash, const struct tally *row, uint64_t now_ns,
	       struct door_guest *ret_before);
