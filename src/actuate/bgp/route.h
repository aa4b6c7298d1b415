/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route: one rule of a plan in, one route that may be announced out; or why not.
 *
 * The last guard before BGP, whoever calls: what is not about the operator's own
 * networks, is shorter than the floor, or says more or less than a route can say
 * is refused and never widened. Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "config/config.h"
#include "model/plan.h"

/** Longest NLRI that route_make() gives, its own length byte included. */
#define BGP_NLRI_MAX 96

/** What kind of route, in the order in which they are sorted. */
enum bgp_kind {
	BGP_RTBH4, /**< blackhole, IPv4 unicast */
	BGP_RTBH6,
	BGP_FLOW4, /**< FlowSpec (RFC 8955) */
	BGP_FLOW6, /**< FlowSpec (RFC 8956) */
	BGP_KINDS
};

/** What may be announced. */
struct bgp_limits {
	const struct config *config; /**< its networks are ours; borrowed */
	uint8_t floor_v4; /**< shortest prefix of ours, in the 128-bit form: 120 is /24 */
	uint8_t floor_v6;
	bool flowspec;     /**< rules, not only blackholes */
	bool source_rules; /**< rules about what our own machines send */
	uint64_t routes;   /**< most at once */
};

/** A route. Two are the same to BGP when kind and NLRI are equal. */
struct bgp_route {
	enum bgp_kind kind;
	struct plan_rule rule; /**< what it matches; a prefix of length 0 is none */
	uint8_t nlri[BGP_NLRI_MAX];
	uint8_t nlri_len;
	size_t seat; /**< number among all rules of the set it was made from */
};

/** bgp_limits_of() - the limits of an actuator's settings, and `protect.min_prefix`. */
struct bgp_limits bgp_limits_of(const struct config *config,
				const struct config_actuator *settings);

/** bgp_caps() - what can be announced with these settings: enum actuator_caps. */
uint32_t bgp_caps(const struct config_actuator *settings);

/**
 * bgp_check_settings() - is it known whom to talk to, and does no other actuator talk to the same?
 * @where: the setting that says whom: settings->socket or settings->address; NULL: not given
 * @key: its name in the configuration
 *
 * Two at one daemon would take back each other's routes. Return: 0, or -EINVAL with @why.
 */
WEIR_CHECK int bgp_check_settings(const struct config *config,
				  const struct config_actuator *settings, const char *where,
				  const char *key, struct text *why);

/**
 * bgp_is_own() - does all of the prefix lie inside one of the configured networks?
 *
 * Without networks nothing is ours.
 */
bool bgp_is_own(const struct config *config, const struct prefix *prefix);

/**
 * bgp_route_make() - the route for a rule.
 * @wanted: the plan it belongs to: level and direction
 * @ret_route: untouched on failure
 * @why: on failure gets one sentence that says what to do
 *
 * Return: 0, or -EOPNOTSUPP.
 */
WEIR_CHECK int bgp_route_make(const struct bgp_limits *limits, const struct wanted *wanted,
			      const struct plan_rule *rule, struct bgp_route *ret_route,
			      struct text *why);

/** bgp_check() - could all rules of the plan be announced? As actuator.check(). */
WEIR_CHECK int bgp_check(const struct bgp_limits *limits, const struct wanted *wanted,
			 struct text *why);

/** bgp_route_compare() - by kind, then NLRI; 0: the same route to BGP, whatever its action. */
int bgp_route_compare(const struct bgp_route *a, const struct bgp_route *b);
