/* SPDX-License-Identifier: Apache-2.0 */
/* checks: what only shows when all settings are read. Inside the config room only. */
#pragma once

#include "config/read.h"

/** checks_run() - find contradictions between settings; sorts the networks and exporters. */
void checks_run(struct reader *reader);

/** check_memory() - find limits that the machine is too small for. */
void check_memory(struct reader *reader);

/** check_kind() - refuse a kind of plug-in that is not in the NULL-terminated list. */
void check_kind(struct reader *reader, struct config_place at, const char *kind,
		const char *const *kinds);

/** policies_check() - names of actuators that there are not. */
void policies_check(struct reader *reader);
