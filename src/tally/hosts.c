/* SPDX-License-Identifier: Apache-2.0 */
/* hosts: fixed places, and linear probing with removal by shifting back: no tombstones. */
#include "tally/hosts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"

#define CACHE_LINE   64
/* Entries that are looked at for one to replace when the table is full. */
#define REPLACE_LOOK 32
/* Silence after which a host may be replaced. */
#define REPLACE_S    1
/* Silence after which a fixed place no longer counts as in use. */
#define DENSE_IDLE_S 30
static_assert(sizeof(struct host_slot) == 16, "four slots a cache line");
static_assert(sizeof(struct host_entry) * 2 == CACHE_LINE, "two entries a cache line");

int hosts_open(struct hosts *hosts, size_t max, uint64_t seed)
{
	size_t slots = 64;

	while (slots < 2 * max)
		slots *= 2;
	/* calloc: what no flow touches takes no memory. */
	const size_t dense_bytes = HOSTS_DIRECTIONS * max * sizeof(struct host_slot);
	const size_t entries_bytes = slots * sizeof(struct host_entry) + CACHE_LINE;
	void *dense = calloc(1, dense_bytes);    /* banned-ok: at open */
	void *memory = calloc(1, entries_bytes); /* banned-ok: at open */
	if (!dense || !memory) {
		free(dense);
		free(memory);
		return -ENOMEM;
	}
	pages_prefer_huge(dense, dense_bytes);
	pages_prefer_huge(memory, entries_bytes);
	uintptr_t aligned = ((uintptr_t)memory + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1);
	*hosts = (struct hosts){ .dense = dense,
				 .entries = (struct host_entry *)aligned,
				 .memory = memory,
				 .mask = slots - 1,
				 .max = max,
				 .seed = seed };
	return 0;
}

void hosts_close(struct hosts *hosts)
{
	free(hosts->dense);
	free(hosts->memory);
	memset(hosts, 0, sizeof(*hosts));
}

struct host_slot *hosts_probe(const struct hosts *hosts, size_t home, const struct ip *ip,
			      uint8_t direction)
{
	for (size_t at = home;; at = (at + 1) & hosts->mask) {
		struct host_entry *entry = &hosts->entries[at];
		if (!entry->slot.used)
			return NULL;
		if (ip_equal(&entry->ip, ip) && entry->slot.direction == direction)
			return &entry->slot;
	}
}

/* Pull later entries of the run over the hole, as far as each may go towards its home. */
static void remove_at(struct hosts *hosts, size_t hole)
{
	size_t at = hole;

	for (;;) {
		at = (at + 1) & hosts->mask;
		const struct host_entry *entry = &hosts->entries[at];
		if (!entry->slot.used)
			break;
		size_t home = hosts_home(hosts, &entry->ip, entry->slot.direction);
		if (((at - home) & hosts->mask) < ((at - hole) & hosts->mask))
			continue;
		hosts->entries[hole] = *entry;
		hole = at;
	}
	hosts->entries[hole].slot.used = false;
	hosts->count--;
}

static bool is_idle(const struct host_slot *slot, uint16_t second, uint16_t idle_s)
{
	return slot->used && (uint16_t)(second - slot->second) > idle_s;
}

/* Make room for one more, at the cost of a host that is silent. */
static void replace_one(struct hosts *hosts, uint16_t second)
{
	for (size_t i = 0; i < REPLACE_LOOK; i++) {
		if (is_idle(&hosts->entries[hosts->cursor].slot, second, REPLACE_S)) {
			remove_at(hosts, hosts->cursor);
			hosts->replaced++;
			return;
		}
		hosts->cursor = (hosts->cursor + 1) & hosts->mask;
	}
}

static struct host_slot *add_entry(struct hosts *hosts, size_t home, const struct ip *ip)
{
	size_t at = home;

	while (hosts->entries[at].slot.used)
		at = (at + 1) & hosts->mask;
	hosts->count++;
	hosts->entries[at].ip = *ip;
	return &hosts->entries[at].slot;
}

struct host_slot *hosts_add(struct hosts *hosts, const struct host_aim *aim, const struct ip *ip,
			    uint8_t direction, uint16_t second)
{
	struct host_slot *slot = aim->dense;

	if (slot) {
		hosts->dense_count++;
	} else {
		slot = hosts_probe(hosts, aim->home, ip, direction);
		if (slot)
			return slot;
		if (hosts->count == hosts->max)
			replace_one(hosts, second);
		if (hosts->count == hosts->max)
			return NULL;
		slot = add_entry(hosts, aim->home, ip);
	}
	*slot = (struct host_slot){ .second = second, .direction = direction, .used = true };
	return slot;
}

static void sweep_dense(struct hosts *hosts, uint16_t second, size_t part)
{
	size_t slots = HOSTS_DIRECTIONS * hosts->max;

	if (hosts->dense_count == 0)
		return;
	for (size_t i = 0; i < slots / part + 1; i++) {
		struct host_slot *slot = &hosts->dense[hosts->dense_cursor];
		if (is_idle(slot, second, DENSE_IDLE_S)) {
			slot->used = false;
			hosts->dense_count--;
		}
		if (++hosts->dense_cursor == slots)
			hosts->dense_cursor = 0;
	}
}

void hosts_sweep(struct hosts *hosts, uint16_t second, uint16_t idle_s, size_t part)
{
	size_t budget = hosts->count ? hosts->mask / part + 1 : 0;

	for (size_t i = 0; i < budget; i++) {
		/* Another host may have been pulled here: look again before going on. */
		if (is_idle(&hosts->entries[hosts->cursor].slot, second, idle_s))
			remove_at(hosts, hosts->cursor);
		else
			hosts->cursor = (hosts->cursor + 1) & hosts->mask;
	}
	sweep_dense(hosts, second, part * 4);
}
