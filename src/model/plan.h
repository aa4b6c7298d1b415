/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan, effect, verdict: what shall be held back, what is, and whether it helped.
 *
 * The plan room makes plans from incidents, actuators answer with effects, the
 * verify room judges. Values without pointers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/incident.h"

#define PLAN_RULES 16

/** The ladder; each step hurts more than the one before. */
enum plan_level {
	LEVEL_OBSERVE,
	LEVEL_RATE_LIMIT,
	LEVEL_DROP,
	LEVEL_QUARANTINE,
	LEVEL_BLACKHOLE,
	LEVEL_COUNT
};

/** What traffic a plan is about. Ports are -1 for any. */
struct plan_rule {
	struct prefix src; /**< len 0: any */
	struct prefix dst; /**< len 0: any */
	int sport;
	int dport;
	int proto;
	int tcp_flags;       /**< all of them; -1: any */
	int fragment;        /**< 2: parts without ports; -1: any */
	unsigned length_min; /**< of IP packets, in bytes */
	unsigned length_max; /**< 0: any */
};

/** A set of rules with how far they go. */
struct plan {
	char id[INCIDENT_ID_MAX + 8];
	char incident[INCIDENT_ID_MAX];
	uint8_t level; /**< enum plan_level */
	char actuator[32];
	unsigned rule_count;
	struct plan_rule rules[PLAN_RULES];
	bool has_forecast;       /**< false: not measured, and left out of the output */
	double attack_share;     /**< 0..1 of the attack that the rules match */
	double collateral_share; /**< 0..1 of innocent traffic they match */
	double collateral_upper; /**< its upper bound */
	uint64_t expires_ns;     /**< 0: with the incident */
	bool needs_approval;
};

/** What an actuator really holds for a plan. */
struct effect {
	char plan[INCIDENT_ID_MAX + 8];
	bool applied;
	unsigned rules_held; /**< rules in force outside; 0 for observe */
	uint64_t at_ns;
};

/** Whether a plan helped. */
struct verdict {
	char plan[INCIDENT_ID_MAX + 8];
	bool arriving;       /**< the attack still arrives, above its closing level */
	uint64_t pps_before; /**< the highest rate that arrived */
	uint64_t pps_now;    /**< latest rate; 0: nothing above the closing level is left */
	uint64_t at_ns;
};

/** plan_level_name() - "observe", "rate-limit", … */
const char *plan_level_name(enum plan_level level);

/** plan_to_json() - write the plan as value of @key; what is not measured or "any" is left out. */
void plan_to_json(const struct plan *plan, struct jsonw *w, const char *key);

/** plan_rule_to_text() - append a rule in words: "udp from port 123 to 198.51.100.7/32". */
void plan_rule_to_text(const struct plan_rule *rule, struct text *out);

/** verdict_to_json() - write the verdict as value of @key. */
void verdict_to_json(const struct verdict *verdict, struct jsonw *w, const char *key);
