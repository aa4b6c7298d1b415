/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink: the plug-in that carries events outside.
 *
 * Control thread; emit never blocks the pipeline: a sink that cannot keep up
 * drops and counts.
 */
#pragma once

#include <stdint.h>

#include "config/config.h"
#include "model/event.h"

/** Counters every sink keeps. */
struct sink_stats {
	uint64_t emitted;
	uint64_t dropped; /**< events that could not be written */
	int last_error;   /**< of the latest drop, negative; 0: none */
};

/** A sink's descriptor, at the end of its file. */
struct sink {
	const char *name; /**< `kind` in the configuration */
	const char *summary;
	/** @config: the sink's entry, borrowed. Return: 0 or negative error. */
	int (*open)(const struct config_sink *config, void **ret_state);
	void (*emit)(void *state, const struct event *event);
	void (*stats)(const void *state, struct sink_stats *ret_stats);
	void (*close)(void *state);
};

/** All sinks, generated from the list in src/report/meson.build; NULL-terminated. */
extern const struct sink *const sink_registry[];

/** sink_find() - by name; NULL if there is none. */
const struct sink *sink_find(const char *name);
