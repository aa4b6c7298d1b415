/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: recorded input through the whole pipeline, with the input's own clock.
 *
 * Captures in, events out. The virtual clock follows the time of the packets
 * in ticks of the daemon's length, so that the same input gives the same
 * events to the byte. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "daemon/progress.h"
#include "model/coverage.h"
#include "model/event.h"
#include "model/flow.h"
#include "model/reason.h"

struct replay;

/** Takes rows of the coverage ledger; they are borrowed. */
struct replay_rows {
	void (*row)(void *self, const struct coverage *row, const char *name);
	void *self;
};

/** Sees the same input as the rooms; what it gets is borrowed. Either may be NULL. */
struct replay_watch {
	/** Flows as they were decoded, with direction and class. */
	void (*flows)(void *self, const struct flow *flows, size_t count);
	/** All flows before @now_ns were given. Each tick that is played; silence is skipped. */
	void (*tick)(void *self, uint64_t now_ns);
	void *self;
};

/** What a replay has seen. */
struct replay_totals {
	uint64_t packets; /**< of the captures */
	uint64_t
		late_packets; /**< of those, over a second older than one before: counted as of then */
	uint64_t datagrams;
	uint64_t records;
	uint64_t nodata;   /**< records of flow logs that say there was no traffic */
	uint64_t skipdata; /**< records of flow logs that say some are missing */
	uint64_t lost;     /**< by the exporters' sequence numbers, each in its protocol's unit */
	uint64_t unknown_sampling;
	uint64_t exporters;
	uint64_t undecodable[REASON_COUNT_OF];
	uint64_t incidents;             /**< opened */
	uint64_t incidents_open;        /**< when the input ended */
	uint64_t faults;                /**< of the telemetry, begun or noted */
	uint64_t faults_turned_away;    /**< found no room, or gave theirs to more serious ones */
	uint64_t faults_untold;         /**< their changes that were too many to be told */
	uint64_t incidents_turned_away; /**< found no room: incidents.max_open */
	uint64_t hosts_turned_away;
	uint64_t profiles_turned_away; /**< these three: see struct detector_stats */
	uint64_t stories_turned_away;
	uint64_t ports_turned_away;
	uint64_t late; /**< records too old to be tallied: see struct flow */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t end_ns; /**< last_ns, or the time of the last event or row if that is later */
};

/**
 * replay_open() - open decoders, shard and rooms.
 * @config: borrowed until replay_close()
 * @sink: gets the events
 * @error: gets one line for people on failure
 * @ret_replay: owned by the caller
 */
WEIR_CHECK int replay_open(const struct config *config, const struct event_sink *sink,
			   struct text *error, struct replay **ret_replay);

/** replay_rows() - give on the rows of the coverage ledger as well; before the first file. */
void replay_rows(struct replay *replay, const struct replay_rows *rows);

/** replay_watch() - let somebody look on, who changes nothing; before the first file. */
void replay_watch(struct replay *replay, const struct replay_watch *watch);

/** replay_stop() - ask this now and then: shall it end here? Before the first file. */
void replay_stop(struct replay *replay, bool (*stop)(void));

/**
 * replay_file() - play one capture; files are played one after the other.
 * @as: decoder name or "packets"; NULL: recognise it
 * @progress: told now and then how far it is
 * @error: gets one line for people on failure; what came before the fault was played
 *
 * Return: 0, -EINTR when it was stopped, or another negative error.
 */
WEIR_CHECK int replay_file(struct replay *replay, const char *path, const char *as,
			   struct progress *progress, struct text *error);

/** replay_finish() - complete the last tick, then sum up. Incidents that go on stay open. */
void replay_finish(struct replay *replay, struct replay_totals *ret_totals);

/**
 * replay_learned() - leave what was learned in a state folder, after replay_finish().
 * @error: gets one line for people on failure
 *
 * Return: 0 or a negative errno, see learning_leave().
 */
WEIR_CHECK int replay_learned(const struct replay *replay, const char *folder, struct text *error);

/** replay_close() - NULL is fine. */
void replay_close(struct replay *replay);
