/* SPDX-License-Identifier: Apache-2.0 */
/* status: `weir status`, the daemon's health at a glance. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/render.h"
#include "control/client.h"

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
		render_status(status, clock_wall_ns(), &page);
		text_done(&body);
	}
	json_decref(status);
	return ask_print(args, &page);
}

static const struct cli_option options[] = { ASK_OPTIONS, { 0 } };

const struct command command_status = {
	.name = "status",
	.summary = "the running daemon's health at a glance",
	.usage = "[--socket PATH | -c FILE] [--json]",
	.options = options,
	.help = "Shows what comes in and how fast; each exporter with its sampling rate and who "
		"named\n"
		"it, what was lost on the way and what could not be decoded; how full the tables "
		"are;\n"
		"open incidents; whether the journal can be written. Below the tables stand the "
		"things\n"
		"that somebody should look after, each with what to do.\n\n" ASK_HELP,
	.examples = "weir status\n"
		    "weir status --json | jq '.exporters[] | {address, lost}'\n"
		    "watch -n 1 weir status\n",
	.run = run_status,
};
