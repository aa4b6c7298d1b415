/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan, effect: what shall be held back, and what is.
 *
 * The plan room makes plans from incidents, actuators answer with effects. Values without
 * pointers; what came of it is verdict.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"
#include "model/incident.h"

#define PLAN_RULES   16
#define PLAN_WHY_MAX 160

/** The ladder; each step hurts more than the one before. */
enum plan_level {
	LEVEL_OBSERVE,
	LEVEL_RATE_LIMIT,
	LEVEL_DROP,
	LEVEL_QUARANTINE,
	LEVEL_BLACKHOLE,
	LEVEL_COUNT
};

/** Values from `min` to `max`, both of them included. */
struct plan_range {
	uint16_t min;
	uint16_t max;
};

/** What rules may ask of fragments; numbers as in flow.fragment. */
enum plan_fragment {
	PLAN_FRAGMENT_ANY = -1,
	PLAN_FRAGMENT_NONE = 0,  /**< whole packets */
	PLAN_FRAGMENT_LATER = 2, /**< parts without ports */
};

/**
 * What traffic a plan is about, and what is done to it. Start from plan_rule_any(): zeroes are
 * not "any".
 *
 * The fields are those of RFC 8955, section 4.2.2, and two that only Linux has: the time to live
 * and a set of sources, which is kept beside the plan.
 */
struct plan_rule {
	struct prefix src;        /**< len 0: any */
	struct prefix dst;        /**< len 0: any */
	int proto;                /**< -1: any */
	struct plan_range sport;  /**< 0..65535: any */
	struct plan_range dport;  /**< 0..65535: any */
	struct plan_range length; /**< of IP packets, in bytes; 0..65535: any */
	struct plan_range ttl;    /**< 0..255: any; the hop limit of IPv6 */
	uint8_t tcp_flags;        /**< what `tcp_mask` leaves of the flags */
	uint8_t tcp_mask;         /**< 0: any flags; 0xff: all of them are as given */
	int8_t fragment;          /**< enum plan_fragment */
	int16_t icmp_type;        /**< -1: any */
	int16_t icmp_code;        /**< -1: any */
	bool from_set;            /**< only from the sources of the plan's set */
	uint64_t rate_pps;        /**< packets a second that are let through; 0: none */
};

/** plan_rule_any() - a rule that matches every packet, and drops it. */
static inline struct plan_rule plan_rule_any(void)
{
	return (struct plan_rule){ .proto = -1,
				   .sport = { 0, UINT16_MAX },
				   .dport = { 0, UINT16_MAX },
				   .length = { 0, UINT16_MAX },
				   .ttl = { 0, UINT8_MAX },
				   .fragment = PLAN_FRAGMENT_ANY,
				   .icmp_type = -1,
				   .icmp_code = -1 };
}

/** plan_range_of() - the one value; below 0: any. */
static inline struct plan_range plan_range_of(int value)
{
	if (value < 0)
		return (struct plan_range){ 0, UINT16_MAX };
	return (struct plan_range){ (uint16_t)value, (uint16_t)value };
}

/** plan_range_is_any() - is every value up to @most in it? */
static inline bool plan_range_is_any(const struct plan_range *range, uint16_t most)
{
	return range->min == 0 && range->max >= most;
}

/** plan_range_has() - is the value in it? */
static inline bool plan_range_has(const struct plan_range *range, unsigned value)
{
	return value >= range->min && value <= range->max;
}

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
	uint8_t would;    /**< enum plan_level it would have by itself, were there an actuator */
	uint8_t proposed; /**< enum plan_level that a person is asked for */
	char why[PLAN_WHY_MAX]; /**< why it goes so far and no further; "": nothing to say */
};

/** One plan that shall be in force, as actuators get it. */
struct wanted {
	struct plan plan;         /**< `expires_ns` is on the clock of wanted_set.now_ns */
	enum direction direction; /**< inbound: its targets are ours; outbound: its sources are */
	struct prefix own;        /**< the address or prefix of ours that it is about */
	const struct ip *sources; /**< of rules with `from_set`, by ip_compare(); borrowed */
	size_t source_count;
	char approved_by[64]; /**< who said yes to this level; "": nobody was asked */
};

/** All that shall be in force at one actuator; what is not in it shall not be. */
struct wanted_set {
	const struct wanted *plans; /**< borrowed; no id twice */
	size_t count;
	uint64_t now_ns; /**< since 1970, as all times of plans */
};

/** What an actuator really holds for a plan. */
struct effect {
	char plan[INCIDENT_ID_MAX + 8];
	bool applied;
	bool coming;              /**< not applied yet, but on its way: nothing is wrong */
	unsigned rules_held;      /**< rules in force outside; 0 for observe */
	uint64_t at_ns;           /**< it was so then */
	bool counted;             /**< the rest is known; not over BGP */
	uint64_t matched_packets; /**< since it is held; only grow */
	uint64_t matched_bytes;
	uint64_t dropped_packets;
	uint64_t dropped_bytes;
};

/** plan_level_name() - "observe", "rate-limit", … */
const char *plan_level_name(enum plan_level level);

/**
 * plan_to_json() - write the plan as value of @key; what is not measured or "any" is left out.
 * @sources: of rules with `from_set`; none: left out
 */
void plan_to_json(const struct plan *plan, const struct ip *sources, size_t source_count,
		  struct jsonw *w, const char *key);

/** plan_rule_to_text() - append a rule in words: "udp from port 123 to 198.51.100.7/32". */
void plan_rule_to_text(const struct plan_rule *rule, struct text *out);
