/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logs: the configured flow logs to sources, handed to the worker that reads them.
 *
 * Start-up and once a second, control thread.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "daemon/worker.h"

/** What was last told about each log; zeroed at first. */
struct logs_told {
	uint64_t unreadable[WORKER_SOURCES];
	int error[WORKER_SOURCES];
};

/**
 * logs_open() - follow every configured flow log.
 * @worker: owns the sources afterwards
 * @words: gets the paths
 * @error: gets one line for people on failure
 */
WEIR_CHECK int logs_open(const struct config *config, struct worker *worker, struct text *words,
			 struct text *error);

/** logs_take() - log, once, what of them cannot be read, as a parcel tells it. */
void logs_take(struct logs_told *told, const struct parcel *parcel);
