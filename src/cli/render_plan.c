/* SPDX-License-Identifier: Apache-2.0 */
/* render_plan: an incident's plan, or acts of people, as JSON in; pages for people out. Pure. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"
#include "model/wanted.h"

static void add_label(const char *label, struct text *out)
{
	text_addf(out, "  %-10s", label);
}

/* The words of rules are the model's: the JSON is read back into its own form. */
static int plan_of(const json_t *json, struct wanted *wanted, struct ip *sources)
{
	struct text text = text_heap();
	char *plan = json_dumps(json, JSON_COMPACT);

	text_addf(&text, "{\"plan\":%s,\"direction\":0,\"sources\":[]}", plan ? plan : "null");
	int err = wanted_from_json(text_string(&text), wanted, sources);
	text_done(&text);
	free(plan);
	return err;
}

static void add_level(const struct plan *plan, struct text *out)
{
	add_label("level", out);
	if (plan->level == LEVEL_OBSERVE)
		text_add(out, "watched only, nothing is held back");
	else
		text_addf(out, "%s by %s", plan_level_name((enum plan_level)plan->level),
			  plan->actuator);
	if (plan->would > plan->level)
		text_addf(out, "; an actuator would %s",
			  plan_level_name((enum plan_level)plan->would));
	if (plan->proposed > plan->level)
		text_addf(out, "; %s is proposed",
			  plan_level_name((enum plan_level)plan->proposed));
	text_add(out, "\n");
}

static void add_forecast(const struct plan *plan, struct text *out)
{
	if (!plan->has_forecast) {
		add_label("forecast", out);
		text_add(out, "none: what these rules would stop and cost is not known\n");
		return;
	}
	add_label("stops", out);
	text_addf(out, "about %.0f %% of the attack\n", plan->attack_share * 100);
	add_label("costs", out);
	text_addf(out, "%.2g %% of innocent traffic, with 95 %% certainty at most %.2g %%\n",
		  plan->collateral_share * 100, plan->collateral_upper * 100);
}

static void add_rules(const struct plan *plan, struct text *out)
{
	for (unsigned i = 0; i < plan->rule_count; i++) {
		add_label(i ? "" : "rules", out);
		plan_rule_to_text(&plan->rules[i], out);
		text_add(out, "\n");
	}
}

static void add_acts(const struct plan *plan, const json_t *incident, struct text *out)
{
	if (strcmp(string_at(incident, "state"), "open") != 0)
		return;
	add_label("you can", out);
	if (plan->needs_approval)
		text_addf(out, "weir approve %s, or weir reject %s\n", plan->incident,
			  plan->incident);
	else if (plan->level)
		text_addf(out, "weir withdraw %s, or weir extend %s\n", plan->incident,
			  plan->incident);
	else
		text_addf(out, "weir mitigate %s\n", plan->incident);
}

int render_plan(const json_t *one, struct text *out)
{
	struct ip *sources = calloc(WANTED_SOURCES, sizeof(*sources));
	struct wanted wanted;
	int err = sources ? plan_of(json_object_get(one, "plan"), &wanted, sources) : -ENOMEM;
	const struct plan *plan = &wanted.plan;

	free(sources);
	if (err)
		return err;
	text_addf(out, "plan %s\n", plan->id);
	add_level(plan, out);
	if (plan->why[0]) {
		add_label("because", out);
		plain_add(out, plan->why);
		text_add(out, "\n");
	}
	add_forecast(plan, out);
	render_verdict(one, 2, out);
	add_rules(plan, out);
	if (plan->expires_ns) {
		add_label("expires", out);
		text_addf(out, "%.19s UTC, later if it is still needed\n",
			  string_at(json_object_get(one, "plan"), "expires"));
	}
	add_acts(plan, json_object_get(one, "incident"), out);
	return 0;
}

void render_acts(const json_t *acts, struct text *out)
{
	const json_t *list = json_object_get(acts, "acts");

	if (json_array_size(list) == 0)
		text_add(out, "Nobody has done anything by hand.\n");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *act = json_array_get(list, i);
		const char *why = string_at(act, "why");
		text_addf(out, "%.19sZ  %s  ", string_at(act, "time"), string_at(act, "act"));
		plain_add(out, string_at(act, "who"));
		text_add(out, "  ");
		plain_add(out, string_at(act, "subject"));
		text_add(out, "\n    ");
		plain_add(out, string_at(act, "result"));
		if (*why) {
			text_add(out, "\n    why: ");
			plain_add(out, why);
		}
		text_add(out, "\n");
	}
}
