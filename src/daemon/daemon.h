/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon: the running program: workers, pipeline, control server, signals.
 *
 * Configuration in, a daemon until it is told to stop. The calling thread
 * becomes the control thread.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"

/**
 * daemon_run() - run until TERM or INT.
 * @path: configuration file to read again on HUP; NULL: built-in defaults
 * @config: taken
 *
 * Return: 0 after an orderly stop, negative error when starting failed (it was logged).
 */
WEIR_CHECK int daemon_run(const char *path, struct config *config);

/** daemon_known() - the plug-ins of this program and the memory there is. Control thread. */
const struct config_known *daemon_known(void);

/** daemon_load() - config_load() that also knows the sinks of this program. */
WEIR_CHECK int daemon_load(const char *path, struct text *errors, struct config **ret_config);

/**
 * daemon_load_recorded() - as daemon_load(), to read recorded input by.
 *
 * Limits made for a larger machine than this one are fine: one thread reads, and little is in
 * its tables.
 */
WEIR_CHECK int daemon_load_recorded(const char *path, struct text *errors,
				    struct config **ret_config);
