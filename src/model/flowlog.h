/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowlog: the formats of cloud flow logs, and what was counted while reading them.
 *
 * Copied as a whole into the status, so it holds no pointers.
 */
#pragma once

#include <stdint.h>

#include "model/reason.h"

/** Whose flow log it is. */
enum flowlog_format {
	FLOWLOG_AUTO,  /**< recognised, each record anew */
	FLOWLOG_AWS,   /**< VPC flow logs as text */
	FLOWLOG_AZURE, /**< flow logs of network security groups and virtual networks, JSON */
	FLOWLOG_GCP,   /**< VPC Flow Logs out of Cloud Logging, JSON */
	FLOWLOG_FORMAT_COUNT
};

/** flowlog_format_name() - "auto", "aws-vpc", "azure-nsg", "gcp-vpc"; as in `--as`. */
const char *flowlog_format_name(enum flowlog_format format);

/** What was read; grows only. */
struct flowlog_counts {
	uint64_t flows;    /**< given on */
	uint64_t nodata;   /**< records that say there was no traffic */
	uint64_t skipdata; /**< records that say the cloud left some out */
	uint64_t
		undecodable; /**< lines or values that made no flow; in total.undecodable by reason */
	uint64_t first_bad_line; /**< where the first of these is, from 1; 0: there is none */
	enum reason first_bad_reason;
};

/** One log that is followed, as the status shows it. */
struct flowlog_stats {
	struct flowlog_counts counts;
	uint64_t files;      /**< remembered */
	uint64_t waiting;    /**< found, not read yet */
	uint64_t unreadable; /**< could not be opened, unpacked or read to their end */
	uint64_t replaced;   /**< began anew: another content at the same path */
	uint64_t newest_ns;  /**< newest end of a flow; 0: none yet */
	uint64_t lag_ns;     /**< how far the log's clock is taken to be behind */
};
