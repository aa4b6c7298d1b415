/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: events in, a few plain lines each out: for people.
 *
 * The form is model/event's; how it is written, and what happens when it
 * cannot be, is report/out's. Control thread.
 */
#include "report/out.h"
#include "report/sink.h"

static void emit(void *self, const struct event *event)
{
	struct out *out = self;

	event_to_text(event, &out->text);
	out_send(out);
}

const struct sink sink_text = {
	.name = "text",
	.summary = "plain lines for people",
	.open = out_open,
	.emit = emit,
	.stats = out_stats,
	.close = out_close,
};
