/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: verdicts in, JSON and words out; and back from JSON. Any thread. */
#include "model/verdict.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/jsonw.h"

static const char *basis_name(uint8_t basis)
{
	static const char *const names[VERDICT_BASIS_COUNT] = {
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_DROPPED] = "dropped",
		[VERDICT_TELEMETRY] = "telemetry",
	};

	return names[basis < VERDICT_BASIS_COUNT ? basis : VERDICT_UNKNOWN];
}

static void harm_to_json(const struct verdict *verdict, struct jsonw *w)
{
	if (verdict->counted)
		jsonw_u64(w, "dropped_packets", verdict->dropped_packets);
	jsonw_object(w, "harm");
	jsonw_string(w, "from", basis_name(verdict->basis));
	if (verdict->basis != VERDICT_UNKNOWN) {
		jsonw_number(w, "share", verdict->harm);
		jsonw_number(w, "least", verdict->harm_least);
		jsonw_u64(w, "looked", verdict->looked);
		jsonw_u64(w, "innocent", verdict->innocent);
	}
	jsonw_object_end(w);
}

void verdict_to_json(const struct verdict *verdict, struct jsonw *w, const char *key)
{
	jsonw_object(w, key);
	jsonw_string(w, "plan", verdict->plan);
	jsonw_bool(w, "arriving", verdict->arriving);
	jsonw_u64(w, "pps_before", verdict->pps_before);
	jsonw_u64(w, "pps_now", verdict->pps_now);
	jsonw_time(w, "time", verdict->at_ns);
	if (verdict->in_force)
		harm_to_json(verdict, w);
	jsonw_object_end(w);
}

static uint64_t count_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) && json_integer_value(value) > 0
		       ? (uint64_t)json_integer_value(value)
		       : 0;
}

static bool time_of(const json_t *object, const char *key, uint64_t *ret_ns)
{
	const json_t *value = json_object_get(object, key);

	return !value ||
	       (json_is_string(value) && time_parse(json_string_value(value), ret_ns) == 0);
}

static void harm_of(const json_t *root, struct verdict *verdict)
{
	const json_t *harm = json_object_get(root, "harm");
	const char *from = json_string_value(json_object_get(harm, "from"));

	verdict->in_force = harm != NULL;
	verdict->counted = json_object_get(root, "dropped_packets") != NULL;
	verdict->dropped_packets = count_of(root, "dropped_packets");
	verdict->harm = json_number_value(json_object_get(harm, "share"));
	verdict->harm_least = json_number_value(json_object_get(harm, "least"));
	verdict->looked = count_of(harm, "looked");
	verdict->innocent = count_of(harm, "innocent");
	for (uint8_t basis = 0; from && basis < VERDICT_BASIS_COUNT; basis++) {
		if (strcmp(from, basis_name(basis)) == 0)
			verdict->basis = basis;
	}
}

int verdict_from_json(const char *json, struct verdict *ret_verdict)
{
	struct verdict verdict = { 0 };
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	const char *plan = json_string_value(json_object_get(root, "plan"));
	bool good = plan && time_of(root, "time", &verdict.at_ns);

	if (good) {
		snprintf(verdict.plan, sizeof(verdict.plan), "%s", plan);
		verdict.arriving = json_is_true(json_object_get(root, "arriving"));
		verdict.pps_before = count_of(root, "pps_before");
		verdict.pps_now = count_of(root, "pps_now");
		harm_of(root, &verdict);
		*ret_verdict = verdict;
	}
	json_decref(root);
	return good ? 0 : -WEIR_EFORMAT;
}

void verdict_harm_to_text(const struct verdict *verdict, struct text *out)
{
	if (verdict->basis == VERDICT_UNKNOWN) {
		text_add(out, "not known: too little was seen that tells innocent from attack");
		return;
	}
	text_addf(out, "about %.2g %% of innocent traffic, at least %.2g %%: ", verdict->harm * 100,
		  verdict->harm_least * 100);
	if (verdict->basis == VERDICT_DROPPED)
		text_addf(out, "%llu of %llu dropped packets look innocent",
			  (unsigned long long)verdict->innocent,
			  (unsigned long long)verdict->looked);
	else
		text_addf(out, "by %llu packets in the telemetry that look innocent",
			  (unsigned long long)verdict->innocent);
}
