/* SPDX-License-Identifier: Apache-2.0 */
/* horizon: the largest age of this period and of the one before. */
#include "detect/horizon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What an age was is forgotten after one to two of these. */
#define PERIOD_S 300

struct horizon {
	uint64_t period;
	uint32_t vantage;
	uint16_t now;    /* largest in the period; 0: the slot is unused */
	uint16_t before; /* in the one before */
};

int horizons_open(struct horizons *horizons, size_t max)
{
	size_t slots = 16;

	while (slots < 2 * max)
		slots *= 2;
	*horizons = (struct horizons){ .mask = slots - 1, .max = max };
	horizons->slots = calloc(slots, sizeof(*horizons->slots));
	return horizons->slots ? 0 : -ENOMEM;
}

void horizons_close(struct horizons *horizons)
{
	free(horizons->slots);
	memset(horizons, 0, sizeof(*horizons));
}

/* The slot of a vantage, or the unused one where it would be. */
static struct horizon *slot_of(const struct horizons *horizons, uint32_t vantage)
{
	size_t at = vantage * 0x9e3779b1U >> 7;

	for (;; at++) {
		struct horizon *slot = &horizons->slots[at & horizons->mask];
		if (!(slot->now | slot->before) || slot->vantage == vantage)
			return slot;
	}
}

static void turn(struct horizon *slot, uint64_t period)
{
	if (slot->period >= period)
		return;
	slot->before = slot->period + 1 == period ? slot->now : 0;
	/* One at least, as the slot stays in use. */
	slot->now = 1;
	slot->period = period;
}

void horizons_note(struct horizons *horizons, uint32_t vantage, uint16_t begin_age, uint64_t now_s)
{
	struct horizon *slot = horizons->last;

	if (!slot || slot->vantage != vantage) {
		slot = slot_of(horizons, vantage);
		if (!slot->now) {
			if (horizons->count == horizons->max)
				return;
			horizons->count++;
			slot->vantage = vantage;
			slot->period = now_s / PERIOD_S;
		}
		horizons->last = slot;
	}
	turn(slot, now_s / PERIOD_S);
	if (begin_age > slot->now || !slot->now)
		slot->now = begin_age ? begin_age : 1;
}

uint64_t horizons_of(const struct horizons *horizons, uint32_t vantage, uint64_t now_s)
{
	const struct horizon *slot = slot_of(horizons, vantage);
	uint64_t period = now_s / PERIOD_S;
	uint16_t age = 0;

	if (!slot->now)
		return horizons->count == horizons->max ? HORIZON_UNKNOWN_S : 0;
	if (slot->period >= period)
		age = slot->now > slot->before ? slot->now : slot->before;
	else if (slot->period + 1 == period)
		age = slot->now;
	return (age * (uint64_t)TALLY_AGE_MS + 999) / 1000 + HORIZON_SPARE_S;
}
