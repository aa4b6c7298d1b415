/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot: incidents and status in, shared immutable JSON texts out.
 *
 * Reference counts are the only thing that several threads write.
 */
#include "control/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/jsonw.h"
#include "base/text.h"

struct control_incident {
	atomic_uint refs;
	bool open;
	char id[INCIDENT_ID_MAX];
	char json[];
};

/* A text about the moment, shared by the snapshots between two of its updates. */
struct shared_text {
	atomic_uint refs;
	char text[];
};

/* The hash spares most of the string comparisons when hundreds of incidents are updated. */
struct slot {
	uint64_t hash;
	struct control_incident *incident;
};

struct control_snapshot {
	atomic_uint refs;
	struct shared_text *status;
	struct shared_text *top;
	struct slot *slots; /* oldest first */
	size_t count;
	size_t cap;
	size_t closed;
};

static uint64_t id_hash(const char *id)
{
	return hash_bytes(id, strlen(id), 0);
}

static void incident_unref(struct control_incident *incident)
{
	if (atomic_fetch_sub(&incident->refs, 1) == 1)
		free(incident);
}

static void shared_unref(struct shared_text *text)
{
	if (text && atomic_fetch_sub(&text->refs, 1) == 1)
		free(text);
}

static struct shared_text *shared_ref(struct shared_text *text)
{
	if (text)
		atomic_fetch_add(&text->refs, 1);
	return text;
}

/* Replaces the text at @place. */
static int shared_set(struct shared_text **place, const char *json)
{
	size_t size = strlen(json) + 1;
	struct shared_text *text = malloc(sizeof(*text) + size);

	if (!text)
		return -ENOMEM;
	atomic_init(&text->refs, 1);
	memcpy(text->text, json, size);
	shared_unref(*place);
	*place = text;
	return 0;
}

struct control_snapshot *control_snapshot_new(void)
{
	struct control_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot)
		atomic_init(&snapshot->refs, 1);
	return snapshot;
}

struct control_snapshot *control_snapshot_copy(const struct control_snapshot *before)
{
	struct control_snapshot *snapshot = control_snapshot_new();

	if (!snapshot)
		return NULL;
	if (before->count) {
		snapshot->slots = malloc(before->count * sizeof(*snapshot->slots));
		if (!snapshot->slots) {
			free(snapshot);
			return NULL;
		}
		memcpy(snapshot->slots, before->slots, before->count * sizeof(*before->slots));
	}
	snapshot->count = snapshot->cap = before->count;
	snapshot->closed = before->closed;
	for (size_t i = 0; i < snapshot->count; i++)
		atomic_fetch_add(&snapshot->slots[i].incident->refs, 1);
	snapshot->status = shared_ref(before->status);
	snapshot->top = shared_ref(before->top);
	return snapshot;
}

struct control_snapshot *control_snapshot_ref(struct control_snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->refs, 1);
	return snapshot;
}

void control_snapshot_unref(struct control_snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->refs, 1) != 1)
		return;
	for (size_t i = 0; i < snapshot->count; i++)
		incident_unref(snapshot->slots[i].incident);
	shared_unref(snapshot->status);
	shared_unref(snapshot->top);
	free(snapshot->slots);
	free(snapshot);
}

int control_snapshot_set_status(struct control_snapshot *snapshot, const char *json)
{
	return shared_set(&snapshot->status, json);
}

int control_snapshot_set_top(struct control_snapshot *snapshot, const char *json)
{
	return shared_set(&snapshot->top, json);
}

static struct slot *find_slot(const struct control_snapshot *snapshot, const char *id)
{
	uint64_t hash = id_hash(id);

	for (size_t i = snapshot->count; i-- > 0;) {
		struct slot *slot = &snapshot->slots[i];
		if (slot->hash == hash && strcmp(slot->incident->id, id) == 0)
			return slot;
	}
	return NULL;
}

static struct control_incident *incident_new(const struct incident *from, const char *plan_json,
					     const char *verdict_json)
{
	struct text json = text_heap();
	struct jsonw w = jsonw_on(&json);
	struct control_incident *incident = NULL;

	jsonw_object(&w, NULL);
	incident_to_json(from, &w, "incident");
	if (plan_json)
		jsonw_raw(&w, "plan", plan_json);
	if (verdict_json)
		jsonw_raw(&w, "verdict", verdict_json);
	jsonw_object_end(&w);
	if (!json.failed)
		incident = malloc(sizeof(*incident) + json.len + 1);
	if (incident) {
		atomic_init(&incident->refs, 1);
		incident->open = from->state == INCIDENT_OPEN;
		memcpy(incident->id, from->id, sizeof(incident->id));
		memcpy(incident->json, json.data, json.len + 1);
	}
	text_done(&json);
	return incident;
}

static struct slot *append_slot(struct control_snapshot *snapshot)
{
	if (snapshot->count == snapshot->cap) {
		size_t cap = snapshot->cap + snapshot->cap / 2 + 16;
		struct slot *slots = realloc(snapshot->slots, cap * sizeof(*slots));
		if (!slots)
			return NULL;
		snapshot->slots = slots;
		snapshot->cap = cap;
	}
	return &snapshot->slots[snapshot->count++];
}

static void drop_oldest_closed(struct control_snapshot *snapshot)
{
	size_t i = 0;

	while (snapshot->slots[i].incident->open)
		i++;
	incident_unref(snapshot->slots[i].incident);
	memmove(&snapshot->slots[i], &snapshot->slots[i + 1],
		(snapshot->count - i - 1) * sizeof(*snapshot->slots));
	snapshot->count--;
	snapshot->closed--;
}

int control_snapshot_put_incident(struct control_snapshot *snapshot,
				  const struct incident *incident, const char *plan_json,
				  const char *verdict_json)
{
	struct control_incident *now = incident_new(incident, plan_json, verdict_json);
	struct slot *slot = find_slot(snapshot, incident->id);

	assert(atomic_load(&snapshot->refs) == 1);
	if (!now)
		return -ENOMEM;
	if (slot) {
		snapshot->closed -= !slot->incident->open;
		incident_unref(slot->incident);
	} else {
		slot = append_slot(snapshot);
		if (!slot) {
			incident_unref(now);
			return -ENOMEM;
		}
	}
	*slot = (struct slot){ .hash = id_hash(now->id), .incident = now };
	snapshot->closed += !now->open;
	if (snapshot->closed > CONTROL_CLOSED_MAX)
		drop_oldest_closed(snapshot);
	return 0;
}

const char *control_snapshot_status(const struct control_snapshot *snapshot)
{
	return snapshot->status ? snapshot->status->text : NULL;
}

const char *control_snapshot_top(const struct control_snapshot *snapshot)
{
	return snapshot->top ? snapshot->top->text : NULL;
}

size_t control_snapshot_count(const struct control_snapshot *snapshot)
{
	return snapshot->count;
}

const struct control_incident *control_snapshot_incident(const struct control_snapshot *snapshot,
							 size_t index)
{
	assert(index < snapshot->count);
	return snapshot->slots[snapshot->count - 1 - index].incident;
}

const struct control_incident *control_snapshot_find(const struct control_snapshot *snapshot,
						     const char *id)
{
	const struct slot *slot = find_slot(snapshot, id);

	return slot ? slot->incident : NULL;
}

bool control_incident_is_open(const struct control_incident *incident)
{
	return incident->open;
}

const char *control_incident_json(const struct control_incident *incident)
{
	return incident->json;
}
