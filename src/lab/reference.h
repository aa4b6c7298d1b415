/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference: flows in, alarms out, the way simple tools do it; to be compared with.
 *
 * Two detectors that see the same decoded flows as Weir: fixed thresholds on a moving average, as
 * common tools use them, and "mean plus five sigma" learned over the warm-up. Both know own hosts
 * only, one state for each and direction. Memory is taken at open, for a limited number of hosts.
 * One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"

struct reference;

/** Which of the two says it. */
enum reference_kind {
	REFERENCE_STATIC, /**< 20 kpps or 1 Gbps, average over 5 s */
	REFERENCE_SIGMA,  /**< a second above mean + 5 sigma */
	REFERENCE_COUNT
};

/** A host that was quiet for a minute before has gone over its limit. */
struct reference_alarm {
	enum reference_kind kind;
	uint64_t time_ns;
	struct ip host; /**< own: the victim if inbound, the origin if outbound */
	enum direction direction;
};

/** Takes alarms; @self belongs to whoever filled it in. */
struct reference_sink {
	void (*alarm)(void *self, const struct reference_alarm *alarm);
	void *self;
};

/** What a reference needs to know beforehand. */
struct reference_options {
	size_t hosts_max;  /**< own hosts times directions */
	uint64_t learn_ns; /**< how long mean and sigma are learned, from the first second on */
};

/** reference_new() - nothing seen yet; NULL without memory. @sink is copied. */
struct reference *reference_new(const struct reference_options *options,
				const struct reference_sink *sink);

/** reference_free() - NULL is fine. */
void reference_free(struct reference *reference);

/** reference_flows() - add flows that came; their direction is set. Borrowed. */
void reference_flows(struct reference *reference, const struct flow *flows, size_t count);

/** reference_tick() - all flows before @now_ns are in; judges each second that is over. */
void reference_tick(struct reference *reference, uint64_t now_ns);

/** reference_turned_away() - flows of hosts that found no room. */
uint64_t reference_turned_away(const struct reference *reference);

/** reference_name() - "static-ewma", "mean-5-sigma". */
const char *reference_name(enum reference_kind kind);
