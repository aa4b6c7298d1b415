/* SPDX-License-Identifier: Apache-2.0 */
/* status: `weir status`, the daemon's health at a glance. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/render.h"
#include "control/client.h"

enum { OPTION_ALL = ASK_OPTION_COUNT, OPTION_WIDE };

static int render(const struct cli_args *args, const json_t *status, struct text *page)
{
	struct render_layout layout =
		ask_layout(args->values[OPTION_WIDE], args->values[OPTION_ALL]);

	if (args->word_count == 0) {
		render_status(status, clock_wall_ns(), &layout, page);
		return CLI_OK;
	}
	if (render_exporter(status, args->words[0], page) > 0)
		return CLI_OK;
	cli_error("status",
		  "no exporter has the address or name %s; `weir status --all` lists them",
		  args->words[0]);
	return CLI_NO;
}

static int run_status(const struct cli_args *args)
{
	struct text body, page = text_heap();
	json_t *status;

	if (ask(args, "/api/v1/status", &body, &status) != CLI_OK)
		return CLI_NO;
	int done = CLI_OK;
	if (args->values[ASK_JSON])
		text_addf(&page, "%s\n", text_string(&body));
	else
		done = render(args, status, &page);
	text_done(&body);
	json_decref(status);
	if (done != CLI_OK) {
		text_done(&page);
		return done;
	}
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
	.usage = "[-a] [-w] [--socket PATH | -c FILE] [--json] [EXPORTER]",
	.words_max = 1,
	.options = options,
	.help = "Begins with what somebody should look after, the worst first, each with what to "
		"do.\n"
		"Then: what comes in and how fast; open incidents; whether the journal can be\n"
		"written; and the exporters, those with trouble on top: each with its sampling "
		"rate\n"
		"and who named it, what was lost on the way and what could not be "
		"decoded.\nWith the address or name of an EXPORTER: all that is known of that "
		"one.\n\n" ASK_HELP,
	.examples = "weir status\n"
		    "weir status edge1                       # all about one exporter\n"
		    "weir status --json | jq '.exporters[] | {address, lost}'\n"
		    "watch -n 1 weir status\n",
	.run = run_status,
};
