/* SPDX-License-Identifier: Apache-2.0 */
/* main: the `weir` program; all its subcommands in one table. */
#include <stddef.h>

#include "daemon/commands.h"
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
	static const struct command *const commands[] = {
		&command_run,
		&command_check,
		&command_replay,
		&command_decode,
		&command_status,
		&command_top,
		&command_coverage,
		&command_incidents,
		&command_plan,
		&command_approve,
		&command_reject,
		&command_mitigate,
		&command_withdraw,
		&command_extend,
		&command_panic,
		&command_audit,
		&command_lab,
		&command_completion,
		NULL,
	};

	cli_know(daemon_known());
	return cli_main(argc, argv, commands);
}
