/* SPDX-License-Identifier: Apache-2.0 */
/* render_merge: exporters of the status JSON in, those of one interface put together out. */
#include <string.h>

#include "cli/fields.h"
#include "cli/render.h"

static bool is_interface(const json_t *exporter)
{
	return strcmp(string_at(exporter, "address"), "::") == 0 &&
	       strcmp(string_at(exporter, "protocol"), "packet") == 0;
}

static int add_count(json_t *into, const json_t *from, const char *key)
{
	uint64_t sum = count_at(into, key) + count_at(from, key);

	return into ? json_object_set_new(into, key, json_integer((json_int_t)sum)) : 0;
}

static int add_counts(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;
	int err = 0;

	json_object_foreach((json_t *)from, key, value)
	{
		if (value && !err)
			err = add_count(into, from, key);
	}
	return err;
}

static int add_rates(json_t *into, const json_t *from)
{
	static const char *const keys[] = { "1s", "10s" };
	int err = 0;

	for (size_t i = 0; into && !err && i < 2; i++)
		err = json_object_set_new(
			into, keys[i],
			json_real(number_at(into, keys[i]) + number_at(from, keys[i])));
	return err;
}

/* What the table and its notes show; the rest stays that of the first thread. */
static int add_exporter(json_t *into, const json_t *from)
{
	int err = add_count(into, from, "records");

	if (!err)
		err = add_rates(json_object_get(into, "records_per_s"),
				json_object_get(from, "records_per_s"));
	if (!err)
		err = add_counts(json_object_get(into, "undecodable"),
				 json_object_get(from, "undecodable"));
	if (!err && time_at(from, "last_seen") > time_at(into, "last_seen"))
		err = json_object_set(into, "last_seen", json_object_get(from, "last_seen"));
	/* Of two healths the worse one. */
	if (!err && json_array_size(json_object_get(from, "faults")) >
			    json_array_size(json_object_get(into, "faults")))
		err = json_object_set(into, "faults", json_object_get(from, "faults"));
	return err;
}

/* The same interface among those that were taken before. */
static json_t *find_interface(const json_t *interfaces, const json_t *exporter)
{
	for (size_t i = 0; i < json_array_size(interfaces); i++) {
		json_t *one = json_array_get(interfaces, i);
		if (count_at(one, "odid") == count_at(exporter, "odid"))
			return one;
	}
	return NULL;
}

static int take(json_t *merged, json_t *interfaces, json_t *exporter)
{
	if (!is_interface(exporter))
		return json_array_append(merged, exporter);
	json_t *before = find_interface(interfaces, exporter);
	if (before)
		return add_exporter(before, exporter);
	json_t *copy = json_deep_copy(exporter);
	int err = json_array_append(interfaces, copy);
	if (!err)
		err = json_array_append(merged, copy);
	json_decref(copy);
	return err;
}

json_t *merge_interfaces(const json_t *exporters)
{
	json_t *merged = json_array();
	json_t *interfaces = json_array();
	int err = merged && interfaces ? 0 : -1;

	for (size_t i = 0; !err && i < json_array_size(exporters); i++)
		err = take(merged, interfaces, json_array_get(exporters, i));
	json_decref(interfaces);
	if (!err)
		return merged;
	json_decref(merged);
	return NULL;
}
