/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options: reads a subcommand's arguments by its table, with getopt_long.
 *
 * Does not print but for errors, each of which says what would be right.
 */
#pragma once

#include "cli/cli.h"

/** What came of reading the arguments. */
enum options_result {
	OPTIONS_READ, /**< go on */
	OPTIONS_HELP, /**< help was asked for */
	OPTIONS_WRONG /**< said on standard error */
};

/**
 * options_read() - read the arguments of a subcommand.
 * @args: `command` is set; gets values and words
 * @argc, @argv: beginning with the subcommand's name; words are moved behind options
 */
enum options_result options_read(struct cli_args *args, int argc, char **argv);
