/* SPDX-License-Identifier: Apache-2.0 */
/* fields: the daemon's JSON in, single values out. */
#include "cli/fields.h"

#include <string.h>

#include "base/clock.h"

const char *string_at(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "";
}

uint64_t count_at(const json_t *json, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(json, key));

	return value > 0 ? (uint64_t)value : 0;
}

double number_at(const json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

uint64_t time_at(const json_t *json, const char *key)
{
	uint64_t ns = 0;

	return time_parse(string_at(json, key), &ns) == 0 ? ns : 0;
}

uint64_t sum_of(const json_t *counts)
{
	json_t *object = (json_t *)counts;
	uint64_t sum = 0;
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) sum += count_at(object, key);
	return sum;
}

uint64_t sum_in(const json_t *list, const char *key)
{
	uint64_t sum = 0;
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)list, i, item) sum += count_at(item, key);
	return sum;
}

const json_t *detector_at(const json_t *detectors, const char *name)
{
	size_t i;
	json_t *detector;

	json_array_foreach((json_t *)detectors, i, detector)
	{
		if (strcmp(string_at(detector, "name"), name) == 0)
			return detector;
	}
	return NULL;
}
