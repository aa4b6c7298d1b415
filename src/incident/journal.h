/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal: incidents and their events on disk, so that a restart carries on.
 *
 * Events in, rows of an SQLite file (write-ahead log) out, and incidents back
 * in after a restart. What one tick has to say is one transaction: after a
 * crash it is there as a whole or not at all. A write that fails (full disk,
 * read-only file system) never stops detection: the journal is degraded, says
 * so, and when it can be written again it gets the current state of everything
 * open. Control thread alone; bounded by the limits below, oldest out first.
 *
 * Cost: a commit appends to the write-ahead log, some 25 us for one event and
 * 20 to 50 us for each further one. It waits for the disk only when the log
 * begins anew, each thousand pages, for its first page (5 to 20 ms measured);
 * copying the log back is done by a thread of its own. Changes of the last
 * moments before a power cut (not before a crash of Weir) can be lost, never
 * torn.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "model/event.h"
#include "model/wanted.h"

/** Events kept, and closed incidents kept; open ones are never dropped. */
#define JOURNAL_EVENTS_MAX  100000
#define JOURNAL_CLOSED_MAX  20000
/** Closed incidents remembered while the journal cannot be written. */
#define JOURNAL_PENDING_MAX 256
/** Time between tries while it cannot be written. */
#define JOURNAL_RETRY_NS    1000000000ULL
/** Longest reason. */
#define JOURNAL_REASON_MAX  256

/** Plans kept that are over, and acts of people kept. */
#define JOURNAL_PLANS_MAX 10000
#define JOURNAL_AUDIT_MAX 100000

struct journal;

/** Where a plan stands. */
enum act_state {
	ACT_WANTED,    /**< shall be in force; the actuator may hold it already */
	ACT_PROPOSED,  /**< waits for a person */
	ACT_WITHDRAWN, /**< shall not be in force any more */
	ACT_REJECTED,  /**< a person said no */
	ACT_STATE_COUNT
};

/** What a person, or something in their name, did. All borrowed. */
struct act {
	uint64_t time_ns;
	const char *who;
	const char *what;    /**< "approve", "panic", … */
	const char *subject; /**< incident or plan; "" for all */
	const char *why;
	const char *result; /**< "done", or why not */
};

/** How it is doing; filled in by journal_stats(). */
struct journal_stats {
	bool degraded; /**< the last write failed: a restart would forget what came since */
	char reason[JOURNAL_REASON_MAX]; /**< why; "" when all is well */
	uint64_t failed;                 /**< transactions that failed */
	uint64_t events;                 /**< events written */
	uint64_t events_lost;            /**< events that came while it could not be written */
	uint64_t incidents_lost; /**< incidents whose end did not fit JOURNAL_PENDING_MAX: the
				      journal still has them as open */
};

/** Which incidents to read. */
enum journal_filter { JOURNAL_OPEN = 1, JOURNAL_CLOSED = 2, JOURNAL_ALL = 3 };

/**
 * journal_open() - open or make the journal in a state folder.
 * @folder: made if only its last part is missing
 * @error: gets one line that says what is wrong and what to do
 * @ret_journal: owned by the caller; untouched on failure
 *
 * Return: 0; -EBUSY when another daemon uses the folder, -WEIR_ESCHEMA for a file of a newer
 * Weir, -WEIR_EFORMAT for a damaged or foreign one, -EACCES, -EROFS, -ENOSPC, -ENOENT, -EIO,
 * -ENOMEM.
 */
WEIR_CHECK int journal_open(const char *folder, struct text *error, struct journal **ret_journal);

/** journal_close() - let go of file and folder; NULL is fine. */
void journal_close(struct journal *journal);

/** journal_path() - of the file, for status. Borrowed. */
const char *journal_path(const struct journal *journal);

/** journal_stats() - copy of the counters. */
void journal_stats(const struct journal *journal, struct journal_stats *ret_stats);

/**
 * journal_add() - record an event, and the state of its incident if it has one.
 *
 * Takes effect with journal_commit(). A failure shows in the stats.
 */
void journal_add(struct journal *journal, const struct event *event);

/** journal_add_state() - record just the present state of an incident. */
void journal_add_state(struct journal *journal, const struct incident *incident);

/**
 * journal_add_plan() - record a plan and where it stands, before anything is done about it.
 *
 * Takes effect with journal_commit(); what was recorded of it before is replaced.
 */
void journal_add_plan(struct journal *journal, const struct wanted *wanted, enum act_state state,
		      uint64_t now_ns);

/** journal_add_act() - record what somebody did; takes effect with journal_commit(). */
void journal_add_act(struct journal *journal, const struct act *act);

/**
 * journal_each_plan() - read back plans that stand so, oldest first.
 * @each: the plan and its sources are borrowed
 *
 * Rows that cannot be understood are passed over. Return: number given, or a negative error.
 */
WEIR_CHECK int journal_each_plan(struct journal *journal, enum act_state state,
				 void (*each)(void *self, const struct wanted *wanted), void *self);

/** journal_acts() - append a JSON array of the newest acts, newest first. As journal_list(). */
int journal_acts(struct journal *journal, unsigned limit, struct text *out);

/** journal_commit() - make what was added since the last time permanent, all or nothing. */
void journal_commit(struct journal *journal, uint64_t now_ns);

/**
 * journal_wants_all() - is it time to try again with the state of everything open?
 *
 * True once each JOURNAL_RETRY_NS while degraded; the caller then adds the state of all open
 * incidents and commits.
 */
bool journal_wants_all(const struct journal *journal, uint64_t now_ns);

/**
 * journal_each() - read incidents back, newest first.
 * @each: called for each; the incident is borrowed
 *
 * Rows that cannot be understood are passed over. Return: number given, or a negative error.
 */
WEIR_CHECK int journal_each(struct journal *journal, enum journal_filter filter, unsigned limit,
			    void (*each)(void *self, const struct incident *incident), void *self);

/**
 * journal_list() - append a JSON array of incidents, newest first.
 * @offset: how many to pass over
 *
 * Return: number written, or a negative error (nothing appended).
 */
WEIR_CHECK int journal_list(struct journal *journal, enum journal_filter filter, unsigned limit,
			    unsigned offset, struct text *out);

/** journal_get() - append one incident as JSON object. Return: 0, -ENOENT, or another error. */
WEIR_CHECK int journal_get(struct journal *journal, const char *id, struct text *out);

/** journal_events() - append a JSON array of the events of one incident, oldest first. */
WEIR_CHECK int journal_events(struct journal *journal, const char *id, unsigned limit,
			      struct text *out);
