/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault: something about the telemetry that makes what is measured less true.
 *
 * A fault begins and ends, or is noted once. It says who, what, with which
 * numbers, and what to do. Carried outside as a `telemetry.fault` event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/jsonw.h"
#include "model/exporter.h"
#include "model/finding.h"

/** What is wrong, the worst first: the order in which they are listed. */
enum fault_kind {
	FAULT_SAMPLING,    /**< the announced rate jumped, or is not what is measured */
	FAULT_SILENT,      /**< an exporter that should send does not */
	FAULT_KERNEL,      /**< datagrams dropped in full socket buffers, of one thread */
	FAULT_LOSS,        /**< lost between exporter and Weir */
	FAULT_TEMPLATES,   /**< data whose templates do not come */
	FAULT_UNDECODABLE, /**< much of it cannot be decoded */
	FAULT_CLOCK,       /**< its clock is far off, or jumped */
	FAULT_REPEATED,    /**< its datagrams arrive twice */
	FAULT_DUPLICATES,  /**< another exporter reports the same traffic */
	FAULT_RESTART,     /**< it began again */
	FAULT_KIND_COUNT
};

/** What became of it. */
enum fault_state {
	FAULT_BEGUN,
	FAULT_CHANGED, /**< it goes on, with numbers that are far from those told before */
	FAULT_ENDED,
	FAULT_NOTED, /**< it happened, and has no end */
	FAULT_STATE_COUNT
};

#define FAULT_NUMBERS  5
#define FAULT_NAME_MAX 64
#define FAULT_TEXT_MAX 320

/** A named number of a fault. */
struct fault_number {
	const char *name; /**< static; NULL: none */
	double value;
};

/** The fault. Its texts are filled in by who finds it. */
struct fault {
	enum fault_kind kind;
	enum fault_state state;
	enum severity severity;
	bool of_thread;          /**< about an ingest thread, not about an exporter */
	unsigned thread;         /**< which */
	struct exporter_key key; /**< the exporter; source FLOW_SOURCE_COUNT: never heard of */
	struct ip agent;
	char name[FAULT_NAME_MAX]; /**< from the configuration; "": none */
	uint64_t since_ns;         /**< when it began */
	uint64_t time_ns;          /**< of this change */
	struct fault_number numbers[FAULT_NUMBERS];
	char text[FAULT_TEXT_MAX];   /**< what is wrong, one sentence without its full stop */
	char advice[FAULT_TEXT_MAX]; /**< what to do; "": nothing */
};

/** fault_kind_name() - "sampling", "silent", … */
const char *fault_kind_name(enum fault_kind kind);

/** fault_state_name() - "begun", "changed", "ended", "noted". */
const char *fault_state_name(enum fault_state state);

/** fault_to_json() - write it as one object. */
void fault_to_json(const struct fault *fault, struct jsonw *w, const char *key);

/** fault_who() - append "edge1 (192.0.2.1, netflow9)" or "ingest thread 0". */
void fault_who(const struct fault *fault, struct text *out);
