/* SPDX-License-Identifier: Apache-2.0 */
/* command_run: `weir run`, the daemon. */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"

enum { OPTION_CONFIG, OPTION_VERBOSE };

static const struct cli_option options[] = {
	[OPTION_CONFIG] = { "config", 'c', "FILE", NULL, CLI_KIND_FILE,
			    "configuration; without one: built-in defaults, observe only" },
	[OPTION_VERBOSE] = { "verbose", 'v', NULL, NULL, CLI_KIND_TEXT, "log debug lines as well" },
	{ 0 },
};

static int run(const struct cli_args *args)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	const char *path = args->values[OPTION_CONFIG];

	if (args->values[OPTION_VERBOSE])
		log_set_level(LOG_LEVEL_DEBUG);
	int err = daemon_load(path, &errors, &config);
	if (err) {
		fputs(text_string(&errors), stderr);
		cli_error("run", "nothing started: %s",
			  errors.len ? "mend what is named above" : err_text(err));
		text_done(&errors);
		return CLI_NO;
	}
	text_done(&errors);
	return daemon_run(path, config) ? CLI_NO : CLI_OK;
}

const struct command command_run = {
	.name = "run",
	.summary = "receive telemetry, find attacks, report them",
	.usage = "[-c FILE]",
	.options = options,
	.help = "Runs in the foreground until TERM or INT; a service manager keeps it running. "
		"HUP\n"
		"reads the configuration again: all of it is checked first, and with any error "
		"the\n"
		"old one stays in force. Log lines go to standard error, events to the sinks "
		"under\n"
		"`report` in the configuration.\n",
	.examples = "weir run                        # defaults: all addresses, ports 2055, 4739, "
		    "6343\n"
		    "weir run -c /etc/weir/weir.yaml # as configured\n"
		    "kill -HUP $(pidof weir)         # take a changed configuration\n",
	.run = run,
};
