/* SPDX-License-Identifier: Apache-2.0 */
/* score_truth: truth.json in, struct score_truth out. */
#include "lab/score_truth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const char *string_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static void word_of(const json_t *object, const char *key, char *word, size_t room)
{
	snprintf(word, room, "%s", string_of(object, key));
}

static uint64_t u64_of(const json_t *object, const char *key)
{
	double value = json_number_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static uint64_t time_of(const json_t *object, const char *key)
{
	uint64_t ns = 0;

	return time_parse(string_of(object, key), &ns) == 0 ? ns : 0;
}

static int direction_of(const json_t *object, enum direction *ret_direction)
{
	for (int i = 0; i < DIRECTION_COUNT; i++) {
		if (strcmp(string_of(object, "direction"), direction_name(i)) == 0) {
			*ret_direction = i;
			return 0;
		}
	}
	return -WEIR_EFORMAT;
}

static void vectors_of(const json_t *object, struct score_attack *attack)
{
	const json_t *list = json_object_get(object, "vectors");
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && attack->vector_count < SCORE_VECTORS)
			snprintf(attack->vectors[attack->vector_count++], VECTOR_NAME_MAX, "%s",
				 json_string_value(item));
	}
}

static void limits_of(const json_t *object, double sampling, struct score_attack *attack)
{
	const json_t *list = json_object_get(object, "limits");
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (attack->limit_count == SCORE_LIMITS)
			return;
		struct score_limit *limit = &attack->limits[attack->limit_count++];
		word_of(item, "class", limit->class, sizeof(limit->class));
		limit->rates = (struct oracle_case){
			.before_pps = json_number_value(json_object_get(item, "before_pps")),
			.envelope_pps = json_number_value(json_object_get(item, "envelope_pps")),
			.attack_pps = json_number_value(json_object_get(item, "attack_pps")),
			.sampling = sampling,
		};
	}
}

static int attack_of(const json_t *object, double sampling, struct score_attack *attack)
{
	const struct {
		const char *key;
		struct score_prefixes *list;
	} lists[] = {
		{ "targets", &attack->targets },
		{ "machines", &attack->machines },
		{ "machines_sampled_60s", &attack->sampled },
		{ "never_block", &attack->never_block },
	};
	int err = direction_of(object, &attack->direction);

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !err; i++)
		err = score_prefixes_add(lists[i].list, json_object_get(object, lists[i].key));
	score_prefixes_widen(&attack->targets);
	word_of(object, "label", attack->label, sizeof(attack->label));
	vectors_of(object, attack);
	limits_of(object, sampling, attack);
	return err;
}

static int attacks_of(const json_t *object, struct score_truth *truth)
{
	const json_t *list = json_object_get(object, "attacks");
	const json_t *item;
	size_t i;
	int err = 0;

	json_array_foreach(list, i, item)
	{
		if (!err && truth->attack_count < SCORE_ATTACKS)
			err = attack_of(item, (double)truth->sampling,
					&truth->attacks[truth->attack_count++]);
	}
	return err;
}

static void head_of(const json_t *object, struct score_truth *truth)
{
	word_of(object, "scenario", truth->scenario, sizeof(truth->scenario));
	word_of(object, "mode", truth->mode, sizeof(truth->mode));
	word_of(object, "family", truth->family, sizeof(truth->family));
	word_of(object, "fault", truth->fault, sizeof(truth->fault));
	truth->benign = strcmp(string_of(object, "kind"), "benign") == 0;
	truth->complete = u64_of(json_object_get(object, "counts"), "samples") > 0;
	truth->seed = u64_of(object, "seed");
	truth->sampling = u64_of(object, "sampling");
	if (truth->sampling == 0)
		truth->sampling = 1;
	truth->begin_ns = time_of(object, "begin");
	truth->onset_ns = time_of(object, "onset");
	truth->first_ns = time_of(object, "first");
	if (truth->first_ns == 0)
		truth->first_ns = truth->onset_ns;
	truth->end_ns = time_of(object, "end");
	truth->finish_ns = time_of(object, "finish");
	truth->export_delay_s =
		json_number_value(json_object_get(object, "export_delay_ms")) / 1000;
	if (u64_of(object, "inactive_timeout_ms") > 0)
		truth->cache_delay_s = truth->export_delay_s;
}

/* What cannot be done without. */
static const char *missing(const struct score_truth *truth)
{
	if (!*truth->scenario || !*truth->mode)
		return "it names no scenario or mode";
	if (truth->begin_ns == 0)
		return "it has no time `begin`";
	if (truth->attack_count > 1)
		return "it has several attacks; one a run is judged, so give each a run of its own";
	if (truth->benign)
		return NULL;
	if (truth->onset_ns == 0 || truth->end_ns < truth->onset_ns)
		return "it has no times `onset` and `end`";
	return truth->attack_count ? NULL : "it is no benign scenario, but has no attack";
}

int score_truth_parse(const char *json, struct text *error, struct score_truth *ret_truth)
{
	struct score_truth truth = { 0 };
	json_error_t where;
	json_t *object = json_loads(json, 0, &where);

	if (!object) {
		text_addf(error, "no JSON: line %d: %s", where.line, where.text);
		return -WEIR_EFORMAT;
	}
	head_of(object, &truth);
	int err = attacks_of(object, &truth);
	json_decref(object);
	const char *lack = err ? "an attack in it is not understood" : missing(&truth);
	if (lack) {
		text_add(error, lack);
		score_truth_done(&truth);
		return err ? err : -WEIR_EFORMAT;
	}
	*ret_truth = truth;
	return 0;
}

void score_truth_done(struct score_truth *truth)
{
	for (unsigned i = 0; i < truth->attack_count; i++) {
		score_prefixes_done(&truth->attacks[i].targets);
		score_prefixes_done(&truth->attacks[i].machines);
		score_prefixes_done(&truth->attacks[i].sampled);
		score_prefixes_done(&truth->attacks[i].never_block);
	}
	truth->attack_count = 0;
}
