/* SPDX-License-Identifier: Apache-2.0 */
/* table: host and direction in, the slot of the open incident out. Control thread. */
#include "incident/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define NONE UINT32_MAX

/* The seed need not be secret: own addresses only, as many as the operator has. */
static uint32_t *bucket_of(struct table *table, const struct ip *host, uint8_t direction)
{
	return &table->buckets[hash_ip(host, direction) & table->mask];
}

struct slot *table_find(struct table *table, const struct ip *host, uint8_t direction)
{
	uint32_t at = *bucket_of(table, host, direction);

	for (; at != NONE; at = table->slots[at].next) {
		struct slot *slot = &table->slots[at];
		if (slot->incident.direction == direction && ip_equal(&slot->incident.host, host))
			return slot;
	}
	return NULL;
}

struct slot *table_add(struct table *table, const struct incident *incident)
{
	uint32_t *bucket = bucket_of(table, &incident->host, incident->direction);
	uint32_t at = table->free;

	if (at != NONE)
		table->free = table->slots[at].next;
	else if (table->used < table->capacity)
		at = table->used++;
	else
		return NULL;
	struct slot *slot = &table->slots[at];
	*slot = (struct slot){ .incident = *incident, .next = *bucket };
	*bucket = at;
	table->open++;
	return slot;
}

struct slot *table_find_story(struct table *table, uint64_t story, uint8_t direction)
{
	for (uint32_t i = 0; i < table->used; i++) {
		struct slot *slot = &table->slots[i];
		if (slot->incident.id[0] && slot->story == story &&
		    slot->incident.direction == direction)
			return slot;
	}
	return NULL;
}

static bool overlaps(const struct incident *incident, const struct prefix *where)
{
	const struct prefix host = { .ip = incident->host, .len = incident->host_len };
	bool outbound = incident->direction == DIRECTION_OUTBOUND;

	if (prefix_overlaps(&host, where))
		return true;
	for (unsigned i = 0; i < incident->target_count && !outbound; i++) {
		if (prefix_overlaps(&incident->targets[i], where))
			return true;
	}
	return false;
}

struct slot *table_find_overlap(struct table *table, const struct prefix *where, uint8_t direction)
{
	for (uint32_t i = 0; i < table->used; i++) {
		struct slot *slot = &table->slots[i];
		if (slot->incident.id[0] && !slot->story && slot->incident.direction == direction &&
		    overlaps(&slot->incident, where))
			return slot;
	}
	return NULL;
}

void table_remove(struct table *table, struct slot *slot)
{
	uint32_t at = (uint32_t)(slot - table->slots);
	uint32_t *link = bucket_of(table, &slot->incident.host, slot->incident.direction);

	while (*link != at)
		link = &table->slots[*link].next;
	*link = slot->next;
	free(slot->machines);
	slot->machines = NULL;
	slot->incident.id[0] = '\0';
	slot->next = table->free;
	table->free = at;
	table->open--;
}

static void rehash(struct table *table)
{
	for (uint32_t i = 0; i <= table->mask; i++)
		table->buckets[i] = NONE;
	for (uint32_t i = 0; i < table->used; i++) {
		struct slot *slot = &table->slots[i];
		if (!slot->incident.id[0])
			continue;
		uint32_t *bucket = bucket_of(table, &slot->incident.host, slot->incident.direction);
		slot->next = *bucket;
		*bucket = i;
	}
}

int table_grow(struct table *table, uint64_t capacity)
{
	uint32_t mask = 1;

	if (capacity <= table->capacity)
		return 0;
	if (capacity > UINT32_MAX / 4)
		return -ENOMEM;
	while (mask < capacity)
		mask = mask << 1 | 1;
	struct slot *slots = calloc(capacity, sizeof(*slots));
	uint32_t *buckets = calloc((size_t)mask + 1, sizeof(*buckets));
	if (!slots || !buckets) {
		free(slots);
		free(buckets);
		return -ENOMEM;
	}
	if (table->used)
		memcpy(slots, table->slots, table->used * sizeof(*slots));
	if (table->capacity == 0)
		table->free = NONE;
	free(table->slots);
	free(table->buckets);
	table->slots = slots;
	table->buckets = buckets;
	table->capacity = (uint32_t)capacity;
	table->mask = mask;
	rehash(table);
	return 0;
}

void table_done(struct table *table)
{
	for (uint32_t i = 0; i < table->used; i++) {
		if (table->slots[i].incident.id[0])
			free(table->slots[i].machines);
	}
	free(table->slots);
	free(table->buckets);
	*table = (struct table){ 0 };
}
