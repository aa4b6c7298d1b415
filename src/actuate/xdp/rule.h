/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule: what the XDP engine is to do with which packets, in plain numbers of the host's order.
 *
 * A rule is for one family, its destination's. All its conditions must hold.
 * Only packets to protected destinations are looked at. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "base/text.h"
#include "bpf/xdp_abi.h"

/** Is the packet a fragment? An atomic one (RFC 6946) is none. */
enum xdp_fragment {
	XDP_FRAGMENT_ANY,
	XDP_FRAGMENT_ONLY,
	XDP_FRAGMENT_NOT,
	XDP_FRAGMENT_NO_PORTS, /**< one without a whole transport header, as all later ones are */
};

/** A range of whole numbers, both ends in it. */
struct xdp_range {
	uint16_t min;
	uint16_t max;
};

/** One rule; start from xdp_rule_init(). */
struct xdp_rule {
	uint64_t id;       /**< its own; counters and bucket stay with it from set to set */
	uint32_t priority; /**< the lowest of all that match decides; equal ones: the lowest id */
	struct prefix dst; /**< its family is the rule's; 0.0.0.0/0 and ::/0 are all of it */
	struct prefix src; /**< of the same family; length 0: any */
	int16_t proto;     /**< IP protocol; -1: any. IPv6: the first that is no extension */
	int16_t icmp_type; /**< -1: any */
	int16_t icmp_code; /**< -1: any; only with a type */
	struct xdp_range src_port; /**< other than 0-65535: TCP and UDP only */
	struct xdp_range dst_port;
	struct xdp_range length; /**< IP's total length in bytes, header included */
	struct xdp_range ttl;    /**< 0-255 */
	uint8_t flags;           /**< what TCP's flags are where the mask is set */
	uint8_t flags_mask;      /**< 0: any packet; else TCP only */
	uint8_t fragment;        /**< enum xdp_fragment */
	uint8_t action;          /**< enum filter_action */
	/** Bit s: the source may be in set s (the longest match); no bit at all: any source. */
	uint64_t source_sets[FILTER_SETS / 64];
	uint64_t rate_pps;   /**< FILTER_LIMIT: packets a second; 0: no limit */
	uint64_t rate_bps;   /**< FILTER_LIMIT: bits a second of IP packets; 0: no limit */
	uint64_t expires_ns; /**< clock_mono_ns() from which on it does not match; 0: never */
};

/** A destination that rules may be about. */
struct xdp_protected {
	struct prefix prefix; /**< the longest one decides */
	uint16_t group;       /**< 1..FILTER_GROUPS - 1 */
};

/** xdp_rule_init() - a rule for all packets to @dst that counts them; no id, never expires. */
void xdp_rule_init(struct xdp_rule *rule, const struct prefix *dst);

/**
 * xdp_rule_check() - can the rule be put in force?
 * @error: gets the reason in words; may be NULL
 *
 * Return: 0 or -EINVAL (a rule that contradicts itself and could never match is refused too).
 */
WEIR_CHECK int xdp_rule_check(const struct xdp_rule *rule, struct text *error);

/** xdp_rule_compare() - order in which rules are tried, for qsort() of pointers to rules. */
int xdp_rule_compare(const void *a, const void *b);

/** The rule is about ports, so only TCP and UDP can match it. */
static inline bool xdp_rule_has_ports(const struct xdp_rule *rule)
{
	return rule->src_port.min || rule->src_port.max != 65535 || rule->dst_port.min ||
	       rule->dst_port.max != 65535;
}

/** The rule asks for something that stands in a transport header. */
static inline bool xdp_rule_has_l4(const struct xdp_rule *rule)
{
	return xdp_rule_has_ports(rule) || rule->flags_mask || rule->icmp_type >= 0;
}

/** The rule asks for sets of sources. */
static inline bool xdp_rule_has_sets(const struct xdp_rule *rule)
{
	uint64_t any = 0;

	for (int i = 0; i < FILTER_SETS / 64; i++)
		any |= rule->source_sets[i];
	return any != 0;
}

/** Is this one of the sets that the rule asks for? */
static inline bool xdp_rule_has_set(const struct xdp_rule *rule, unsigned set)
{
	return rule->source_sets[set / 64 % (FILTER_SETS / 64)] >> set % 64 & 1;
}

/** xdp_rule_add_set() - sources of this set, 1..FILTER_SETS - 1, as well. */
static inline void xdp_rule_add_set(struct xdp_rule *rule, unsigned set)
{
	rule->source_sets[set / 64 % (FILTER_SETS / 64)] |= 1ULL << set % 64;
}

/** The rule asks where a packet comes from. */
static inline bool xdp_rule_has_source(const struct xdp_rule *rule)
{
	return rule->src.len > (prefix_is_v4(&rule->dst) ? 96 : 0);
}
