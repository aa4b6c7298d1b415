/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held: data sets in, the same data sets out when their template has come.
 *
 * Two rings: descriptors in order of arrival, and the bytes they own. A set
 * that was decoded leaves a dead descriptor until it becomes the oldest.
 */
#include "ingest/held.h"

#include <stdlib.h>
#include <string.h>

/* Counts how many sets wait for an id, so that a template nobody waits for costs nothing. */
#define WAITING_SLOTS 1024

/* One waiting data set. */
struct held_set {
	struct exporter *exporter; /* NULL: decoded, its bytes wait for those before it */
	uint32_t generation;       /* another than the exporter's: that one is gone */
	struct stamp_base base;
	struct ip src;
	uint64_t received_ns;
	uint32_t at;   /* of its PLAN_LEAD bytes, in the ring */
	uint32_t room; /* bytes it takes, those skipped at the ring's end included */
	uint16_t len;
	uint16_t id;
	uint16_t sport;
	uint16_t dport;
};

struct held {
	uint8_t *bytes;
	uint32_t size;
	uint32_t used;  /* bytes between the oldest set and the next free one */
	uint32_t next;  /* where the next set goes */
	unsigned first; /* oldest descriptor */
	unsigned count; /* descriptors in use, dead ones too */
	uint16_t waiting[WAITING_SLOTS];
	struct held_set sets[HELD_SETS];
};

struct held *held_new(size_t bytes)
{
	struct held *held = calloc(1, sizeof(*held)); /* banned-ok: taken once at open */

	if (!held)
		return NULL;
	held->size = bytes < UINT32_MAX / 2 ? (uint32_t)bytes : UINT32_MAX / 2;
	held->bytes = calloc(1, bytes ? bytes : 1); /* banned-ok: taken once at open */
	if (!held->bytes) {
		free(held);
		return NULL;
	}
	return held;
}

void held_free(struct held *held)
{
	if (!held)
		return;
	free(held->bytes);
	free(held);
}

static uint16_t *waiting_for(struct held *held, uint16_t id)
{
	return &held->waiting[id % WAITING_SLOTS];
}

static struct held_set *set_at(struct held *held, unsigned i)
{
	return &held->sets[(held->first + i) % HELD_SETS];
}

static bool is_waiting(const struct held_set *set)
{
	return set->exporter && set->exporter->stats.generation == set->generation;
}

/* Give up the oldest set. Those of an exporter that is gone were counted when it went. */
static void drop_first(struct held *held)
{
	struct held_set *set = set_at(held, 0);

	if (is_waiting(set)) {
		set->exporter->stats.undecodable[REASON_NO_TEMPLATE]++;
		set->exporter->held_now--;
	}
	if (set->exporter)
		--*waiting_for(held, set->id);
	held->used -= set->room;
	held->first = (held->first + 1) % HELD_SETS;
	held->count--;
}

void held_expire(struct held *held, uint64_t now_ns)
{
	while (held->count) {
		const struct held_set *set = set_at(held, 0);
		/* A clock set back must not give up what has just come. */
		bool old = now_ns > set->received_ns && now_ns - set->received_ns > HELD_AGE_NS;
		if (is_waiting(set) && !old && now_ns != UINT64_MAX)
			break;
		drop_first(held);
	}
}

/* Make @len bytes free in one piece, giving up old sets. Return: false if they never fit. */
static bool make_room(struct held *held, uint32_t len, uint32_t *ret_skip)
{
	if (len > held->size)
		return false;
	/* A set does not wrap around the end of the ring: the rest there is skipped. */
	uint32_t skip = held->size - held->next < len ? held->size - held->next : 0;
	while (held->count == HELD_SETS || held->size - held->used < len + skip) {
		if (held->count == 0) {
			held->next = 0;
			held->used = 0;
			skip = 0;
			break;
		}
		drop_first(held);
	}
	*ret_skip = skip;
	return true;
}

void held_put(struct held *held, const struct message *message, uint16_t id, struct bytes records)
{
	uint32_t len = (uint32_t)bytes_left(&records);
	uint32_t skip;

	held_expire(held, message->datagram->received_ns);
	message->exporter->stats.held++;
	if (!make_room(held, len + PLAN_LEAD, &skip)) {
		message->exporter->stats.undecodable[REASON_NO_TEMPLATE]++;
		return;
	}
	uint32_t at = skip ? 0 : held->next;
	*set_at(held, held->count++) = (struct held_set){
		.exporter = message->exporter,
		.generation = message->exporter->stats.generation,
		.base = message->base,
		.src = message->datagram->src,
		.received_ns = message->datagram->received_ns,
		.at = at,
		.room = len + PLAN_LEAD + skip,
		.len = (uint16_t)len,
		.id = id,
		.sport = message->datagram->sport,
		.dport = message->datagram->dport,
	};
	memcpy(held->bytes + at + PLAN_LEAD, records.at, len);
	held->used += len + PLAN_LEAD + skip;
	held->next = (at + len + PLAN_LEAD) % held->size;
	message->exporter->held_now++;
	++*waiting_for(held, id);
}

/* Decode one held set as if its datagram came again. */
static void decode_set(struct held *held, struct held_set *set, struct message *message,
		       const struct plan *plan)
{
	uint64_t now_ns = message->datagram->received_ns;
	const struct datagram datagram = {
		.late = now_ns > set->received_ns && now_ns - set->received_ns > HELD_LATE_NS,
		.src = set->src,
		.sport = set->sport,
		.dport = set->dport,
		.received_ns = set->received_ns,
	};
	struct message again = *message;

	again.datagram = &datagram;
	again.base = set->base;
	again.base.init_ns = message->base.init_ns;
	plan_decode(&again, plan, bytes_of(held->bytes + set->at + PLAN_LEAD, set->len));
	message->flows = again.flows;
	set->exporter->stats.held_decoded++;
	set->exporter->held_now--;
	set->exporter = NULL;
	--*waiting_for(held, set->id);
}

void held_decode(struct held *held, struct message *message, uint16_t id, const struct plan *plan,
		 bool any_port)
{
	for (unsigned i = 0; i < held->count && *waiting_for(held, id); i++) {
		struct held_set *set = set_at(held, i);
		if (set->exporter != message->exporter || set->id != id || !is_waiting(set))
			continue;
		if (any_port || set->sport == message->datagram->sport)
			decode_set(held, set, message, plan);
	}
	held_expire(held, message->datagram->received_ns);
}
