/* SPDX-License-Identifier: Apache-2.0 */
/* fault: names, JSON and words of faults. Any thread. */
#include "model/fault.h"

#include "model/coverage.h"
#include "model/flow.h"

const char *fault_kind_name(enum fault_kind kind)
{
	static const char *const names[FAULT_KIND_COUNT] = {
		[FAULT_SAMPLING] = "sampling",     [FAULT_SILENT] = "silent",
		[FAULT_KERNEL] = "kernel-drops",   [FAULT_LOSS] = "loss",
		[FAULT_TEMPLATES] = "templates",   [FAULT_UNDECODABLE] = "undecodable",
		[FAULT_CLOCK] = "clock",           [FAULT_REPEATED] = "repeated",
		[FAULT_DUPLICATES] = "duplicates", [FAULT_RESTART] = "restart",
	};

	return names[kind];
}

const char *fault_state_name(enum fault_state state)
{
	static const char *const names[FAULT_STATE_COUNT] = {
		[FAULT_BEGUN] = "begun",
		[FAULT_CHANGED] = "changed",
		[FAULT_ENDED] = "ended",
		[FAULT_NOTED] = "noted",
	};

	return names[state];
}

void fault_to_json(const struct fault *fault, struct jsonw *w, const char *key)
{
	jsonw_object(w, key);
	jsonw_string(w, "kind", fault_kind_name(fault->kind));
	jsonw_string(w, "state", fault_state_name(fault->state));
	jsonw_string(w, "severity", severity_name(fault->severity));
	if (fault->of_thread) {
		jsonw_u64(w, "thread", fault->thread);
	} else {
		jsonw_object(w, "exporter");
		exporter_key_to_json(&fault->key, &fault->agent, *fault->name ? fault->name : NULL,
				     w);
		jsonw_object_end(w);
	}
	jsonw_time(w, "since", fault->since_ns);
	jsonw_object(w, "numbers");
	for (unsigned i = 0; i < FAULT_NUMBERS && fault->numbers[i].name; i++)
		jsonw_number(w, fault->numbers[i].name, fault->numbers[i].value);
	jsonw_object_end(w);
	jsonw_string(w, "text", fault->text);
	if (*fault->advice)
		jsonw_string(w, "advice", fault->advice);
	jsonw_object_end(w);
}

void fault_who(const struct fault *fault, struct text *out)
{
	char address[IP_TEXT_MAX];

	if (fault->of_thread) {
		text_addf(out, "ingest thread %u", fault->thread);
		return;
	}
	ip_format(&fault->key.address, address);
	if (*fault->name)
		text_addf(out, "%s (%s", fault->name, address);
	else
		text_addf(out, "exporter %s (", address);
	if (fault->key.source < FLOW_SOURCE_COUNT)
		text_addf(out, "%s%s", *fault->name ? ", " : "",
			  flow_source_name((enum flow_source)fault->key.source));
	else
		text_add(out, *fault->name ? "" : "never heard");
	if (fault->key.odid)
		text_addf(out, ", domain %u", fault->key.odid);
	text_add(out, ")");
}
