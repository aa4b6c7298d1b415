/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonl: events in, one JSON object a line out: for programs.
 *
 * The form is model/event's; how it is written, and what happens when it
 * cannot be, is report/out's. Control thread.
 */
#include "report/out.h"
#include "report/sink.h"

static void emit(void *self, const struct event *event)
{
	struct out *out = self;

	event_to_json(event, &out->text);
	text_add(&out->text, "\n");
	out_send(out);
}

const struct sink sink_jsonl = {
	.name = "jsonl",
	.summary = "one JSON object a line, for programs",
	.open = out_open,
	.emit = emit,
	.stats = out_stats,
	.close = out_close,
};
