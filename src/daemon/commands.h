/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands: the subcommands that run rooms; the others live in cli/.
 *
 * main.c puts all of them into one table.
 */
#pragma once

#include "base/text.h"
#include "cli/cli.h"
#include "config/config.h"

/**
 * command_config() - the configuration of a subcommand.
 * @name: of the subcommand
 * @undone: what did not happen if there is an error, "nothing decoded"
 * @load: daemon_load() or daemon_load_recorded()
 * @path: NULL for the built-in defaults
 *
 * Return: owned by the caller; NULL when it has errors, which were said on standard error.
 */
struct config *command_config(const char *name, const char *undone,
			      int (*load)(const char *path, struct text *errors,
					  struct config **ret_config),
			      const char *path);

extern const struct command command_run;
extern const struct command command_replay;
extern const struct command command_decode;
extern const struct command command_lab;
