/* SPDX-License-Identifier: Apache-2.0 */
/* status: `weir status`, the daemon's health at a glance. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/render.h"
#include "control/client.h"

enum { OPTION_ALL = ASK_OPTION_COUNT, OPTION_WIDE };

static int run_status(const struct cli_args *args)
{
	struct text body, page = text_heap();
	json_t *status;

	if (ask(args, "/api/v1/status", &body, &status) != CLI_OK)
		return CLI_NO;
	if (args->values[ASK_JSON]) {
		text_add(&body, "\n");
		page = body;
	} else {
		struct render_layout layout =
			ask_layout(args->values[OPTION_WIDE], args->values[OPTION_ALL]);
		render_status(status, clock_wall_ns(), &layout, &page);
		text_done(&body);
	}
	json_decref(status);
	return ask_print(args, &page);
}

static const struct cli_option options[] = {
	ASK_OPTIONS,
	{ .name = "all", .letter = 'a', .help = "every exporter, not only the first 40" },
	{ .name = "wide", .letter = 'w', .help = "every column, however narrow the terminal" },
	{ 0 },
};

const struct command command_status = {
	.name = "status",
	.summary = "the running daemon's health at a glance",
	.usage = "[-a] [-w] [--socket PATH | -c FILE] [--json]",
	.options = options,
	.help = "Begins with what somebody should look after, the worst first, each with what to "
		"do.\n"
		"Then: what comes in and how fast; open incidents; whether the journal can be\n"
		"written; and the exporters, those with trouble on top: each with its sampling "
		"rate\n"
		"and who named it, what was lost on the way and what could not be "
		"decoded.\n\n" ASK_HELP,
	.examples = "weir status\n"
		    "weir status --json | jq '.exporters[] | {address, lost}'\n"
		    "watch -n 1 weir status\n",
	.run = run_status,
};
