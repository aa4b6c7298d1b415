/* SPDX-License-Identifier: Apache-2.0 */
/* memory: what was put into sets in, remembered for the next change out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/nft/change.h"
#include "base/clock.h"

const struct nft_known *nft_known_plan(const struct nft_memory *memory, const char *chain)
{
	for (size_t i = 0; i < memory->count; i++) {
		if (strcmp(memory->plans[i].chain, chain) == 0)
			return &memory->plans[i];
	}
	return NULL;
}

bool nft_same_time(uint64_t a, uint64_t b)
{
	return !a == !b && a < b + NS_PER_S && b < a + NS_PER_S;
}

bool nft_remembers(const struct nft_memory *memory, const struct nft_want *want)
{
	if (memory->count != want->count)
		return false;
	for (size_t i = 0; i < want->count; i++) {
		const struct nft_plan *p = &want->plans[i];
		const struct nft_known *known = nft_known_plan(memory, p->chain);
		bool asked = p->sources[0][0] || p->sources[1][0];
		size_t count = asked ? p->wanted->source_count : 0;
		if (!known || !nft_same_time(known->expires_ns, p->wanted->plan.expires_ns) ||
		    known->source_count != count ||
		    (count && memcmp(known->sources, p->wanted->sources,
				     count * sizeof(*known->sources)) != 0))
			return false;
	}
	return true;
}

static int remember(struct nft_known *known, const struct nft_plan *p)
{
	bool asked = p->sources[0][0] || p->sources[1][0];
	size_t count = asked ? p->wanted->source_count : 0;

	memcpy(known->chain, p->chain, sizeof(known->chain));
	known->expires_ns = p->wanted->plan.expires_ns;
	if (!count)
		return 0;
	known->sources = malloc(count * sizeof(*known->sources));
	if (!known->sources)
		return -ENOMEM;
	memcpy(known->sources, p->wanted->sources, count * sizeof(*known->sources));
	known->source_count = count;
	return 0;
}

int nft_remember(struct nft_memory *memory, const struct nft_want *want)
{
	nft_forget(memory);
	memory->plans = calloc(want->count + 1, sizeof(*memory->plans));
	if (!memory->plans)
		return -ENOMEM;
	for (size_t i = 0; i < want->count; i++) {
		int err = remember(&memory->plans[memory->count++], &want->plans[i]);
		if (err) {
			nft_forget(memory);
			return err;
		}
	}
	return 0;
}

void nft_forget(struct nft_memory *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		free(memory->plans[i].sources);
	free(memory->plans);
	*memory = (struct nft_memory){ 0 };
}
