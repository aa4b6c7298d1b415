/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learning: keeps what detectors have learned over a restart.
 *
 * Read once at start, written every few minutes and at the end (daemon/memo.h). A file that cannot
 * be used is said and replaced: then envelopes are learned anew. A replay leaves one for a daemon to
 * begin with. Control thread.
 */
#pragma once

#include "config/config.h"
#include "daemon/pipeline.h"

struct learning;

/**
 * learning_open() - take up what the state folder has, and begin to keep it.
 * @pipeline: just opened; borrowed until learning_close()
 * @error: gets one line for people on failure
 * @ret_learning: owned by the caller; NULL when the configuration has no state folder
 *
 * Return: 0 or -ENOMEM.
 */
WEIR_CHECK int learning_open(const struct config *config, struct pipeline *pipeline,
			     uint64_t now_ns, struct text *error, struct learning **ret_learning);

/** learning_second() - once a second: write when it is due. NULL is fine. */
void learning_second(struct learning *learning, uint64_t mono_ns, uint64_t now_ns);

/** learning_close() - write a last time; NULL is fine. */
void learning_close(struct learning *learning, uint64_t now_ns);

/**
 * learning_leave() - what was learned from recorded input, for a daemon to start with.
 * @folder: the daemon's state folder; made if need be
 * @error: gets one line for people on failure
 *
 * What is there already is not written over. Return: 0, -EEXIST, or another negative errno.
 */
WEIR_CHECK int learning_leave(const struct pipeline *pipeline, const char *folder,
			      struct text *error);
