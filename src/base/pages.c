/* SPDX-License-Identifier: Apache-2.0 */
/* pages: madvise(2) on the whole pages inside a table. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Below that, ordinary pages do. */
#define WORTH_BYTES ((size_t)8 << 20)

void pages_prefer_huge(void *memory, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = ((uintptr_t)memory + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)memory + bytes) & ~(page - 1);

	if (!memory || bytes < WORTH_BYTES || end <= first)
		return;
	(void)madvise((void *)first, end - first, MADV_HUGEPAGE);
}
