/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference: what the XDP program has to decide, said a second time, plainly and slowly.
 *
 * For tests: packet, rules and time in, verdict out. Shares nothing with the
 * program but the numbers of actions and reasons; walks lists instead of
 * looking anything up. One CPU; one thread at a time.
 */
#pragma once

#include "actuate/xdp/rule.h"

/** A source and the set it is in. */
struct reference_member {
	struct prefix prefix;
	uint16_t set;
};

/** The buckets of a rule, in 10^-9 packets and bytes. */
struct reference_bucket {
	bool used;
	uint64_t filled_ns;
	uint64_t packets;
	uint64_t bytes;
};

/** Everything a verdict depends on. */
struct reference {
	const struct xdp_protected *protect; /**< borrowed */
	size_t protect_count;
	const struct xdp_rule *rules; /**< borrowed; sorted by priority, then id */
	size_t rule_count;
	const struct reference_member *members; /**< borrowed */
	size_t member_count;
	struct reference_bucket buckets[FILTER_RULES]; /**< of the rule in the same place */
	uint32_t cpus;                                 /**< that rates are divided by */
};

/** What becomes of a packet, and why. */
struct reference_verdict {
	bool dropped;
	uint32_t reason; /**< enum filter_reason, below FILTER_VERDICTS */
	uint64_t rule;   /**< id; 0 when no rule decided */
	uint16_t group;  /**< of the destination; 0 when no rule decided */
};

/** reference_judge() - one frame of @len bytes at @now_ns; buckets are changed by it. */
struct reference_verdict reference_judge(struct reference *reference, const uint8_t *frame,
					 size_t len, uint64_t now_ns);
