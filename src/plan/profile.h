/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: what a data plane can match, as data.
 *
 * Rules are made for a profile and never by the name of an actuator. The components of FlowSpec are
 * those of RFC 8955, section 4.2.2, and RFC 8956; the others are what Weir's own programs and the
 * payload-free expressions of nftables can do.
 */
#pragma once

#include <stdbool.h>

#include "model/plan.h"

/** A field of a rule; all but destination prefixes, which every data plane has. */
enum plan_field {
	FIELD_PROTO,
	FIELD_FLAGS,
	FIELD_SPORT,
	FIELD_DPORT,
	FIELD_FRAGMENT,
	FIELD_ICMP, /**< type; with it goes the code */
	FIELD_SRC,
	FIELD_LENGTH,
	FIELD_TTL,
	FIELD_SET, /**< the plan's set of sources */
	FIELD_COUNT
};

/** What one data plane can do; constant. */
struct plan_profile {
	const char *name;
	unsigned fields;    /**< bits 1 << enum plan_field */
	bool ranges;        /**< several values of a number in one rule */
	bool flag_masks;    /**< some of the TCP flags; else all eight of them */
	bool rates;         /**< a limit instead of a drop */
	unsigned rules_max; /**< for one target */
	unsigned set_max;   /**< most sources of a set; 0 without FIELD_SET */
};

/** profile_find() - "flowspec", "xdp", "nft", "rtbh"; NULL for another name. Static. */
const struct plan_profile *profile_find(const char *name);

/** profile_fields_of() - the fields a rule asks for; bits 1 << enum plan_field. */
unsigned profile_fields_of(const struct plan_rule *rule);

/** profile_can() - can the data plane do the rule exactly as it is? */
bool profile_can(const struct plan_profile *profile, const struct plan_rule *rule);
