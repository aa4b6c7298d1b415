/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: a file or folder of flow logs as a source: what is new in it, as flows.
 *
 * Follows files that grow, reads packed ones once they are whole, remembers how far it came
 * (ingest/flowlog/marks.h): each record is given on once, also over a restart. What was given but
 * not handed over when the program was killed is read again; that is at most what was read in the
 * last second.
 *
 * The log's clock: records come minutes late, many at once. How late, is the least that was seen
 * in the last 10 to 20 minutes; ages of flows are counted from there, so that old files that are
 * read at a stretch are old traffic, not a flood.
 *
 * For one thread that does nothing but this: reading files may wait for the disk.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "ingest/source.h"

/**
 * watch_open() - follow one entry of the configuration.
 * @entry: borrowed until the source is closed
 * @state_path: folder to remember in; NULL: only while the program runs
 * @error: one line for people on failure
 * @ret_source: owned by the caller
 */
WEIR_CHECK int watch_open(const struct config_flowlog *entry, const char *state_path,
			  struct text *error, struct source **ret_source);
