/* SPDX-License-Identifier: Apache-2.0 */
/* wanted: a plan with its sources in, JSON out, and back. Any thread. */
#include "model/wanted.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/jsonw.h"

void wanted_to_json(const struct wanted *wanted, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	plan_to_json(&wanted->plan, NULL, 0, &w, "plan");
	jsonw_u64(&w, "direction", wanted->direction);
	jsonw_prefix(&w, "own", &wanted->own);
	if (wanted->approved_by[0])
		jsonw_string(&w, "approved_by", wanted->approved_by);
	jsonw_array(&w, "sources");
	for (size_t i = 0; i < wanted->source_count; i++)
		jsonw_ip(&w, NULL, &wanted->sources[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}

static json_int_t int_of(const json_t *object, const char *key, json_int_t absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : absent;
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int prefix_of(const json_t *object, const char *key, struct prefix *ret_prefix)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? prefix_parse(text, ret_prefix) : 0;
}

/* A number, an object with both ends, or nothing. */
static bool range_of(const json_t *object, const char *key, struct plan_range *range)
{
	const json_t *value = json_object_get(object, key);
	json_int_t min = json_is_object(value) ? int_of(value, "min", -1) : int_of(object, key, -1);
	json_int_t max = json_is_object(value) ? int_of(value, "max", -1) : min;

	if (!value)
		return true;
	if (min < 0 || max < min || max > UINT16_MAX)
		return false;
	*range = (struct plan_range){ (uint16_t)min, (uint16_t)max };
	return true;
}

static void flags_of(const json_t *object, struct plan_rule *rule)
{
	const json_t *value = json_object_get(object, "tcp_flags");

	if (json_is_object(value)) {
		rule->tcp_flags = (uint8_t)int_of(value, "value", 0);
		rule->tcp_mask = (uint8_t)int_of(value, "mask", 0);
	} else if (value) {
		rule->tcp_flags = (uint8_t)int_of(object, "tcp_flags", 0);
		rule->tcp_mask = UINT8_MAX;
	}
}

static bool rule_of(const json_t *object, struct plan_rule *rule)
{
	*rule = plan_rule_any();
	if (!json_is_object(object) || prefix_of(object, "src", &rule->src) < 0 ||
	    prefix_of(object, "dst", &rule->dst) < 0)
		return false;
	rule->proto = (int)int_of(object, "proto", -1);
	rule->fragment = (int8_t)int_of(object, "fragment", PLAN_FRAGMENT_ANY);
	rule->icmp_type = (int16_t)int_of(object, "icmp_type", -1);
	rule->icmp_code = (int16_t)int_of(object, "icmp_code", -1);
	rule->from_set = json_is_true(json_object_get(object, "from_set"));
	rule->rate_pps = (uint64_t)int_of(object, "rate_pps", 0);
	flags_of(object, rule);
	return range_of(object, "sport", &rule->sport) && range_of(object, "dport", &rule->dport) &&
	       range_of(object, "length", &rule->length) && range_of(object, "ttl", &rule->ttl);
}

static int level_of(const char *name)
{
	for (int level = 0; level < LEVEL_COUNT; level++) {
		if (strcmp(plan_level_name((enum plan_level)level), name) == 0)
			return level;
	}
	return -1;
}

static void forecast_of(const json_t *object, struct plan *plan)
{
	const json_t *forecast = json_object_get(object, "forecast");

	plan->has_forecast = json_is_object(forecast);
	plan->attack_share = json_number_value(json_object_get(forecast, "attack_share"));
	plan->collateral_share = json_number_value(json_object_get(forecast, "collateral_share"));
	plan->collateral_upper = json_number_value(json_object_get(forecast, "upper"));
}

static bool plan_of(const json_t *object, struct plan *plan)
{
	const json_t *rules = json_object_get(object, "rules");
	const char *expires = json_string_value(json_object_get(object, "expires"));
	int level = level_of(string_of(object, "level"));
	int would = level_of(string_of(object, "would"));
	int proposed = level_of(string_of(object, "proposed"));
	size_t count = json_array_size(rules);

	if (level < 0 || count > PLAN_RULES || (expires && time_parse(expires, &plan->expires_ns)))
		return false;
	snprintf(plan->id, sizeof(plan->id), "%s", string_of(object, "id"));
	snprintf(plan->incident, sizeof(plan->incident), "%s", string_of(object, "incident"));
	snprintf(plan->actuator, sizeof(plan->actuator), "%s", string_of(object, "actuator"));
	snprintf(plan->why, sizeof(plan->why), "%s", string_of(object, "why"));
	plan->level = (uint8_t)level;
	plan->would = (uint8_t)(would < 0 ? 0 : would);
	plan->proposed = (uint8_t)(proposed < 0 ? 0 : proposed);
	plan->needs_approval = json_is_true(json_object_get(object, "needs_approval"));
	forecast_of(object, plan);
	for (size_t i = 0; i < count; i++) {
		if (!rule_of(json_array_get(rules, i), &plan->rules[plan->rule_count++]))
			return false;
	}
	return plan->id[0] != '\0';
}

static bool wanted_of(const json_t *root, struct wanted *wanted, struct ip *sources)
{
	const json_t *list = json_object_get(root, "sources");
	json_int_t direction = int_of(root, "direction", -1);
	size_t count = json_array_size(list);

	if (direction < 0 || direction >= DIRECTION_COUNT || count > WANTED_SOURCES ||
	    prefix_of(root, "own", &wanted->own) < 0 ||
	    !plan_of(json_object_get(root, "plan"), &wanted->plan))
		return false;
	wanted->direction = (enum direction)direction;
	snprintf(wanted->approved_by, sizeof(wanted->approved_by), "%s",
		 string_of(root, "approved_by"));
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (!text || ip_parse(text, &sources[i]) < 0)
			return false;
	}
	wanted->sources = sources;
	wanted->source_count = count;
	return true;
}

int wanted_from_json(const char *json, struct wanted *ret_wanted, struct ip *sources)
{
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);

	memset(ret_wanted, 0, sizeof(*ret_wanted));
	bool good = json_is_object(root) && wanted_of(root, ret_wanted, sources);
	json_decref(root);
	return good ? 0 : -WEIR_EFORMAT;
}
