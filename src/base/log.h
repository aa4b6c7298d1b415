/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: lines for the person who runs the daemon, on standard error.
 *
 * Levels: error = a human is needed, warning = degraded and continuing,
 * info = state changes, debug. Only the rooms that talk to the outside log
 * (daemon control incident actuate report cli); the others return codes and
 * count. Never one line for each datagram: input makes counters. Any thread.
 */
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** log_set_level() - the least important level that is still written. Start-up only. */
void log_set_level(enum log_level level);

/**
 * log_line() - write one line.
 * @level: how much it matters
 * @area: the room that speaks, as "incident.journal"
 * @format: as printf; no newline at the end
 */
__attribute__((format(printf, 3, 4))) void log_line(enum log_level level, const char *area,
						    const char *format, ...);

#define log_error(area, ...)   log_line(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warning(area, ...) log_line(LOG_LEVEL_WARNING, area, __VA_ARGS__)
#define log_info(area, ...)    log_line(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...)   log_line(LOG_LEVEL_DEBUG, area, __VA_ARGS__)
