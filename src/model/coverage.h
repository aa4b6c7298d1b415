/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coverage: what one exporter delivered in one minute, and what did not arrive.
 *
 * Made by archive/ledger.h out of two readings of struct exporter_stats; kept,
 * shown, and later the ground of every statement about a time that has passed.
 * Several rows of one exporter add up (coverage_add()). Holds no pointers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/jsonw.h"
#include "model/exporter.h"

/** Length of what one row is about; every row begins at a multiple of it. */
#define COVERAGE_MINUTE_NS 60000000000ULL

/** One exporter, one minute (or several added up). */
struct coverage {
	struct exporter_key key;
	struct ip agent;   /**< sFlow agent address, else zero */
	uint64_t begin_ns; /**< of the first minute */
	uint32_t minutes;  /**< 1, or how many were added up */
	uint32_t seconds;  /**< of them that Weir was watching */
	uint32_t
		silent; /**< of the minutes, those without a datagram that should have brought one */
	uint32_t restarts; /**< of the exporter */
	uint64_t datagrams;
	uint64_t records;
	uint64_t options;
	uint64_t units; /**< received, as the protocol's sequence numbers count */
	uint64_t lost;  /**< missing, in the same unit */
	uint64_t
		kernel_drops; /**< of the thread that reads this exporter, whoever they were from */
	uint64_t undecodable[REASON_COUNT_OF];
	uint64_t held;              /**< data sets that had to wait for their template */
	uint64_t templates;         /**< known at the end */
	int64_t clock_offset_ns;    /**< received - export time, the least; valid with datagrams */
	uint64_t active_timeout_ms; /**< observed; 0: unknown */
	uint64_t inactive_timeout_ms; /**< observed; 0: unknown */
	uint32_t sampling;            /**< announced, 1:N, the latest; 0: nobody said */
	uint8_t sampling_source;      /**< enum sampling_source */
	uint64_t unknown_sampling;    /**< records without a rate */
	uint64_t sample_pool;         /**< sFlow: packets that the samples were drawn from */
	uint64_t pool_samples;        /**< sFlow: samples drawn from them */
	uint64_t agent_drops;         /**< sFlow: samples that the agent itself gave up */
	uint64_t duplicates;      /**< of its records looked at, those another exporter had too */
	uint64_t compared;        /**< of its records, those looked at for that */
	uint64_t repeated;        /**< of its datagrams, those that had come before */
	struct exporter_key twin; /**< which other one; address zero: none */
};

/** Longest name of an exporter that is kept with its rows, terminating zero included. */
#define COVERAGE_NAME_MAX 72

/** Which rows somebody wants to see. */
struct coverage_query {
	uint64_t from_ns;     /**< rows that begin then or later */
	uint64_t to_ns;       /**< and before that */
	uint32_t step;        /**< minutes that are added up to one row; at least 1 */
	uint32_t limit;       /**< most rows given */
	const char *exporter; /**< its address or name; NULL: all */
};

/** coverage_is_same_exporter() - are the rows about one exporter? */
bool coverage_is_same_exporter(const struct coverage *a, const struct coverage *b);

/** coverage_add() - add a later row of the same exporter, or the rest of the same minute. */
void coverage_add(struct coverage *sum, const struct coverage *later);

/** coverage_lost_share() - of what the exporter sent, by its own numbering. Return: 0..1. */
double coverage_lost_share(const struct coverage *coverage);

/** coverage_is_lost_here() - were full socket buffers here at least half of the loss? */
bool coverage_is_lost_here(const struct coverage *coverage);

/** coverage_undecoded() - all reasons together. */
uint64_t coverage_undecoded(const struct coverage *coverage);

/** coverage_measured_sampling() - packets behind a sample, by the agent's pool; 0: unknown. */
double coverage_measured_sampling(const struct coverage *coverage);

/** coverage_repeated_share() - of its datagrams that had come before. 0..1. */
double coverage_repeated_share(const struct coverage *coverage);

/** coverage_duplicate_share() - of its records that another exporter reported too. 0..1. */
double coverage_duplicate_share(const struct coverage *coverage);

/**
 * coverage_share() - how much of the time and of the units there is.
 *
 * Minutes not watched, silent minutes and lost units all lower it. Return: 0..1.
 */
double coverage_share(const struct coverage *coverage);

/** exporter_counts_records() - does its protocol number records, not datagrams? */
bool exporter_counts_records(uint8_t source);

/** coverage_to_json() - write it as one object. @name: of the exporter, or NULL. */
void coverage_to_json(const struct coverage *coverage, const char *name, struct jsonw *w,
		      const char *key);

/** coverage_to_text() - append it as one line for people, with its newline. */
void coverage_to_text(const struct coverage *coverage, const char *name, struct text *out);

/** exporter_key_to_json() - write who it is: address, protocol, odid, agent, name. */
void exporter_key_to_json(const struct exporter_key *key, const struct ip *agent, const char *name,
			  struct jsonw *w);
