/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter: what is known about one source of telemetry.
 *
 * Counted by the ingest thread that owns the exporter; copied as a whole into
 * the status, so it holds no pointers.
 */
#pragma once

#include <stdbool.h>
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

/**
 * Vantage of flows: thread << VANTAGE_THREAD | entry << 1 | egress, VANTAGE_DISJOINT above. Of an
 * interface of this machine: VANTAGE_LINK | index << 1 | egress, in all threads the same.
 */
#define VANTAGE_THREAD   24
#define VANTAGE_LINK     (1U << 30)
#define VANTAGE_DISJOINT (1U << 31)

/** Room for an exporter's label, with its end. */
#define EXPORTER_LABEL_MAX 48

/** Counters and observations of one exporter. */
struct exporter_stats {
	struct exporter_key key;
	/** What one without address is: an interface, the account of a flow log. ASCII; may be "". */
	char label[EXPORTER_LABEL_MAX];
	struct ip agent; /**< sFlow agent address, else zero */
	uint64_t datagrams;
	uint64_t records;         /**< flows given on */
	uint64_t options;         /**< options records read */
	uint64_t counter_samples; /**< sFlow counter samples read */
	/*
	 * Completeness, by the protocol's own sequence numbers and in their unit: flows (v5), data
	 * and options records (IPFIX), datagrams (v9, sFlow). `expected` and `received` only grow.
	 * Share lost between two copies a and b: 1 - (b.received - a.received) /
	 * (b.expected - a.expected); below 0, when late datagrams came after a, it means none.
	 */
	uint64_t expected;
	uint64_t received; /**< of those; what came twice counts once */
	uint64_t lost;     /**< expected - received; goes back when late datagrams come after all */
	uint64_t restarts; /**< sequence or uptime began again; no loss is counted across one */
	uint64_t reordered; /**< datagrams that came after a later one */
	uint64_t repeated;  /**< datagrams that had come before: no record of them is counted */
	/** sFlow: flow samples by the sequences of the data sources; as `expected`, `received`. */
	uint64_t samples_expected;
	uint64_t samples_received;
	uint64_t undecodable[REASON_COUNT_OF];
	uint64_t held;                 /**< data sets put aside until their template came */
	uint64_t held_decoded;         /**< of those, decoded later */
	uint64_t templates;            /**< known now */
	uint64_t samplers_turned_away; /**< announced rates of samplers that found no room */
	uint64_t unknown_sampling;     /**< records for which nobody named a sampling rate */
	/**
	 * Our clock less the exporter's: the least (received - export time) of the last 5 to 10
	 * minutes. Protocols with export times only; 0 before the first.
	 */
	int64_t clock_offset_ns;
	uint64_t clock_steps; /**< times the exporter's clock was set back by 10 s or more */
	uint64_t first_ns;    /**< first datagram received */
	uint64_t last_ns;     /**< latest datagram received */
	/* Timeouts of its flow cache as its records show them; 0: unknown. Observed, so a little
	 * above what is configured: caches are looked through every so often. */
	uint32_t active_timeout_ms;   /**< age at which flows that go on are reported */
	uint32_t inactive_timeout_ms; /**< silence after which flows are reported */
	uint64_t packets;             /**< packets in records, as exported */
	uint64_t packets_scaled;      /**< times the rate in use (1 where unknown) */
	/*
	 * sFlow counter samples: what the exporter's interfaces counted, and what flow samples said
	 * of the same interfaces in the same time. Compare growth: `counted_estimate` is near
	 * `counted_in` (agent samples what comes in), `counted_out`, or their sum (both); if it is
	 * far from all of them, the rate is wrong. All 0 without counter samples.
	 */
	uint64_t counted_in;
	uint64_t counted_out;
	uint64_t counted_estimate;
	uint64_t sample_pool;        /**< sFlow: packets the sampled records were drawn from */
	uint64_t pool_samples;       /**< sFlow: samples drawn from sample_pool */
	uint64_t drops;              /**< sFlow: samples the agent says it dropped */
	uint64_t discard_samples;    /**< sFlow: discarded-packet samples (0:5), skipped */
	uint32_t generation;         /**< one more each time the entry goes to another exporter */
	uint32_t sampling;           /**< latest rate in use; 0 = unknown */
	uint32_t sampling_announced; /**< latest rate the exporter told; 0: none. Differs from
				      * `sampling` if overridden, or while it is doubted */
	uint32_t rate_doubts;        /**< sources whose suddenly larger rate is doubted now */
	uint32_t rate_refused;       /**< of those, contradicted by what was measured */
	uint64_t rate_changes; /**< rates that became another by a factor of 2, and were believed */
	uint64_t rate_doubted; /**< rates that became larger so suddenly that they were doubted */
	uint64_t doubted_records; /**< records that counted at the rate of before */
	uint8_t sampling_source;  /**< enum sampling_source */
	bool clock_wrong; /**< clock_offset_ns is beyond a minute; it is corrected all the same */
	bool disjoint;    /**< the operator says: nobody else reports its packets */
};
