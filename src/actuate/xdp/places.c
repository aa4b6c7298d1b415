/* SPDX-License-Identifier: Apache-2.0 */
/* places: ids of rules in, numbers of their counters out. */
#include "actuate/xdp/places.h"

#include <string.h>

#include "base/hash.h"

#define MASK (2 * FILTER_SLOTS - 1)

static uint32_t probe(const struct places *p, uint64_t id)
{
	uint32_t i = (uint32_t)hash_words(id, 0, 0) & MASK;

	while (p->index[i] && p->at[p->index[i] - 1].id != id)
		i = (i + 1) & MASK;
	return i;
}

/* Two sets have at most half of all places, so there is always one that is free. */
void places_begin(struct places *p)
{
	p->set++;
	memset(p->index, 0, sizeof(p->index));
	for (uint32_t i = 0; i < FILTER_SLOTS; i++) {
		if (p->at[i].used && p->at[i].used + 1 >= p->set)
			p->index[probe(p, p->at[i].id)] = (uint16_t)(i + 1);
		else
			p->at[i].used = 0;
	}
}

static void put(struct places *p, uint64_t id, uint32_t place)
{
	p->at[place].id = id;
	p->at[place].used = p->set;
	p->index[probe(p, id)] = (uint16_t)(place + 1);
}

uint32_t places_take(struct places *p, uint64_t id, bool *ret_new)
{
	int place = places_find(p, id);

	*ret_new = place < 0;
	if (place >= 0) {
		p->at[place].used = p->set;
		return (uint32_t)place;
	}
	while (p->at[p->next].used)
		p->next = (p->next + 1) % FILTER_SLOTS;
	put(p, id, p->next);
	return p->next;
}

int places_find(const struct places *p, uint64_t id)
{
	return p->index[probe(p, id)] - 1;
}

void places_adopt(struct places *p, uint64_t id, uint32_t place)
{
	if (p->set == 0)
		p->set = 1;
	if (place < FILTER_SLOTS && places_find(p, id) < 0)
		put(p, id, place);
}
