/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report: every event to every configured sink.
 *
 * Events in, the outside told. Control thread; one sink that fails holds up
 * neither the others nor the pipeline.
 */
#pragma once

#include <stddef.h>

#include "base/text.h"
#include "config/config.h"
#include "report/sink.h"

struct report;

/**
 * report_open() - open all sinks of a configuration.
 * @config: borrowed until report_close()
 * @error: gets a line for each sink that cannot be opened: what is wrong and what to do
 *
 * All or none. Opening the same files again while another report still has them is fine: a
 * reload opens the new one and then closes the old one, which also follows renamed log files.
 * Return: owned by the caller; NULL with @error filled.
 */
struct report *report_open(const struct config *config, struct text *error);

/** report_close() - close all sinks; NULL is fine. */
void report_close(struct report *report);

/** report_emit() - give an event to all sinks. */
void report_emit(struct report *report, const struct event *event);

/** report_count() - number of sinks. */
size_t report_count(const struct report *report);

/**
 * report_stats() - the counters of one sink.
 * @index: below report_count()
 * @ret_config: its entry in the configuration, borrowed
 */
void report_stats(const struct report *report, size_t index, const struct config_sink **ret_config,
		  struct sink_stats *ret_stats);
