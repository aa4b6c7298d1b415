/* SPDX-License-Identifier: Apache-2.0 */
/* command_run: `weir run`, the daemon. */
#include "base/log.h"
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
	const char *path = args->values[OPTION_CONFIG];

	if (args->values[OPTION_VERBOSE])
		log_set_level(LOG_LEVEL_DEBUG);
	struct config *config = command_config("run", "nothing started", daemon_load, path);
	if (!config)
		return CLI_NO;
	return daemon_run(path, config) ? CLI_NO : CLI_OK;
}

const struct command command_run = {
	.name = "run",
	.summary = "receive telemetry, find attacks, report them",
	.usage = "[-c FILE]",
	.options = options,
	.help = "Runs in the foreground until TERM or INT; a service manager keeps it\n"
		"running. HUP reads the configuration again: all of it is checked first,\n"
		"and with any error the old one stays in force. Log lines go to standard\n"
		"error, events to the sinks under `report` in the configuration.\n",
	.examples = "weir run                        # defaults: all addresses, ports 2055, 4739, "
		    "6343\n"
		    "weir run -c /etc/weir/weir.yaml # as configured\n"
		    "kill -HUP $(pidof weir)         # take a changed configuration\n",
	.run = run,
};
