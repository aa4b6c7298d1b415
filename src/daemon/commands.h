/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands: the subcommands that run rooms; the others live in cli/.
 *
 * main.c puts all of them into one table.
 */
#pragma once

#include "cli/cli.h"

extern const struct command command_run;
extern const struct command command_replay;
extern const struct command command_decode;
