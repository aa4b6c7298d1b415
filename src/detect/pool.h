/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool: places of one size, all taken at open, given out and taken back by number.
 *
 * Numbers begin at 1, so that 0 can stand for none. Places are used from the
 * front and touched as far as needed. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** The places. */
struct pool {
	char *memory;
	uint32_t *next; /**< of unused places */
	size_t size;    /**< of a place */
	size_t max;
	size_t count;
	size_t fresh; /**< places given out at least once */
	uint32_t unused;
};

/** pool_open() - @max zeroed places of @size bytes. Return: 0 or -ENOMEM. */
WEIR_CHECK int pool_open(struct pool *pool, size_t max, size_t size);

/** pool_close() - give the memory back; harmless when repeated. */
void pool_close(struct pool *pool);

/** pool_take() - a place, as it was left; 0 if all are in use. */
uint32_t pool_take(struct pool *pool);

/** pool_give() - a place is not needed any more. */
void pool_give(struct pool *pool, uint32_t place);

/** The memory of a place. */
static inline void *pool_at(const struct pool *pool, uint32_t place)
{
	return pool->memory + (place - 1) * pool->size;
}
