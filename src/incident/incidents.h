/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incidents: who is under attack or attacks, from the first excess to the end.
 *
 * Findings in, incidents and their events out. The only room that remembers:
 * one incident for each host and direction that is open, kept in memory and,
 * with a journal, on disk, so that a restart carries on with the same ones.
 * Control thread; `now` is always a parameter, all events of a tick come in
 * the order of their ids: the same findings give the same events to the byte.
 * Does not decide what is done about it.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "incident/journal.h"
#include "model/event.h"
#include "model/finding.h"

struct incidents;

/** Counters of the room. */
struct incidents_stats {
	uint64_t open;        /**< open now */
	uint64_t opened;      /**< since the start */
	uint64_t resumed;     /**< open ones found in the journal at start */
	uint64_t closed;      /**< since the start */
	uint64_t limit;       /**< room for so many open ones */
	uint64_t turned_away; /**< that found no room when they began, each counted once */
};

/**
 * incidents_open() - begin, with what the journal has as open.
 * @config: borrowed until incidents_reload() or incidents_close()
 * @journal: borrowed; NULL: keep nothing (replay)
 * @now_ns: quiet time of resumed incidents counts from here
 * @ret_incidents: owned by the caller; untouched on failure
 *
 * The updates that tell of resumed incidents come with the first tick. Return: 0, -ENOMEM, or
 * an error of journal_each().
 */
WEIR_CHECK int incidents_open(const struct config *config, struct journal *journal, uint64_t now_ns,
			      struct incidents **ret_incidents);

/** incidents_close() - free the memory; open incidents stay open in the journal. NULL is fine. */
void incidents_close(struct incidents *incidents);

/** incidents_reload() - go on with another configuration. Return: 0; -ENOMEM (the old one stays). */
WEIR_CHECK int incidents_reload(struct incidents *incidents, const struct config *config);

/** incidents_finding() - take a finding; events come with the next tick. */
void incidents_finding(struct incidents *incidents, const struct finding *finding);

/**
 * incidents_tick() - tell what has changed.
 * @now_ns: not before any finding taken
 * @sink: gets the events, each already in the journal; what it borrows ends with the call
 */
void incidents_tick(struct incidents *incidents, uint64_t now_ns, const struct event_sink *sink);

/** incidents_stats() - copy of the counters. */
void incidents_stats(const struct incidents *incidents, struct incidents_stats *ret_stats);

/** incidents_each() - all open incidents in the order of their ids; borrowed for the call. */
void incidents_each(struct incidents *incidents,
		    void (*each)(void *self, const struct incident *incident), void *self);

/** incidents_find() - the open incident with that id; NULL if there is none. Until the next tick. */
const struct incident *incidents_find(const struct incidents *incidents, const char *id);
