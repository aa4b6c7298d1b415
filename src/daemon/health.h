/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health: counters of all threads in, rates and the status view out.
 *
 * Control thread. Keeps the latest counters each worker handed over and ten
 * seconds of history, nothing else.
 */
#pragma once

#include <stdint.h>

#include "archive/ledger.h"
#include "base/text.h"
#include "config/config.h"
#include "control/status.h"
#include "daemon/worker.h"

struct health;

/** health_new() - room for the counters of @threads workers. NULL when memory is short. */
struct health *health_new(const struct config *config, unsigned threads);

/** health_free() - NULL is fine. */
void health_free(struct health *health);

/**
 * health_take() - copy what a parcel brings, if it brings counters.
 * @sink: of the coverage ledger
 */
void health_take(struct health *health, unsigned thread, const struct parcel *parcel,
		 const struct ledger_sink *sink);

/** health_ledger() - the coverage ledger that it feeds. */
struct ledger *health_ledger(struct health *health);

/** health_second() - a second has passed: remember where all counters stand. */
void health_second(struct health *health);

/**
 * health_fill() - fill in the parts of a status view that telemetry is about.
 * @config: for the exporters' names
 * @view: gets totals, exporters and threads; they stay valid until the next call
 */
void health_fill(struct health *health, const struct config *config, struct status_view *view);
