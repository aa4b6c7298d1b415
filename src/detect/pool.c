/* SPDX-License-Identifier: Apache-2.0 */
/* pool: a list of unused places beside them, so that what a place holds stays as it is. */
#include "detect/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pool_open(struct pool *pool, size_t max, size_t size)
{
	*pool = (struct pool){ .size = size, .max = max };
	pool->memory = calloc(max + 1, size);
	pool->next = calloc(max + 1, sizeof(*pool->next));
	if (pool->memory && pool->next)
		return 0;
	pool_close(pool);
	return -ENOMEM;
}

void pool_close(struct pool *pool)
{
	free(pool->memory);
	free(pool->next);
	memset(pool, 0, sizeof(*pool));
}

uint32_t pool_take(struct pool *pool)
{
	uint32_t place = pool->unused;

	if (place)
		pool->unused = pool->next[place];
	else if (pool->fresh < pool->max)
		place = (uint32_t)++pool->fresh;
	else
		return 0;
	pool->count++;
	return place;
}

void pool_give(struct pool *pool, uint32_t place)
{
	pool->next[place] = pool->unused;
	pool->unused = place;
	pool->count--;
}
