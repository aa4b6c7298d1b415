/* SPDX-License-Identifier: Apache-2.0 */
/* command_lab: `weir lab`, its words to the functions that do them. */
#include "daemon/command_lab.h"

#include <string.h>

#include "daemon/commands.h"

static const struct cli_option options[] = {
	{ .name = "json", .help = "results as one JSON object" },
	{ 0 },
};

static int run(const struct cli_args *args)
{
	if (strcmp(args->words[0], "score") == 0)
		return lab_score_run(args);
	cli_error("lab", "%s: no such word; there is: score", args->words[0]);
	return CLI_USAGE;
}

const struct command command_lab = {
	.name = "lab",
	.summary = "judge detection on simulated traffic",
	.usage = "score [--json] DIR...",
	.options = options,
	.words_min = 1,
	.words_max = -1,
	.word_kind = CLI_KIND_FILE,
	.help = "score: plays the telemetry of runs through the whole pipeline and says how\n"
		"good that was, beside the best possible detector and two simple ones. A\n"
		"run is a folder with weir.yaml, telemetry.pcap and truth.json.\n",
	.examples = "weir lab score run1 run2          # one line each, then a table\n"
		    "weir lab score --json run1 | jq   # all figures\n",
	.run = run,
};
