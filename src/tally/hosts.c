/* SPDX-License-Identifier: Apache-2.0 */
/* hosts: linear probing with removal by shifting back, so that no tombstones pile up. */
#include "tally/hosts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64
static_assert(sizeof(struct host_slot) * 2 == CACHE_LINE, "two slots a cache line");

int hosts_open(struct hosts *hosts, size_t max, uint64_t seed)
{
	size_t slots = 64;

	while (slots < 2 * max)
		slots *= 2;
	void *memory =
		calloc(slots * sizeof(struct host_slot) + CACHE_LINE, 1); /* banned-ok: at open */
	if (!memory)
		return -ENOMEM;
	uintptr_t aligned = ((uintptr_t)memory + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1);
	*hosts = (struct hosts){ .slots = (struct host_slot *)aligned,
				 .memory = memory,
				 .mask = slots - 1,
				 .max = max,
				 .seed = seed };
	return 0;
}

void hosts_close(struct hosts *hosts)
{
	free(hosts->memory);
	memset(hosts, 0, sizeof(*hosts));
}

struct host_slot *hosts_take(struct hosts *hosts, const struct ip *ip, uint8_t direction,
			     size_t home)
{
	for (size_t at = home;; at = (at + 1) & hosts->mask) {
		struct host_slot *slot = &hosts->slots[at];
		if (!slot->used) {
			if (hosts->count == hosts->max)
				return NULL;
			hosts->count++;
			*slot = (struct host_slot){ .ip = *ip,
						    .direction = direction,
						    .used = true };
			return slot;
		}
		if (ip_equal(&slot->ip, ip) && slot->direction == direction)
			return slot;
	}
}

/* Pull later slots of the run over the hole, as far as each may go towards its home. */
static void remove_at(struct hosts *hosts, size_t hole)
{
	size_t at = hole;

	for (;;) {
		at = (at + 1) & hosts->mask;
		const struct host_slot *slot = &hosts->slots[at];
		if (!slot->used)
			break;
		size_t home = hosts_home(hosts, &slot->ip, slot->direction);
		if (((at - home) & hosts->mask) < ((at - hole) & hosts->mask))
			continue;
		hosts->slots[hole] = *slot;
		hole = at;
	}
	hosts->slots[hole].used = false;
	hosts->count--;
}

void hosts_sweep(struct hosts *hosts, uint16_t second, uint16_t idle_s, size_t budget)
{
	for (size_t i = 0; i < budget; i++) {
		const struct host_slot *slot = &hosts->slots[hosts->cursor];
		uint16_t idle = (uint16_t)(second - slot->second);
		/* Another host may have been pulled here: look again before going on. */
		if (slot->used && idle > idle_s)
			remove_at(hosts, hosts->cursor);
		else
			hosts->cursor = (hosts->cursor + 1) & hosts->mask;
	}
}
