/* SPDX-License-Identifier: Apache-2.0 */
/* command_lab: the words of `weir lab`, one function each. */
#pragma once

#include "cli/cli.h"

/**
 * lab_score_run() - `weir lab score DIR… [--json]`.
 * @args: the first word is "score"; the option is looked up by its name
 *
 * Return: enum cli_status; CLI_NO as well if something was done to the innocent.
 */
int lab_score_run(const struct cli_args *args);
