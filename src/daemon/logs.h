/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logs: the configured flow logs to sources, handed to the worker that reads them.
 *
 * Start-up and once a second, control thread.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "control/status.h"
#include "daemon/worker.h"

/** What was last heard and told about each log; zeroed at first. */
struct logs_told {
	struct source_stats logs[WORKER_SOURCES];
	size_t count;
};

/**
 * logs_open() - follow every configured flow log.
 * @worker: owns the sources afterwards
 * @words: gets the paths
 * @error: gets one line for people on failure
 */
WEIR_CHECK int logs_open(const struct config *config, struct worker *worker, struct text *words,
			 struct text *error);

/** logs_fill() - counters of each into the view; borrowed from @told. */
void logs_fill(const struct logs_told *told, struct status_view *view);

/** logs_take() - remember the counters in a parcel; log, once, what cannot be read. */
void logs_take(struct logs_told *told, const struct parcel *parcel);
