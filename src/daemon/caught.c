/* SPDX-License-Identifier: Apache-2.0 */
/* caught: packets as an actuator caught them in, samples by plan out. */
#include "daemon/caught.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/ring.h"
#include "ingest/packet.h"

#define PARCELS 4

struct caught {
	struct caught_parcel *parcels;
	struct ring *full;            /* to the control thread */
	struct ring *empty;           /* back from it */
	struct caught_parcel *mine;   /* being filled; the actuator's thread */
	const struct wanted_set *set; /* of the running call */
	unsigned last;                /* plan of the packet before */
	struct drop_counts counts;
	uint64_t turned_away;
	uint64_t draws;
};

struct caught *caught_new(void)
{
	struct caught *caught = calloc(1, sizeof(*caught));

	if (!caught)
		return NULL;
	caught->parcels = calloc(PARCELS, sizeof(*caught->parcels));
	caught->full = ring_new(PARCELS);
	caught->empty = ring_new(PARCELS);
	if (!caught->parcels || !caught->full || !caught->empty) {
		caught_free(caught);
		return NULL;
	}
	for (unsigned i = 0; i < PARCELS; i++)
		(void)ring_push(caught->empty, &caught->parcels[i]);
	return caught;
}

void caught_free(struct caught *caught)
{
	if (!caught)
		return;
	ring_free(caught->full);
	ring_free(caught->empty);
	free(caught->parcels);
	free(caught);
}

/* Packets of one plan come in a row more often than not. NULL: no plan, or no room for it. */
static struct caught_plan *place_of(struct caught *caught, const char *id)
{
	struct caught_parcel *parcel = caught->mine;

	if (caught->last < parcel->count && strcmp(parcel->plans[caught->last].id, id) == 0)
		return &parcel->plans[caught->last];
	for (unsigned i = 0; i < parcel->count; i++) {
		if (strcmp(parcel->plans[i].id, id) == 0) {
			caught->last = i;
			return &parcel->plans[i];
		}
	}
	if (parcel->count == CAUGHT_PLANS)
		return NULL;
	caught->last = parcel->count;
	struct caught_plan *plan = &parcel->plans[parcel->count++];
	snprintf(plan->id, sizeof(plan->id), "%s", id);
	plan->count = plan->seen = 0;
	return plan;
}

static enum direction direction_of(const struct caught *caught, const char *id)
{
	for (size_t i = 0; i < caught->set->count; i++) {
		if (strcmp(caught->set->plans[i].plan.id, id) == 0)
			return caught->set->plans[i].direction;
	}
	return DIRECTION_INBOUND;
}

static bool sample_from(const struct caught *caught, const struct drop *drop,
			struct sample *ret_sample)
{
	const struct packet_view view = { .data = drop->data,
					  .len = drop->len,
					  .wire_len = drop->wire_len,
					  .link = PACKET_ETHERNET };
	struct flow flow = { .source = FLOW_PACKET, .sampling = drop->each };

	if (packet_parse(&view, &flow))
		return false;
	flow.direction = (uint8_t)direction_of(caught, drop->plan);
	flow.class = (uint8_t)flow_classify(&flow);
	*ret_sample = sample_of(&flow);
	return true;
}

/* Algorithm R (Vitter, ACM TOMS 11, 1985): each packet of the lot has the same chance. */
static struct sample *draw_place(struct caught *caught, struct caught_plan *plan)
{
	plan->seen++;
	if (plan->count < CAUGHT_EACH)
		return &plan->samples[plan->count];
	uint64_t place = hash_words(caught->draws++, plan->seen, 0) % plan->seen;
	return place < CAUGHT_EACH ? &plan->samples[place] : NULL;
}

static void take(void *self, const struct drop *drop)
{
	struct caught *caught = self;
	struct caught_plan *plan = caught->mine ? place_of(caught, drop->plan) : NULL;
	struct sample *place = plan ? draw_place(caught, plan) : NULL;

	if (place && sample_from(caught, drop, place) && plan->count < CAUGHT_EACH)
		plan->count++;
	else
		caught->turned_away++;
}

void caught_read(struct caught *caught, const struct actuator *actuator, void *state,
		 const struct wanted_set *set)
{
	if (!caught->mine)
		caught->mine = ring_pop(caught->empty);
	if (caught->mine)
		caught->mine->count = 0;
	caught->set = set;
	/* What the outside refuses shows in reconcile, a moment later. */
	(void)actuator->drops(state, take, caught, &caught->counts);
	caught->set = NULL;
	/* There is room for all parcels. */
	if (caught->mine && caught->mine->count && ring_push(caught->full, caught->mine))
		caught->mine = NULL;
}

struct drop_counts caught_counts(const struct caught *caught)
{
	struct drop_counts counts = caught->counts;

	counts.turned_away += caught->turned_away;
	return counts;
}

struct caught_parcel *caught_next(struct caught *caught)
{
	return ring_pop(caught->full);
}

void caught_back(struct caught *caught, struct caught_parcel *parcel)
{
	(void)ring_push(caught->empty, parcel);
}
