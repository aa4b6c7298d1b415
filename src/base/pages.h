/* SPDX-License-Identifier: Apache-2.0 */
/* pages: advice to the kernel about large tables. Any thread. */
#pragma once

#include <stddef.h>

/**
 * pages_prefer_huge() - ask for huge pages below a table that is read at random.
 * @memory: as from calloc(); what is not touched stays without memory
 *
 * Only an advice: without huge pages all works the same, with more misses of the
 * address cache. Small tables are left alone.
 */
void pages_prefer_huge(void *memory, size_t bytes);
