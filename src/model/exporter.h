/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter: what is known about one source of telemetry.
 *
 * Counted by the ingest thread that owns the exporter; copied as a whole into
 * the status, so it holds no pointers.
 */
#pragma once

#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"
#include "model/reason.h"

/** Who: datagram source address, protocol, observation domain (sFlow: sub-agent; the agent too). */
struct exporter_key {
	struct ip address;
	uint32_t odid;
	uint8_t source; /**< enum flow_source */
};

/** Counters of exporters whose entries went to others, in sum. */
struct exporter_gone {
	uint64_t exporters; /**< so many */
	uint64_t lost;
	uint64_t options;
	uint64_t unknown_sampling;
};

/** Counters and observations of one exporter. */
struct exporter_stats {
	struct exporter_key key;
	struct ip agent; /**< sFlow agent address, else zero */
	uint64_t datagrams;
	uint64_t records;         /**< flows given on */
	uint64_t options;         /**< options records read */
	uint64_t counter_samples; /**< sFlow counter samples read */
	uint64_t lost;     /**< missing by the protocol's own sequence rule, in its own unit */
	uint64_t restarts; /**< sequence or uptime began again */
	uint64_t undecodable[REASON_COUNT_OF];
	uint64_t held;                 /**< data sets put aside until their template came */
	uint64_t held_decoded;         /**< of those, decoded later */
	uint64_t templates;            /**< known now */
	uint64_t samplers_turned_away; /**< announced rates of samplers that found no room */
	uint64_t unknown_sampling;     /**< records for which nobody named a sampling rate */
	int64_t clock_offset_ns; /**< least (received - export time) seen; valid with datagrams > 0 */
	uint64_t first_ns;       /**< first datagram received */
	uint64_t last_ns;        /**< latest datagram received */
	uint64_t sample_pool;    /**< sFlow: packets the sampled records were drawn from */
	uint64_t pool_samples;   /**< sFlow: samples drawn from sample_pool */
	uint64_t drops;          /**< sFlow: samples the agent says it dropped */
	uint64_t discard_samples; /**< sFlow: discarded-packet samples (0:5), skipped */
	uint32_t generation;      /**< one more each time the entry goes to another exporter */
	uint32_t sampling;        /**< latest rate in use; 0 = unknown */
	uint8_t sampling_source;  /**< enum sampling_source */
};
