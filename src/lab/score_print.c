/* SPDX-License-Identifier: Apache-2.0 */
/* score_print: a result in, JSON or a line for people out. */
#include "lab/score.h"

static void bound_to_json(const struct score_result *r, struct jsonw *w)
{
	const struct score_bound *b = &r->bound;

	jsonw_number(w, "export_delay_s", r->export_delay_s);
	jsonw_number(w, "in_time_s", b->in_time_s);
	if (!b->known)
		return;
	jsonw_object(w, "oracle");
	jsonw_string(w, "class", b->class);
	jsonw_number(w, "mean_s", b->oracle.mean_s);
	jsonw_number(w, "p95_s", b->oracle.p95_s);
	jsonw_number(w, "closed_form_s", b->oracle.closed_s);
	jsonw_object_end(w);
	jsonw_number(w, "limit_s", b->limit_s);
	jsonw_number(w, "limit_p95_s", b->limit_p95_s);
}

static void speed_to_json(const struct score_speed *speed, struct jsonw *w)
{
	jsonw_bool(w, "detected", speed->detected);
	jsonw_bool(w, "in_time", speed->in_time);
	if (speed->detected)
		jsonw_number(w, "delay_s", speed->delay_s);
	jsonw_u64(w, "false", speed->false_alarms);
}

static void head_to_json(const struct score_result *r, struct jsonw *w)
{
	jsonw_string(w, "scenario", r->scenario);
	jsonw_string(w, "mode", r->mode);
	jsonw_u64(w, "sampling", r->sampling);
	jsonw_u64(w, "seed", r->seed);
	jsonw_string(w, "family", r->family);
	jsonw_string(w, "fault", r->fault);
	jsonw_string(w, "right", r->benign ? "benign" : "attack");
	jsonw_string(w, "label", r->label);
}

static void answer_to_json(const struct score_result *r, struct jsonw *w)
{
	speed_to_json(&r->weir, w);
	if (r->weir.detected && r->bound.known)
		jsonw_number(w, "delay_ratio", score_delay_ratio(&r->bound, r->weir.delay_s));
	jsonw_object(w, "stages");
	for (unsigned i = 0; i < r->stage_count; i++)
		jsonw_number(w, r->stages[i].name, r->stages[i].after_s);
	jsonw_object_end(w);
	jsonw_string(w, "kind", r->kind);
	jsonw_bool(w, "label_right", r->label_right);
	jsonw_bool(w, "vectors_right", r->vectors_right);
	jsonw_u64(w, "incidents", r->incidents);
	jsonw_u64(w, "infos", r->infos);
	jsonw_u64(w, "faults", r->faults);
	if (r->turned_away)
		jsonw_u64(w, "incidents_turned_away", r->turned_away);
}

/* As text: readers of JSON may keep no more than 53 bits of a number. */
static void digest_to_json(uint64_t digest, struct jsonw *w)
{
	char room[20];
	struct text text = text_fixed(room, sizeof(room));

	text_addf(&text, "%016llx", (unsigned long long)digest);
	jsonw_string(w, "events_digest", room);
}

static void details_to_json(const struct score_result *r, struct jsonw *w)
{
	jsonw_number(w, "targets_jaccard", r->targets);
	jsonw_u64(w, "targets_named", r->targets_named);
	jsonw_u64(w, "targets_true", r->targets_true);
	if (r->has_machines) {
		jsonw_object(w, "machines");
		jsonw_u64(w, "named", r->machines_named);
		jsonw_number(w, "recall", r->machine_recall);
		jsonw_number(w, "precision", r->machine_precision);
		jsonw_object_end(w);
	}
	jsonw_bool(w, "exit_clean", r->exit_clean);
	if (r->exited)
		jsonw_number(w, "exit_s", r->exit_s);
	jsonw_u64(w, "flaps", r->flaps);
	jsonw_u64(w, "acting", r->acting);
	if (r->withdrawn)
		jsonw_number(w, "withdraw_s", r->withdraw_s);
	jsonw_u64(w, "rules", r->rules);
	if (r->rule_members_unknown)
		jsonw_u64(w, "rule_members_unknown", r->rule_members_unknown);
	jsonw_number(w, "recall", r->recall);
	jsonw_number(w, "collateral", r->collateral);
	jsonw_u64(w, "population", r->population);
	jsonw_bool(w, "benign_acted", r->benign_acted);
	jsonw_bool(w, "never_block_touched", r->never_touched);
	jsonw_number(w, "utility", r->utility);
}

void score_result_to_json(const struct score_result *result, struct jsonw *w, const char *key)
{
	jsonw_object(w, key);
	head_to_json(result, w);
	bound_to_json(result, w);
	answer_to_json(result, w);
	details_to_json(result, w);
	digest_to_json(result->digest, w);
	jsonw_object(w, "references");
	for (unsigned i = 0; i < REFERENCE_COUNT; i++) {
		jsonw_object(w, reference_name(i));
		speed_to_json(&result->references[i], w);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void attack_to_text(const struct score_result *r, struct text *out)
{
	if (r->weir.detected)
		text_addf(out, "found after %.2f s", r->weir.delay_s);
	else
		text_add(out, "missed");
	if (r->bound.known)
		text_addf(out, " (limit %.2f s)", r->bound.limit_s);
	text_addf(out, ", %s, %u incident%s", r->label_right ? "named right" : "named wrong",
		  r->incidents, r->incidents == 1 ? "" : "s");
	if (r->has_machines)
		text_addf(out, ", machines %.0f %% right %.0f %%", r->machine_recall * 100,
			  r->machine_precision * 100);
	text_addf(out, ", rules catch %.1f %% of it and %.2f %% of others", r->recall * 100,
		  r->collateral * 100);
	if (r->exited)
		text_addf(out, ", closed %.0f s after the end", r->exit_s);
	else if (r->weir.detected)
		text_add(out, ", not closed");
	if (r->withdrawn)
		text_addf(out, ", let go after %.0f s", r->withdraw_s);
	else if (r->acting)
		text_add(out, ", not let go");
}

void score_result_to_text(const struct score_result *r, struct text *out)
{
	text_addf(out, "%s %s 1:%llu seed %llu: ", r->scenario, r->mode,
		  (unsigned long long)r->sampling, (unsigned long long)r->seed);
	if (r->benign)
		text_addf(out, "benign, %s", r->benign_acted ? "ACTED" : "no action");
	else
		attack_to_text(r, out);
	if (r->flaps)
		text_addf(out, ", plans came back %u times", r->flaps);
	text_addf(out, ", %llu false, %u info; U %.2f\n", (unsigned long long)r->weir.false_alarms,
		  r->infos, r->utility);
}
