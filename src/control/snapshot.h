/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot: what the API may say at one moment: the status and the incidents,
 * already written as JSON.
 *
 * The control thread makes one, fills it, publishes it to the server and never
 * touches it again; from then on any thread reads it and the last holder frees
 * it. The next one starts as a copy that shares all texts with the one before,
 * so publishing costs pointers, not megabytes. Bounded: all open incidents
 * (incident room's own limit) and the newest CONTROL_CLOSED_MAX closed ones;
 * older ones stay in the journal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/incident.h"

/** Closed incidents that the API can show. */
#define CONTROL_CLOSED_MAX 1000

struct control_snapshot;

/** One incident as the API shows it; immutable and shared between snapshots. */
struct control_incident;

/** control_snapshot_new() - empty, to be filled. Return: one reference; NULL when memory is short. */
struct control_snapshot *control_snapshot_new(void);

/**
 * control_snapshot_copy() - the same contents, to be changed.
 * @before: borrowed; any thread may be reading it meanwhile
 *
 * Return: one reference; NULL when memory is short.
 */
struct control_snapshot *control_snapshot_copy(const struct control_snapshot *before);

/** control_snapshot_ref() - one more holder. Return: @snapshot. */
struct control_snapshot *control_snapshot_ref(struct control_snapshot *snapshot);

/** control_snapshot_unref() - one holder less; the last one frees. NULL is fine. */
void control_snapshot_unref(struct control_snapshot *snapshot);

/**
 * control_snapshot_set_status() - the answer to GET /api/v1/status.
 * @json: one JSON object, copied
 *
 * Before publishing only. Return: 0 or -ENOMEM (the old one stays).
 */
WEIR_CHECK int control_snapshot_set_status(struct control_snapshot *snapshot, const char *json);

/** control_snapshot_set_top() - likewise the answer to GET /api/v1/top. */
WEIR_CHECK int control_snapshot_set_top(struct control_snapshot *snapshot, const char *json);

/**
 * control_snapshot_put_incident() - add an incident, or replace what was said of it.
 * @incident: borrowed; known by its id
 * @plan_json: the plan as one JSON object, copied; NULL if there is none
 * @verdict_json: likewise what came of it
 *
 * Incidents are listed newest first, in the order in which they were first put. One closed
 * incident too many pushes out the oldest closed one. Before publishing only.
 * Return: 0 or -ENOMEM (nothing changed).
 */
WEIR_CHECK int control_snapshot_put_incident(struct control_snapshot *snapshot,
					     const struct incident *incident, const char *plan_json,
					     const char *verdict_json);

/** control_snapshot_status() - the status object; NULL before the first was set. */
const char *control_snapshot_status(const struct control_snapshot *snapshot);

/** control_snapshot_top() - likewise of control_snapshot_set_top(). */
const char *control_snapshot_top(const struct control_snapshot *snapshot);

/** control_snapshot_count() - incidents held. */
size_t control_snapshot_count(const struct control_snapshot *snapshot);

/** control_snapshot_incident() - the @index-th newest. Borrowed, lives as long as @snapshot. */
const struct control_incident *control_snapshot_incident(const struct control_snapshot *snapshot,
							 size_t index);

/** control_snapshot_find() - by id; NULL if it is not held. */
const struct control_incident *control_snapshot_find(const struct control_snapshot *snapshot,
						     const char *id);

/** control_incident_is_open() - it had not ended when the snapshot was made. */
bool control_incident_is_open(const struct control_incident *incident);

/** control_incident_json() - {"incident":{…},"plan":{…},"verdict":{…}}, the latter if there are. */
const char *control_incident_json(const struct control_incident *incident);
