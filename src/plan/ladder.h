/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ladder: how far to go, and what of it waits for a person.
 *
 *   observe -> rate limit -> drop -> quarantine (own machines, outbound) -> blackhole (inbound)
 *
 * By itself goes only what hardly hurts the innocent: a drop up to 1 % of them (upper bound), a
 * rate limit up to 5 %. Quarantine always waits for a person; a blackhole too, unless its target is
 * listed as expendable: it completes the attack. Down it goes one step at a time, after a dwell,
 * and only while what is seen is complete.
 *
 * Pure: state and time are parameters. What the ladder wants still has to pass rails.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/flow.h"
#include "model/plan.h"

/** Why it is as far as it is. */
enum ladder_why {
	LADDER_UNSURE,   /**< not confirmed to be an attack */
	LADDER_NO_RULE,  /**< there is no safe rule */
	LADDER_SAFE,     /**< rules that hardly hurt anybody */
	LADDER_RISKY,    /**< rules that may hurt some */
	LADDER_HARMFUL,  /**< rules that may hurt many */
	LADDER_LINK,     /**< the link is full in spite of rules */
	LADDER_DWELL,    /**< too early for the next step */
	LADDER_QUIET,    /**< the attack no longer arrives: one step back */
	LADDER_BLIND,    /**< it seems over, but what is seen is not complete */
	LADDER_APPROVED, /**< a person said yes */
	LADDER_WHY_COUNT
};

/** From the configuration. */
struct ladder_limits {
	double auto_drop;      /**< upper bound of innocent traffic; 0.01 */
	double auto_limit;     /**< 0.05 */
	uint64_t dwell_ns;     /**< shortest time on a level; 60 s */
	uint64_t overload_ns;  /**< link full for so long before a blackhole; 10 s */
	uint64_t quiet_ns;     /**< nothing arrives for so long before a step back; 60 s */
	uint64_t rule_ns;      /**< life of rules, renewed while they match; 5 min */
	uint64_t blackhole_ns; /**< life of a blackhole before a probe; 10 min */
	uint64_t probe_ns;     /**< how long a probe lets everything through; 30 s */
};

/** What is known now. */
struct ladder_input {
	enum direction direction;
	bool confirmed;
	unsigned rule_count;        /**< of the forecast; 0: no safe rule */
	double upper;               /**< upper bound of innocent traffic that rules hit */
	bool can_limit;             /**< the data plane has rate limits */
	bool can_drop;              /**< rules can be put in force at all */
	bool over_capacity;         /**< what arrives is more than the target takes */
	bool expendable;            /**< the target is listed: it may be blackholed unasked */
	bool own_machine;           /**< outbound: the source is one machine of ours */
	uint64_t overload_since_ns; /**< link above 90 % since then; 0: it is not */
	uint64_t quiet_since_ns;    /**< nothing of the attack arrives since then; 0: it does */
	bool complete;              /**< telemetry or counters of the device can be relied on */
	uint8_t approved;           /**< enum plan_level that a person said yes to; 0: none */
	uint64_t now_ns;
};

/** Where one plan stands; zeroed: observing, since ever. */
struct ladder_state {
	uint8_t level; /**< enum plan_level */
	uint64_t since_ns;
	uint64_t probe_until_ns; /**< a blackhole is lifted until then to look; 0: it is not */
};

/** What to do. */
struct ladder_step {
	uint8_t level;       /**< to be in force now, without asking */
	uint8_t asked;       /**< to propose to a person; LEVEL_OBSERVE: nothing */
	uint8_t why;         /**< enum ladder_why */
	bool probe;          /**< let everything through for a moment, to see */
	uint64_t expires_ns; /**< of what is in force; 0: with the incident */
};

/** ladder_defaults() - the limits as above. */
struct ladder_limits ladder_defaults(void);

/** ladder_decide() - the next step. Pure. */
struct ladder_step ladder_decide(const struct ladder_limits *limits,
				 const struct ladder_state *state,
				 const struct ladder_input *input);

/** ladder_take() - the step was taken (and admitted by the rails). */
void ladder_take(const struct ladder_limits *limits, struct ladder_state *state,
		 const struct ladder_step *step, uint64_t now_ns);

/** ladder_why_text() - in words for people; static. */
const char *ladder_why_text(enum ladder_why why);
