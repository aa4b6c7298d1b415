/* SPDX-License-Identifier: Apache-2.0 */
/* truth: members in the order of docs/detection.md. */
#include "lab/truth.h"

#include <math.h>
#include <string.h>

#include "base/jsonw.h"

#define ROTATING_AT      (SITE_OWN + 0x400)
/* Samples that an sFlow agent puts into a datagram. */
#define DATAGRAM_SAMPLES 8

static uint64_t at(const struct truth *truth, double s)
{
	return truth->begin_ns + (uint64_t)(s * 1e9);
}

/* One flow that goes on is reported when its time is up; many of one packet when they are silent. */
static bool has_long_flows(const struct scenario *scenario)
{
	const struct lab_part *part = &scenario->parts[0];

	return part->src == END_VICTIM && part->dst == END_PLACE && part->sport && part->dport;
}

static uint64_t export_delay_ms(const struct truth *truth)
{
	double seconds = truth->finish_s > 0 ? truth->finish_s : 1;
	double rate = (double)truth->samples / seconds;

	if (truth->active_ms)
		return has_long_flows(truth->cast->scenario) ? truth->active_ms
							     : truth->inactive_ms;
	if (strcmp(truth->mode, "sflow") != 0)
		return 0;
	return rate > 0 ? (uint64_t)fmin(1000, DATAGRAM_SAMPLES / rate * 1000) : 1000;
}

static void put_prefix(const struct truth *truth, struct jsonw *w, uint32_t address, unsigned len)
{
	struct prefix prefix = site_prefix(truth->cast->site, address, len);

	jsonw_prefix(w, NULL, &prefix);
}

static void put_targets(const struct truth *truth, struct jsonw *w)
{
	const struct cast *cast = truth->cast;
	const struct scenario *s = cast->scenario;

	jsonw_array(w, "targets");
	if (s->kind == KIND_SCAN)
		put_prefix(truth, w, SITE_DARK, SITE_DARK_LEN);
	else if (s->entity == ENTITY_PREFIX)
		put_prefix(truth, w, s->len == 22 ? ROTATING_AT : SITE_OWN, s->len);
	else if (s->kind == KIND_CAMPAIGN)
		for (unsigned i = 0; i < SCENARIO_SITES; i++)
			put_prefix(truth, w, cast->sites[i], 32);
	else if (s->direction == DIRECTION_INBOUND)
		put_prefix(truth, w, cast->site->hosts[cast->victim].ip, 32);
	else
		put_prefix(truth, w, cast->place, 32);
	jsonw_array_end(w);
}

static void put_machines(const struct truth *truth, struct jsonw *w)
{
	const struct cast *cast = truth->cast;
	bool many = cast->scenario->kind == KIND_CAMPAIGN;
	bool one = cast->scenario->direction == DIRECTION_OUTBOUND && !many;

	jsonw_array(w, "machines");
	for (unsigned i = 0; many && i < SCENARIO_MACHINES; i++)
		put_prefix(truth, w, cast->site->hosts[cast->machines[i]].ip, 32);
	if (one)
		put_prefix(truth, w, cast->site->hosts[cast->victim].ip, 32);
	jsonw_array_end(w);
	jsonw_array(w, "machines_sampled_60s");
	for (unsigned i = 0; many && i < SCENARIO_MACHINES; i++) {
		if (cast->sampled[i])
			put_prefix(truth, w, cast->site->hosts[cast->machines[i]].ip, 32);
	}
	if (one && cast->attack_samples)
		put_prefix(truth, w, cast->site->hosts[cast->victim].ip, 32);
	jsonw_array_end(w);
}

static void put_limits(const struct truth *truth, struct jsonw *w)
{
	jsonw_array(w, "limits");
	for (unsigned i = 0; i < truth->limit_count; i++) {
		const struct measure_limit *limit = &truth->limits[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "class", limit->class);
		jsonw_number(w, "before_pps", limit->before_pps);
		jsonw_number(w, "envelope_pps", limit->envelope_pps);
		jsonw_number(w, "attack_pps", limit->attack_pps);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void put_partners(const struct truth *truth, struct jsonw *w)
{
	const struct cast *cast = truth->cast;

	jsonw_array(w, "never_block");
	for (unsigned i = 0; i < SCENARIO_PARTS; i++) {
		if (cast->scenario->parts[i].src != END_PARTNERS)
			continue;
		for (unsigned k = 0; k < SITE_REGULARS; k++)
			put_prefix(truth, w, cast->site->hosts[cast->victim].regulars[k], 32);
	}
	jsonw_array_end(w);
}

static void put_attack(const struct truth *truth, struct jsonw *w)
{
	const struct scenario *s = truth->cast->scenario;

	jsonw_array(w, "attacks");
	if (!s->benign || s->kind == KIND_SCAN) {
		jsonw_object(w, NULL);
		jsonw_string(w, "direction", direction_name(s->direction));
		jsonw_string(w, "label", kind_name(s->kind));
		put_targets(truth, w);
		jsonw_array(w, "vectors");
		for (unsigned i = 0; i < SCENARIO_VECTORS && s->vectors[i]; i++)
			jsonw_string(w, NULL, s->vectors[i]);
		jsonw_array_end(w);
		put_limits(truth, w);
		put_machines(truth, w);
		put_partners(truth, w);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

void truth_to_json(const struct truth *truth, struct text *out)
{
	const struct cast *cast = truth->cast;
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	jsonw_string(&w, "scenario", cast->scenario->id);
	jsonw_string(&w, "title", cast->scenario->title);
	jsonw_string(&w, "kind", cast->scenario->benign ? "benign" : "attack");
	jsonw_u64(&w, "seed", truth->seed);
	jsonw_string(&w, "mode", truth->mode);
	jsonw_string(&w, "family", cast->site->ipv6 ? "ipv6" : "ipv4");
	jsonw_u64(&w, "sampling", truth->sampling);
	jsonw_string(&w, "fault", truth->fault);
	jsonw_time(&w, "begin", truth->begin_ns);
	jsonw_time(&w, "first", at(truth, cast->onset_s - cast_lead(cast)));
	jsonw_time(&w, "onset", at(truth, cast->onset_s));
	jsonw_time(&w, "end", at(truth, cast->end_s));
	jsonw_time(&w, "finish", at(truth, truth->finish_s));
	jsonw_u64(&w, "active_timeout_ms", truth->active_ms);
	jsonw_u64(&w, "inactive_timeout_ms", truth->inactive_ms);
	jsonw_u64(&w, "export_delay_ms", export_delay_ms(truth));
	put_attack(truth, &w);
	if (truth->complete) {
		jsonw_object(&w, "counts");
		jsonw_u64(&w, "packets", (uint64_t)truth->packets);
		jsonw_u64(&w, "samples", truth->samples);
		jsonw_u64(&w, "attack_samples", cast->attack_samples);
		jsonw_u64(&w, "datagrams", truth->datagrams);
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
	text_add_n(out, "\n", 1);
}
