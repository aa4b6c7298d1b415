/* SPDX-License-Identifier: Apache-2.0 */
/* help: what `weir --help` and `weir help NAME` say, from the command table. */
#pragma once

#include "base/text.h"
#include "cli/cli.h"

/** help_overview() - append the page about the whole command. */
void help_overview(const struct command *const *commands, struct text *out);

/** help_command() - append the page about one subcommand. */
void help_command(const struct command *command, struct text *out);
