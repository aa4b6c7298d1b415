/* SPDX-License-Identifier: Apache-2.0 */
/* score_rule: the JSON of a rule in, which packets it matches out. */
#include "lab/score_rule.h"

#include <stdio.h>
#include <string.h>

#include "base/parse.h"

/* A number of a packet that rules may ask for. */
struct field {
	const char *name;
	size_t offset;
	size_t size;
};

#define NUMBER(name)                                                                             \
	{                                                                                        \
#name, offsetof(struct lab_packet, name), sizeof(((struct lab_packet *)0)->name) \
	}

static const struct field fields[] = {
	NUMBER(proto),     NUMBER(sport),    NUMBER(dport), NUMBER(length),
	NUMBER(tcp_flags), NUMBER(fragment), NUMBER(ttl),
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) == SCORE_RULE_NUMBERS, "a place for each");

/* Members that say what is done, not to which packets. */
static const char *const others[] = { "id",       "action",   "level",   "rate",
				      "rate_pps", "rate_bps", "from_set" };

static uint32_t u32_of(const json_t *value)
{
	json_int_t number = json_integer_value(value);

	return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static uint32_t member_of(const json_t *object, const char *key, uint32_t absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? u32_of(value) : absent;
}

static bool number_of_text(const char *text, struct score_number *number)
{
	char first[16];
	const char *dash = strchr(text, '-');
	uint64_t low;
	uint64_t high;

	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - text) : 15, text);
	if (parse_u64(first, &low) || parse_u64(dash ? dash + 1 : first, &high) ||
	    low > UINT32_MAX || high > UINT32_MAX)
		return false;
	number->first = (uint32_t)low;
	number->last = (uint32_t)high;
	return true;
}

/* 53, "53", "40-60", [40, 60], {"min": 40, "max": 60}, {"value": 2, "mask": 18}, true. */
static bool number_of(const json_t *value, struct score_number *number)
{
	*number = (struct score_number){ .set = true, .mask = UINT32_MAX };
	if (json_is_string(value))
		return number_of_text(json_string_value(value), number);
	if (json_is_boolean(value)) {
		number->first = json_is_true(value);
		number->last = json_is_true(value) ? UINT32_MAX : 0;
	} else if (json_is_array(value) && json_array_size(value) == 2) {
		number->first = u32_of(json_array_get(value, 0));
		number->last = u32_of(json_array_get(value, 1));
	} else if (json_object_get(value, "mask")) {
		number->mask = member_of(value, "mask", UINT32_MAX);
		number->first = number->last = member_of(value, "value", 0);
	} else if (json_is_object(value)) {
		number->first = member_of(value, "min", 0);
		number->last = member_of(value, "max", UINT32_MAX);
	} else {
		number->first = number->last = u32_of(value);
		return json_is_integer(value);
	}
	return true;
}

static bool is_other(const char *key)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(key, others[i]) == 0)
			return true;
	}
	return false;
}

static bool read_number(const char *key, const json_t *value, struct score_rule *rule)
{
	for (unsigned i = 0; i < SCORE_RULE_NUMBERS; i++) {
		if (strcmp(key, fields[i].name) == 0) {
			rule->numbers[i].set = number_of(value, &rule->numbers[i]);
			return rule->numbers[i].set;
		}
	}
	return is_other(key);
}

int score_rule_read(const json_t *json, const json_t *sources, struct score_rule *ret_rule)
{
	struct score_rule rule = { 0 };
	const char *key;
	json_t *value;
	int err = score_prefixes_add(&rule.src, json_object_get(json, "src"));

	bool set = json_is_true(json_object_get(json, "from_set"));

	if (!err)
		err = score_prefixes_add(&rule.dst, json_object_get(json, "dst"));
	if (!err && set)
		err = score_prefixes_add(&rule.set, sources);
	if (err) {
		score_rule_done(&rule);
		return err;
	}
	json_object_foreach((json_t *)json, key, value)
	{
		if (strcmp(key, "src") != 0 && strcmp(key, "dst") != 0 &&
		    !read_number(key, value, &rule))
			rule.unknown++;
	}
	*ret_rule = rule;
	return 0;
}

void score_rule_done(struct score_rule *rule)
{
	score_prefixes_done(&rule->src);
	score_prefixes_done(&rule->dst);
	score_prefixes_done(&rule->set);
}

static uint32_t number_in(const struct lab_packet *packet, const struct field *field)
{
	const uint8_t *at = (const uint8_t *)packet + field->offset;
	uint16_t wide;

	if (field->size == 1)
		return *at;
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

bool score_rule_matches(const struct score_rule *rule, const struct lab_packet *packet)
{
	if (rule->src.count && !score_prefixes_have(&rule->src, &packet->src))
		return false;
	if (rule->set.count && !score_prefixes_have(&rule->set, &packet->src))
		return false;
	if (rule->dst.count && !score_prefixes_have(&rule->dst, &packet->dst))
		return false;
	for (unsigned i = 0; i < SCORE_RULE_NUMBERS; i++) {
		const struct score_number *number = &rule->numbers[i];
		uint32_t value = number_in(packet, &fields[i]) & number->mask;
		if (number->set && (value < number->first || value > number->last))
			return false;
	}
	return true;
}

double score_population_share(const struct score_population *population, enum lab_origin origin,
			      const struct score_rule *rules, size_t rule_count)
{
	size_t all = 0;
	size_t matched = 0;

	for (size_t i = 0; i < population->count; i++) {
		const struct lab_packet *packet = &population->packets[i];
		bool hit = false;
		if (packet->origin != origin)
			continue;
		for (size_t k = 0; k < rule_count && !hit; k++)
			hit = score_rule_matches(&rules[k], packet);
		all++;
		matched += hit;
	}
	return all ? (double)matched / (double)all : 0;
}
