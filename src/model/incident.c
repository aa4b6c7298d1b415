/* SPDX-License-Identifier: Apache-2.0 */
/* incident: an incident in, JSON out (the form of `weir replay` and the API), and back. */
#include "model/incident.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"

const char *incident_state_name(enum incident_state state)
{
	return state == INCIDENT_OPEN ? "open" : "closed";
}

bool incident_is_unseen(const struct incident *incident)
{
	return incident->quiet_ns > incident->seen_ns;
}

char *incident_where(const struct incident *incident, char *text)
{
	const struct prefix prefix = { .ip = incident->host, .len = incident->host_len };

	if (!incident->host_len || incident->host_len >= 128)
		return ip_format(&incident->host, text);
	return prefix_format(&prefix, text);
}

static void prefixes_to_json(const struct prefix *prefixes, unsigned count, struct jsonw *w,
			     const char *key)
{
	jsonw_array(w, key);
	for (unsigned i = 0; i < count; i++)
		jsonw_prefix(w, NULL, &prefixes[i]);
	jsonw_array_end(w);
}

static void vectors_to_json(const struct incident *incident, struct jsonw *w)
{
	jsonw_array(w, "vectors");
	for (unsigned i = 0; i < incident->vector_count; i++)
		jsonw_string(w, NULL, incident->vectors[i].name);
	jsonw_array_end(w);
	jsonw_array(w, "vector_shares");
	for (unsigned i = 0; i < incident->vector_count; i++)
		jsonw_number(w, NULL, incident->vectors[i].share);
	jsonw_array_end(w);
}

static void focus_to_json(const struct incident_focus *focus, struct jsonw *w)
{
	jsonw_object(w, "focus");
	if (focus->proto >= 0)
		jsonw_i64(w, "proto", focus->proto);
	if (focus->sport >= 0)
		jsonw_i64(w, "sport", focus->sport);
	if (focus->dport >= 0)
		jsonw_i64(w, "dport", focus->dport);
	if (!ip_is_zero(&focus->peer))
		jsonw_ip(w, "peer", &focus->peer);
	jsonw_object_end(w);
}

static void number_to_json(struct jsonw *w, const char *key, int value)
{
	if (value >= 0)
		jsonw_i64(w, key, value);
}

static void shapes_to_json(const struct incident *incident, struct jsonw *w)
{
	jsonw_array(w, "shapes");
	for (unsigned i = 0; i < incident->shape_count; i++) {
		const struct finding_shape *shape = &incident->shapes[i];
		jsonw_object(w, NULL);
		number_to_json(w, "proto", shape->proto);
		number_to_json(w, "sport", shape->sport);
		number_to_json(w, "dport", shape->dport);
		number_to_json(w, "tcp_flags", shape->tcp_flags);
		number_to_json(w, "fragment", shape->fragment);
		if (shape->length_max) {
			jsonw_u64(w, "length_min", shape->length_min);
			jsonw_u64(w, "length_max", shape->length_max);
		}
		jsonw_number(w, "share", shape->share);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void details_to_json(const struct incident *incident, struct jsonw *w)
{
	jsonw_string(w, "state", incident_state_name(incident->state));
	jsonw_string(w, "kind", kind_name(incident->kind));
	jsonw_ip(w, "host", &incident->host);
	if (incident->host_len && incident->host_len < 128)
		jsonw_u64(w, "host_len", incident->host_len);
	if (*incident->tenant)
		jsonw_string(w, "tenant", incident->tenant);
	if (*incident->region)
		jsonw_string(w, "region", incident->region);
	jsonw_string(w, "metric", metric_name(incident->metric));
	jsonw_u64(w, "limit", incident->limit);
	jsonw_string(w, "why", incident->why);
	if (*incident->advice)
		jsonw_string(w, "advice", incident->advice);
	if (incident->machine_count)
		incident_machines_to_json(incident, w);
	jsonw_u64(w, "targets_estimated", incident->targets_estimated);
	jsonw_u64(w, "detected_pps", incident->detected_pps);
	if (incident->capacity_bps) {
		jsonw_bool(w, "above_capacity", true);
		jsonw_u64(w, "capacity_bps", incident->capacity_bps);
	}
	focus_to_json(&incident->focus, w);
	if (incident->shape_count)
		shapes_to_json(incident, w);
	jsonw_time(w, "last_above", incident->above_ns);
	jsonw_time(w, "last_seen", incident->seen_ns);
	if (incident->quiet_ns) {
		jsonw_time(w, "quiet_since", incident->quiet_ns);
		jsonw_time(w, "closes", incident->closes_ns);
	}
	jsonw_time(w, "updated", incident->updated_ns);
	if (incident->resumed)
		jsonw_u64(w, "resumed", incident->resumed);
}

void incident_to_json(const struct incident *incident, struct jsonw *w, const char *key)
{
	jsonw_object(w, key);
	jsonw_string(w, "id", incident->id);
	jsonw_string(w, "severity", severity_name(incident->severity));
	jsonw_string(w, "direction", direction_name(incident->direction));
	prefixes_to_json(incident->targets, incident->target_count, w, "targets");
	vectors_to_json(incident, w);
	jsonw_u64(w, "sources_seen", incident->sources_seen);
	jsonw_u64(w, "sources_estimated", incident->sources_estimated);
	prefixes_to_json(incident->sources, incident->source_count, w, "sources");
	jsonw_u64(w, "pps", incident->pps);
	jsonw_u64(w, "bps", incident->bps);
	jsonw_u64(w, "peak_pps", incident->peak_pps);
	jsonw_u64(w, "peak_bps", incident->peak_bps);
	jsonw_time(w, "onset", incident->onset_ns);
	if (incident->first_ns)
		jsonw_time(w, "first_sample", incident->first_ns);
	if (incident->suspect_ns)
		jsonw_time(w, "suspected", incident->suspect_ns);
	jsonw_time(w, "detected", incident->detected_ns);
	if (incident->ended_ns)
		jsonw_time(w, "ended", incident->ended_ns);
	details_to_json(incident, w);
	jsonw_object_end(w);
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static uint64_t u64_of(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static int int_of(const json_t *object, const char *key, int absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? (int)json_integer_value(value) : absent;
}

/* An absent or unreadable time is 0, as in a fresh incident. */
static uint64_t time_of(const json_t *object, const char *key)
{
	uint64_t ns = 0;

	return time_parse(string_of(object, key), &ns) == 0 ? ns : 0;
}

static unsigned prefixes_of(const json_t *object, const char *key, struct prefix *prefixes,
			    unsigned room)
{
	const json_t *list = json_object_get(object, key);
	const json_t *item;
	unsigned count = 0;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);
		if (count < room && text && prefix_parse(text, &prefixes[count]) == 0)
			count++;
	}
	return count;
}

static unsigned vectors_of(const json_t *object, struct vector_share *vectors)
{
	const json_t *names = json_object_get(object, "vectors");
	const json_t *shares = json_object_get(object, "vector_shares");
	const json_t *item;
	unsigned count = 0;
	size_t i;

	json_array_foreach(names, i, item)
	{
		if (count == FINDING_VECTORS || !json_is_string(item))
			break;
		snprintf(vectors[count].name, sizeof(vectors[count].name), "%s",
			 json_string_value(item));
		vectors[count++].share = json_number_value(json_array_get(shares, i));
	}
	return count;
}

static int direction_of(const json_t *object)
{
	for (int i = 0; i < DIRECTION_COUNT; i++) {
		if (strcmp(string_of(object, "direction"), direction_name(i)) == 0)
			return i;
	}
	return -WEIR_EFORMAT;
}

static uint8_t severity_of(const json_t *object)
{
	uint8_t i = 0;

	while (i < SEVERITY_CRITICAL &&
	       strcmp(string_of(object, "severity"), severity_name(i)) != 0)
		i++;
	return i;
}

static uint8_t kind_of(const json_t *object, uint8_t direction)
{
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		if (strcmp(string_of(object, "kind"), kind_name(i)) == 0)
			return (uint8_t)i;
	}
	/* Written by a Weir that knew no others. */
	return direction == DIRECTION_OUTBOUND ? KIND_OUTBOUND_FLOOD : KIND_FLOOD;
}

static uint8_t metric_of(const json_t *object)
{
	uint8_t i = 0;

	while (i < METRIC_COUNT - 1 && strcmp(string_of(object, "metric"), metric_name(i)) != 0)
		i++;
	return i;
}

static void focus_of(const json_t *object, struct incident_focus *focus)
{
	const json_t *from = json_object_get(object, "focus");

	focus->proto = int_of(from, "proto", -1);
	focus->sport = int_of(from, "sport", -1);
	focus->dport = int_of(from, "dport", -1);
	if (ip_parse(string_of(from, "peer"), &focus->peer))
		focus->peer = (struct ip){ 0 };
}

static void shapes_of(const json_t *object, struct incident *incident)
{
	const json_t *list = json_object_get(object, "shapes");
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (incident->shape_count == FINDING_SHAPES)
			break;
		incident->shapes[incident->shape_count++] = (struct finding_shape){
			.proto = int_of(item, "proto", -1),
			.sport = int_of(item, "sport", -1),
			.dport = int_of(item, "dport", -1),
			.tcp_flags = int_of(item, "tcp_flags", -1),
			.fragment = int_of(item, "fragment", -1),
			.length_min = (unsigned)u64_of(item, "length_min"),
			.length_max = (unsigned)u64_of(item, "length_max"),
			.share = json_number_value(json_object_get(item, "share")),
		};
	}
}

static int head_of(const json_t *object, struct incident *incident)
{
	int direction = direction_of(object);
	const char *id = string_of(object, "id");

	if (direction < 0 || !*id || strlen(id) >= sizeof(incident->id) ||
	    ip_parse(string_of(object, "host"), &incident->host))
		return -WEIR_EFORMAT;
	snprintf(incident->id, sizeof(incident->id), "%s", id);
	incident->direction = (uint8_t)direction;
	incident->state =
		strcmp(string_of(object, "state"), "open") == 0 ? INCIDENT_OPEN : INCIDENT_CLOSED;
	incident->severity = severity_of(object);
	incident->metric = metric_of(object);
	incident->kind = kind_of(object, incident->direction);
	incident->host_len = (uint8_t)int_of(object, "host_len", 128);
	focus_of(object, &incident->focus);
	return 0;
}

static void lists_of(const json_t *object, struct incident *incident)
{
	incident->target_count =
		prefixes_of(object, "targets", incident->targets, INCIDENT_TARGETS);
	incident->source_count =
		prefixes_of(object, "sources", incident->sources, INCIDENT_SOURCES);
	shapes_of(object, incident);
	incident->vector_count = vectors_of(object, incident->vectors);
	snprintf(incident->why, sizeof(incident->why), "%s", string_of(object, "why"));
	snprintf(incident->advice, sizeof(incident->advice), "%s", string_of(object, "advice"));
	snprintf(incident->tenant, sizeof(incident->tenant), "%s", string_of(object, "tenant"));
	snprintf(incident->region, sizeof(incident->region), "%s", string_of(object, "region"));
}

static void numbers_of(const json_t *object, struct incident *incident)
{
	incident->sources_seen = u64_of(object, "sources_seen");
	incident->sources_estimated = u64_of(object, "sources_estimated");
	incident->targets_estimated = u64_of(object, "targets_estimated");
	incident->limit = u64_of(object, "limit");
	incident->pps = u64_of(object, "pps");
	incident->bps = u64_of(object, "bps");
	incident->detected_pps = u64_of(object, "detected_pps");
	incident->peak_pps = u64_of(object, "peak_pps");
	incident->peak_bps = u64_of(object, "peak_bps");
	incident->capacity_bps = u64_of(object, "capacity_bps");
	incident->resumed = u64_of(object, "resumed");
	incident->onset_ns = time_of(object, "onset");
	incident->first_ns = time_of(object, "first_sample");
	incident->suspect_ns = time_of(object, "suspected");
	incident->detected_ns = time_of(object, "detected");
	incident->updated_ns = time_of(object, "updated");
	incident->above_ns = time_of(object, "last_above");
	incident->seen_ns = time_of(object, "last_seen");
	incident->quiet_ns = time_of(object, "quiet_since");
	incident->closes_ns = time_of(object, "closes");
	incident->ended_ns = time_of(object, "ended");
	/* Written by a Weir that knew only one of the two. */
	if (incident->seen_ns == 0)
		incident->seen_ns = incident->above_ns;
}

int incident_from_json(const char *json, struct incident *ret_incident)
{
	struct incident incident = { 0 };
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	int err = object ? head_of(object, &incident) : -WEIR_EFORMAT;

	if (err == 0) {
		lists_of(object, &incident);
		numbers_of(object, &incident);
		*ret_incident = incident;
	}
	json_decref(object);
	return err;
}
