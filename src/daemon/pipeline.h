/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline: the one place that knows the order of the rooms.
 *
 * Tallies in; detect, incident, plan, actuate, verify, report; events out. No
 * clock and no threads of its own: the daemon and `weir replay` drive it with
 * their own time, so both decide the same. Control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "control/acts.h"
#include "control/status.h"
#include "model/event.h"
#include "model/tally.h"

struct pipeline;

/** What distinguishes a daemon from a replay. */
struct pipeline_options {
	const char *state_path; /**< folder of the journal; NULL: memory only */
	uint64_t seed;          /**< for hash tables; no output depends on it */
	uint64_t now_ns;        /**< time of opening: what was open goes on from here */
	bool act;               /**< use the configured actuators; else nothing is touched */
	bool report;            /**< carry events to the configured sinks */
	struct event_sink also; /**< gets every event as well; emit may be NULL */
};

/**
 * pipeline_open() - open all rooms.
 * @config: borrowed until pipeline_reload()
 * @error: gets one line for people on failure
 * @ret_pipeline: owned by the caller
 *
 * Return: 0 or negative error.
 */
WEIR_CHECK int pipeline_open(const struct config *config, const struct pipeline_options *options,
			     struct text *error, struct pipeline **ret_pipeline);

/** pipeline_close() - close all rooms; NULL is fine. */
void pipeline_close(struct pipeline *pipeline);

/**
 * pipeline_reload() - go on with another configuration.
 * @error: gets one line if new sinks cannot be opened; the old configuration then stays
 */
WEIR_CHECK int pipeline_reload(struct pipeline *pipeline, const struct config *config,
			       struct text *error);

/** pipeline_is_behind() - may something still read the configuration before pipeline_reload()? */
bool pipeline_is_behind(const struct pipeline *pipeline);

/** pipeline_observe() - rows of one shard; borrowed for the call. */
void pipeline_observe(struct pipeline *pipeline, const struct tally_set *set);

/** pipeline_tick() - all tallies up to @now_ns are in: decide. */
void pipeline_tick(struct pipeline *pipeline, uint64_t now_ns);

/** pipeline_save() - append what the detectors have learned. */
void pipeline_save(const struct pipeline *pipeline, struct text *out);

/**
 * pipeline_load() - go on with what pipeline_save() wrote; right after pipeline_open().
 *
 * Return: 0; -WEIR_ESCHEMA when another version wrote it, -WEIR_EFORMAT when it is damaged,
 * -WEIR_EOLD or -WEIR_EFUTURE when its time says nothing about now.
 */
WEIR_CHECK int pipeline_load(struct pipeline *pipeline, const void *data, size_t len,
			     uint64_t now_ns);

/** pipeline_is_hot() - something is suspected that shorter ticks would decide sooner. */
bool pipeline_is_hot(const struct pipeline *pipeline);

/** pipeline_fault() - tell of a fault of the telemetry, as an event to all sinks. */
void pipeline_fault(struct pipeline *pipeline, const struct fault *fault);

/** pipeline_doubt() - as of now telemetry is wrong by a factor, or not: nothing new by itself. */
void pipeline_doubt(struct pipeline *pipeline, bool doubt);

/** pipeline_act() - do what a person wants, or list what people did ("audit"); see orders_do_fn. */
int pipeline_act(struct pipeline *pipeline, const struct act_request *request, uint64_t now_ns,
		 struct text *answer);

/** pipeline_is_idle() - nothing is followed and nothing is open: time may be skipped. */
bool pipeline_is_idle(const struct pipeline *pipeline);

/**
 * pipeline_recall() - tell what the journal still knows, oldest first, as updates.
 * @limit: newest incidents to tell of
 * @sink: gets one event for each incident, with its plan; only this sink
 *
 * Return: number told, or a negative error.
 */
WEIR_CHECK int pipeline_recall(struct pipeline *pipeline, unsigned limit,
			       const struct event_sink *sink);

/** pipeline_fill() - fill in detectors, sinks, incidents and journal of a status view. */
void pipeline_fill(struct pipeline *pipeline, struct status_view *view);

/** pipeline_top() - fill in the rows of a status view; at most once a second. */
void pipeline_top(struct pipeline *pipeline, struct status_view *view);
