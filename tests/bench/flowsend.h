/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowsend: what the generator was asked for, and what it did.
 *
 * flowsend.c reads the options and tells the results, sender.c sends. One thread.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "feed.h"
#include "wire.h"

#define EXPORTERS_MAX 256
/** Segments of one UDP_SEGMENT send that every kernel since 4.18 takes. */
#define GSO_MAX       64

/** What to send, and when to end. */
struct flowsend_options {
	const struct wire *wire;
	struct sockaddr_in to;
	struct sockaddr_in from; /**< of the first exporter; the next ones count up */
	struct feed_options feed;
	uint64_t records;     /**< end after so many, withheld ones included */
	uint64_t duration_ns; /**< or after so long */
	uint64_t rate;        /**< records a second; 0: as fast as it goes */
	uint64_t announce_ns; /**< templates are repeated this often */
	uint64_t restart_ns;  /**< exporters begin anew after so long; 0: never */
	uint32_t exporters;
	uint32_t sampling;
	uint32_t packets;
	uint32_t gso;               /**< datagrams a send by UDP_SEGMENT; 0: sendmmsg */
	uint32_t withhold_permille; /**< data datagrams that are made and not sent */
	int cpu;                    /**< -1: any */
};

/** What one exporter did. */
struct flowsend_counts {
	uint64_t datagrams; /**< sent, templates included */
	uint64_t records;   /**< in them */
	uint64_t bytes;
	uint64_t announced; /**< datagrams of templates */
	uint64_t withheld_datagrams;
	uint64_t withheld_records;
};

/** What all did. */
struct flowsend_result {
	struct flowsend_counts total;
	struct flowsend_counts exporter[EXPORTERS_MAX];
	uint64_t elapsed_ns;
	uint64_t cpu_ns;
	uint64_t late_ns; /**< time given up because it could not keep the rate */
	uint64_t refused; /**< sends that nobody listened to */
};

/**
 * flowsend_run() - send until a limit is reached.
 * @ret_result: counts, also of what was sent before a failure
 *
 * Return: 0; a negative errno (-ECONNREFUSED: nobody listens there).
 */
WEIR_CHECK int flowsend_run(const struct flowsend_options *options,
			    struct flowsend_result *ret_result);
