/* SPDX-License-Identifier: Apache-2.0 */
/* render_verdict: what came of a plan as JSON in; lines of a page for people out. Pure. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/parse.h"
#include "cli/fields.h"
#include "cli/render.h"
#include "model/verdict.h"

static void add_label(const char *label, unsigned indent, struct text *out)
{
	text_addf(out, "%*s%-10s", (int)indent, "", label);
}

void render_verdict(const json_t *one, unsigned indent, struct text *out)
{
	char *json = json_dumps(json_object_get(one, "verdict"), JSON_COMPACT);
	struct verdict verdict;
	char packets[32];

	if (json && verdict_from_json(json, &verdict) == 0 && verdict.in_force) {
		if (verdict.counted) {
			add_label("dropped", indent, out);
			text_addf(
				out, "%s packets by now\n",
				quantity_format(verdict.dropped_packets, QUANTITY_COUNT, packets));
		}
		add_label("lost", indent, out);
		verdict_harm_to_text(&verdict, out);
		text_add(out, "\n");
	}
	free(json);
}
