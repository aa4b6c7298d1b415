/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive: lines of JSON with wanted sets in, what the first actuator of a configuration made of
 * them out.
 *
 * Not a test by itself: tests/netns and tests/bench run it inside a network namespace.
 *
 *   drive CONFIG     then on standard input, a line each:
 *   {"plans": [{"id": "p1", "level": "drop", "direction": "inbound", "own": "198.51.100.7/32",
 *               "expires_ms": 60000, "sources": ["192.0.2.1"], "rules": [{"dst": "198.51.100.7/32",
 *               "proto": 17, "sport": [123, 123], "rate_pps": 100}]}]}
 *   {"check": true, "plans": […]}
 */
#include <endian.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/actuator.h"
#include "base/clock.h"
#include "config/config.h"

#define SOURCES_MAX (1 << 20)

static _Noreturn void stop(const char *what)
{
	fprintf(stderr, "drive: %s\n", what);
	exit(2);
}

static struct prefix prefix_at(const json_t *from, const char *key)
{
	const char *words = json_string_value(json_object_get(from, key));
	struct prefix prefix = { 0 };

	if (words && prefix_parse(words, &prefix))
		stop(words);
	return prefix;
}

static long long number_of(const json_t *from, const char *key, long long otherwise)
{
	const json_t *value = json_object_get(from, key);

	return value ? json_integer_value(value) : otherwise;
}

static void range_at(const json_t *from, const char *key, struct plan_range *range)
{
	const json_t *value = json_object_get(from, key);

	if (json_is_integer(value))
		*range = plan_range_of((int)json_integer_value(value));
	else if (value)
		*range = (struct plan_range){
			(uint16_t)json_integer_value(json_array_get(value, 0)),
			(uint16_t)json_integer_value(json_array_get(value, 1)),
		};
}

static struct plan_rule rule_from(const json_t *from)
{
	struct plan_rule rule = plan_rule_any();
	const json_t *flags = json_object_get(from, "flags");

	rule.src = prefix_at(from, "src");
	rule.dst = prefix_at(from, "dst");
	rule.proto = (int)number_of(from, "proto", -1);
	range_at(from, "sport", &rule.sport);
	range_at(from, "dport", &rule.dport);
	range_at(from, "length", &rule.length);
	range_at(from, "ttl", &rule.ttl);
	rule.tcp_flags = (uint8_t)json_integer_value(json_array_get(flags, 0));
	rule.tcp_mask = (uint8_t)json_integer_value(json_array_get(flags, 1));
	rule.fragment = (int8_t)number_of(from, "fragment", PLAN_FRAGMENT_ANY);
	rule.icmp_type = (int16_t)number_of(from, "icmp_type", -1);
	rule.icmp_code = (int16_t)number_of(from, "icmp_code", -1);
	rule.from_set = json_is_true(json_object_get(from, "from_set"));
	rule.rate_pps = (uint64_t)number_of(from, "rate_pps", 0);
	return rule;
}

static uint8_t level_of(const char *name)
{
	for (uint8_t level = 0; name && level < LEVEL_COUNT; level++) {
		if (strcmp(plan_level_name(level), name) == 0)
			return level;
	}
	stop("no such level");
}

static int by_address(const void *a, const void *b)
{
	return ip_compare(a, b);
}

/* Given one by one, or as the first of many in a row (IPv4). */
static void read_sources(const json_t *from, struct wanted *wanted)
{
	const json_t *list = json_object_get(from, "sources");
	size_t many = (size_t)number_of(from, "source_count", 0);
	size_t count = json_array_size(list) + many;
	struct ip *sources = calloc(count + 1, sizeof(*sources));

	if (!sources || count > SOURCES_MAX)
		stop("too many sources");
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (ip_parse(json_string_value(json_array_get(list, i)), &sources[i]))
			stop("a source that is no address");
	}
	for (size_t i = 0; i < many; i++) {
		uint32_t at = htobe32((uint32_t)(172U << 24 | 16U << 16) + (uint32_t)i);
		sources[json_array_size(list) + i] = ip_from_v4((const uint8_t *)&at);
	}
	qsort(sources, count, sizeof(*sources), by_address);
	wanted->sources = sources;
	wanted->source_count = count;
}

static void read_plan(const json_t *from, uint64_t now_ns, struct wanted *wanted)
{
	const char *way = json_string_value(json_object_get(from, "direction"));
	const char *id = json_string_value(json_object_get(from, "id"));
	const json_t *rules = json_object_get(from, "rules");
	long long expires_ms = number_of(from, "expires_ms", 0);

	snprintf(wanted->plan.id, sizeof(wanted->plan.id), "%s", id ? id : "plan");
	wanted->plan.level = level_of(json_string_value(json_object_get(from, "level")));
	wanted->plan.expires_ns = expires_ms ? now_ns + (uint64_t)expires_ms * NS_PER_MS : 0;
	wanted->direction =
		way && strcmp(way, "outbound") == 0 ? DIRECTION_OUTBOUND : DIRECTION_INBOUND;
	wanted->own = prefix_at(from, "own");
	read_sources(from, wanted);
	for (size_t i = 0; i < json_array_size(rules) && i < PLAN_RULES; i++)
		wanted->plan.rules[wanted->plan.rule_count++] = rule_from(json_array_get(rules, i));
}

static json_t *effect_to_json(const struct effect *e)
{
	return json_pack("{ss sb sI sb sI sI sI sI}", "plan", e->plan, "applied", e->applied,
			 "rules", (json_int_t)e->rules_held, "counted", e->counted,
			 "matched_packets", (json_int_t)e->matched_packets, "matched_bytes",
			 (json_int_t)e->matched_bytes, "dropped_packets",
			 (json_int_t)e->dropped_packets, "dropped_bytes",
			 (json_int_t)e->dropped_bytes);
}

static json_t *reconcile(const struct actuator *actuator, void *state, const struct wanted_set *set)
{
	struct effect *effects = calloc(set->count + 1, sizeof(*effects));
	struct text why = text_heap();
	struct actuator_result result = { .effects = effects, .why = &why };
	json_t *list = json_array();

	if (!effects)
		stop("no memory");
	uint64_t start_ns = clock_mono_ns();
	uint64_t cpu_ns = clock_cpu_ns();
	int err = actuator->reconcile(state, set, &result);
	double took_ms = (double)(clock_mono_ns() - start_ns) / 1e6;
	double cpu_ms = (double)(clock_cpu_ns() - cpu_ns) / 1e6;
	/* An actuator that tidies up after its rules are in force says when they were. */
	double active_ms = took_ms;
	for (size_t i = 0; i < set->count; i++) {
		if (effects[i].at_ns > set->now_ns)
			active_ms = (double)(effects[i].at_ns - set->now_ns) / 1e6;
		json_array_append_new(list, effect_to_json(&effects[i]));
	}
	json_t *out = json_pack("{si ss ss sf sf sf sI sI sI so}", "rc", err, "error",
				err_text(err), "why", text_string(&why), "ms", took_ms, "active_ms",
				active_ms, "cpu_ms", cpu_ms, "added", (json_int_t)result.added,
				"removed", (json_int_t)result.removed, "kept",
				(json_int_t)result.kept, "effects", list);
	text_done(&why);
	free(effects);
	return out;
}

static json_t *check(const struct actuator *actuator, void *state, const struct wanted_set *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++) {
		struct text why = text_heap();
		int err = actuator->check(state, &set->plans[i], &why);
		json_array_append_new(list,
				      json_pack("{si ss}", "rc", err, "why", text_string(&why)));
		text_done(&why);
	}
	return json_pack("{so}", "checks", list);
}

static void answer(const struct actuator *actuator, void *state, const char *line)
{
	json_t *request = json_loads(line, 0, NULL);
	const json_t *plans = json_object_get(request, "plans");
	size_t count = json_array_size(plans);
	struct wanted *wanted = calloc(count + 1, sizeof(*wanted));
	const struct wanted_set set = { wanted, count, clock_wall_ns() };

	if (!request || !wanted)
		stop("a line that is no set");
	for (size_t i = 0; i < count; i++)
		read_plan(json_array_get(plans, i), set.now_ns, &wanted[i]);
	json_t *out = json_is_true(json_object_get(request, "check"))
			      ? check(actuator, state, &set)
			      : reconcile(actuator, state, &set);
	json_dumpf(out, stdout, JSON_COMPACT);
	printf("\n");
	fflush(stdout);
	for (size_t i = 0; i < count; i++)
		free((void *)wanted[i].sources);
	free(wanted);
	json_decref(out);
	json_decref(request);
}

int main(int argc, char **argv)
{
	struct text said = text_heap();
	struct config *config = NULL;
	void *state = NULL;
	uint32_t caps = 0;
	char *line = NULL;
	size_t cap = 0;

	if (argc != 2)
		stop("usage: drive CONFIG, sets on standard input");
	if (config_load(argv[1], &said, &config) || !config->actuator_count)
		stop(text_string(&said));
	const struct actuator *actuator = actuator_find(config->actuators[0].kind);
	if (!actuator)
		stop("this program was built without that actuator");
	int err = actuator->open(config, &config->actuators[0], &state, &caps, &said);
	if (err) {
		printf("{\"rc\": %d, \"open\": \"%s\"}\n", err, text_string(&said));
		return 1;
	}
	printf("{\"rc\": 0, \"caps\": %u}\n", caps);
	fflush(stdout);
	while (getline(&line, &cap, stdin) > 0)
		answer(actuator, state, line);
	actuator->close(state);
	free(line);
	config_free(config);
	text_done(&said);
	return 0;
}
