/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: the open incidents, found by host and direction.
 *
 * Takes its memory at open and when the limit is raised, never in between.
 * Control thread. Nothing may depend on the order of its slots.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/incident.h"

/** What the next tick has to say about an incident, beside what time brings. */
enum news { NEWS_NONE, NEWS_OPENED, NEWS_RESUMED, NEWS_SEEN };

/** One open incident with what the room notes about it; free while its id is "". */
struct slot {
	struct incident incident;
	enum news news;
	bool fresh;       /**< a finding came since the last event */
	bool heard;       /**< a finding came since the last tick */
	bool unseen;      /**< resumed, and no finding came since */
	uint64_t story;   /**< finding.story of who follows it; 0: found by its host */
	uint64_t hold_ns; /**< quiet time that does not end it */
	struct finding_machine *machines; /**< what incident.machines points to; its own */
	uint64_t quiet_from_ns;           /**< last sign of life, or the restart */
	uint64_t told_pps;                /**< peaks and severity of the last event */
	uint64_t told_bps;
	uint64_t told_targets; /**< hash of whom it was said to hit */
	uint8_t told_severity;
	uint32_t next; /**< in the chain of its bucket, or of the free slots */
};

/** All of them. */
struct table {
	struct slot *slots;
	uint32_t *buckets;
	uint32_t capacity; /**< of slots */
	uint32_t used;     /**< slots ever taken: those above have never been touched */
	uint32_t open;     /**< of those, taken now */
	uint32_t mask;     /**< of buckets */
	uint32_t free;     /**< first free slot below `used` */
};

/** table_grow() - room for @capacity; begins an empty table too. Slots move. Return: 0, -ENOMEM. */
WEIR_CHECK int table_grow(struct table *table, uint64_t capacity);

/** table_done() - free the memory. */
void table_done(struct table *table);

/** table_find() - by host and direction; NULL if there is none. */
struct slot *table_find(struct table *table, const struct ip *host, uint8_t direction);

/** table_find_story() - by a detector's number of it; NULL if there is none. */
struct slot *table_find_story(struct table *table, uint64_t story, uint8_t direction);

/** table_find_overlap() - one that no detector follows and whose targets or host lie there. */
struct slot *table_find_overlap(struct table *table, const struct prefix *where, uint8_t direction);

/** table_add() - a slot for a copy of @incident, all else zero; NULL when all are taken. */
struct slot *table_add(struct table *table, const struct incident *incident);

/** table_remove() - give a slot back. */
void table_remove(struct table *table, struct slot *slot);
