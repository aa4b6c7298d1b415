/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot: how a configuration is kept in memory.
 *
 * Inside the config room only. The snapshot lives in one arena and goes with
 * it; only the prefix table has memory of its own.
 */
#pragma once

#include "base/arena.h"
#include "config/config.h"

/** A configuration and what holds its memory. */
struct snapshot {
	struct config config; /**< first, so that config_free() finds the rest */
	struct arena *arena;  /**< all of it, this struct too */
};

/** snapshot_new() - an empty configuration. NULL when memory is short; end it with config_free(). */
struct snapshot *snapshot_new(void);

/**
 * snapshot_finish() - make the look-ups work, after the last setting is in.
 *
 * Sorts the exporters by address and fills the prefix table. Return: 0 or -ENOMEM.
 */
WEIR_CHECK int snapshot_finish(struct snapshot *snapshot);
