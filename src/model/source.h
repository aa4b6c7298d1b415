/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source: what an ingest thread reads from, and what it counted there.
 *
 * Copied as a whole into the status. Counters only grow.
 */
#pragma once

#include <stdint.h>

#include "model/flowlog.h"

/** Room for a source's name, with its end. */
#define SOURCE_NAME_MAX 64

/** Counters of one source in one thread. */
struct source_stats {
	char name[SOURCE_NAME_MAX]; /**< "0.0.0.0:2055", "eth0" */
	const char *kind;           /**< static: "udp", "packet", "xdp" */
	uint64_t received;          /**< datagrams or packets taken */
	uint64_t bytes;             /**< of those */
	uint64_t kernel_drops;      /**< lost because we were too slow; with UDP_GRO at least */
	uint64_t truncated;         /**< cut short, and not used */
	uint64_t failures;          /**< reads that failed */
	uint64_t buffer_bytes;      /**< UDP: receive buffer that the kernel granted */
	uint64_t queued_bytes;      /**< UDP: kernel memory taken by what waits to be read */
	uint64_t others;            /**< interface: sampled packets that are not IP */
	uint64_t seen;              /**< XDP: all packets it looked at; 0: nobody counted */
	uint64_t seen_bytes;        /**< of those */
	uint32_t sampling;          /**< interface: 1:N; 0: this is no interface */
	uint32_t if_index;          /**< interface: as the kernel numbers it; 0: it is not there */
	int error;                  /**< why it gives nothing now, negative errno; 0: it works */
	struct flowlog_stats flowlog; /**< of flow logs; else zero */
};
