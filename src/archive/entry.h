/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry: what the ledger remembers of one exporter, and the rules that judge it.
 *
 * Inside the archive room only. Control thread.
 */
#pragma once

#include "archive/faults.h"
#include "config/config.h"
#include "model/coverage.h"
#include "model/sketch.h"

/** Counters as the rules of the second saw them last. */
struct judged {
	uint64_t datagrams;
	uint64_t restarts;
	uint64_t rate_changes;
	uint64_t clock_steps;
	int64_t clock_offset_ns;
	uint32_t sampling;
};

/** One exporter as the ledger knows it. */
struct ledger_entry {
	struct exporter_stats base; /**< when the minute began */
	struct exporter_stats latest;
	struct judged judged;
	struct coverage last; /**< the latest whole minute; minutes 0: none yet */
	uint64_t gap_ns;      /**< longest ordinary time between two datagrams */
	uint64_t restart_told_ns;
	bool used;
	const struct config_exporter *listed; /**< borrowed from the configuration; NULL: not */
	struct flow_sketch sketch; /**< of the latest minute whose sketches came; empty: compared */
	uint32_t compared;         /**< of its flows, those looked for elsewhere */
	uint32_t duplicates;       /**< of those, found with the twin */
	struct exporter_key twin;
	struct fault_slot slots[FAULT_KIND_COUNT];
};

/** What the rules go by. */
struct judge {
	const struct config *config;
	struct faults *faults;
	uint64_t now_ns;
};

/** entry_should_send() - would silence of this exporter be a gap? */
bool entry_should_send(const struct ledger_entry *entry, uint64_t now_ns);

/** entry_is_silent() - it should send, and has been silent for longer than it ever was. */
bool entry_is_silent(const struct ledger_entry *entry, uint64_t now_ns);

/** entry_fault() - a fault of this exporter without words. */
struct fault entry_fault(const struct ledger_entry *entry, enum fault_kind kind);

/** judged_of() - what to remember of a reading. */
struct judged judged_of(const struct exporter_stats *stats);

/** judge_second() - the rules that do not wait for the minute's end. */
void judge_second(const struct judge *judge, struct ledger_entry *entry);

/** judge_minute() - the rules on a whole minute; entry->last is it. */
void judge_minute(const struct judge *judge, struct ledger_entry *entry);

/** judge_end() - the entry goes to another exporter: nothing of it stays open. */
void judge_end(const struct judge *judge, struct ledger_entry *entry, const char *words);
