/* SPDX-License-Identifier: Apache-2.0 */
/* rails_rule: one rule in, whether there may be such a rule out. Pure; any thread. */
#include <netinet/in.h>

#include "plan/profile.h"
#include "plan/rails.h"

#define LENGTH_LEAST 20
#define LENGTH_MOST  9216

static bool is_prefix(const struct prefix *prefix)
{
	if (prefix->len > 128)
		return false;
	for (unsigned bit = prefix->len; bit < 128; bit++) {
		if (prefix->ip.b[bit / 8] >> (7 - bit % 8) & 1)
			return false;
	}
	return true;
}

/* A prefix of IPv6 that all of IPv4 lies in is of neither family. */
static bool holds_all_v4(const struct prefix *prefix)
{
	static const struct prefix v4 = { .ip = { .b = { [10] = 0xff, [11] = 0xff } }, .len = 96 };

	return prefix->len < 96 && prefix_overlaps(prefix, &v4);
}

static enum rails_why check_prefixes(const struct plan_rule *rule)
{
	if (!is_prefix(&rule->src) || !is_prefix(&rule->dst))
		return RAILS_PREFIX;
	if ((rule->src.len && holds_all_v4(&rule->src)) ||
	    (rule->dst.len && holds_all_v4(&rule->dst)))
		return RAILS_FAMILY;
	if (rule->src.len && rule->dst.len && prefix_is_v4(&rule->src) != prefix_is_v4(&rule->dst))
		return RAILS_FAMILY;
	return RAILS_OK;
}

static bool is_order(const struct plan_range *range)
{
	return range->min <= range->max;
}

static bool numbers_exist(const struct plan_rule *rule)
{
	bool fragment = rule->fragment == PLAN_FRAGMENT_ANY ||
			rule->fragment == PLAN_FRAGMENT_NONE ||
			rule->fragment == PLAN_FRAGMENT_LATER;

	return rule->proto >= -1 && rule->proto <= UINT8_MAX && fragment &&
	       is_order(&rule->sport) && is_order(&rule->dport) && is_order(&rule->length) &&
	       is_order(&rule->ttl) && rule->ttl.max <= UINT8_MAX && rule->icmp_type >= -1 &&
	       rule->icmp_type <= UINT8_MAX && rule->icmp_code >= -1 &&
	       rule->icmp_code <= UINT8_MAX;
}

static bool has_ports(int proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

/* The shortest packet that a rule's protocol has; fragments may be as short as their header. */
static unsigned shortest(const struct plan_rule *rule)
{
	const struct prefix *known = rule->dst.len ? &rule->dst : &rule->src;
	unsigned header = known->len && !prefix_is_v4(known) ? 40 : 20;

	if (rule->fragment == PLAN_FRAGMENT_LATER || rule->fragment == PLAN_FRAGMENT_ANY)
		return header;
	return header + (rule->proto == IPPROTO_TCP ? 20 : rule->proto == IPPROTO_UDP ? 8 : 0);
}

/* Fields of a header that the protocol, or a later fragment, does not have. */
static bool is_empty(const struct plan_rule *rule)
{
	unsigned fields = profile_fields_of(rule);
	const struct prefix *known = rule->dst.len ? &rule->dst : &rule->src;
	bool v4 = prefix_is_v4(known);
	bool ports = fields & (1U << FIELD_SPORT | 1U << FIELD_DPORT);
	bool flags = fields & 1U << FIELD_FLAGS;
	bool icmp = fields & 1U << FIELD_ICMP;
	bool foreign = known->len && rule->proto == (v4 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	if (ports && !has_ports(rule->proto))
		return true;
	if (flags && rule->proto != IPPROTO_TCP)
		return true;
	if (icmp && rule->proto != IPPROTO_ICMP && rule->proto != IPPROTO_ICMPV6)
		return true;
	if (rule->fragment == PLAN_FRAGMENT_LATER && (ports || flags || icmp))
		return true;
	return foreign || rule->tcp_flags & ~rule->tcp_mask || rule->length.max < shortest(rule);
}

static bool overlaps_any(const struct prefix *list, size_t count, const struct prefix *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_overlaps(&list[i], prefix))
			return true;
	}
	return false;
}

static bool inside_any(const struct prefix *list, size_t count, const struct prefix *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].len <= prefix->len && prefix_has_ip(&list[i], &prefix->ip))
			return true;
	}
	return false;
}

/*
 * Our side of a rule: long enough, ours, and nothing that is never touched; nor the other side.
 * What ours send to one single host may be named by a shorter prefix, or by the machines alone: the
 * harm is bounded by that host.
 */
static enum rails_why check_ends(const struct rails_limits *limits, const struct plan_rule *rule,
				 enum direction direction)
{
	bool outbound = direction == DIRECTION_OUTBOUND;
	const struct prefix *ours = outbound ? &rule->src : &rule->dst;
	const struct prefix *theirs = outbound ? &rule->dst : &rule->src;
	bool v4 = prefix_is_v4(ours);

	bool one = outbound && theirs->len == 128;

	if (ours->len == 0 ? !(one && rule->from_set)
			   : !one && ours->len < (v4 ? limits->floor_v4 : limits->floor_v6))
		return RAILS_FLOOR;
	if (ours->len && !inside_any(limits->own, limits->own_count, ours))
		return RAILS_NOT_OWN;
	if ((ours->len && overlaps_any(limits->never, limits->never_count, ours)) ||
	    (theirs->len && overlaps_any(limits->never, limits->never_count, theirs)))
		return RAILS_NEVER;
	return RAILS_OK;
}

enum rails_why rails_check_rule(const struct rails_limits *limits, const struct plan_rule *rule,
				enum direction direction)
{
	enum rails_why why = check_prefixes(rule);

	if (why)
		return why;
	if (!numbers_exist(rule))
		return RAILS_NUMBER;
	if (!plan_range_is_any(&rule->length, UINT16_MAX) &&
	    (rule->length.min < LENGTH_LEAST || rule->length.max > LENGTH_MOST))
		return RAILS_LENGTH;
	if (is_empty(rule))
		return RAILS_EMPTY;
	return check_ends(limits, rule, direction);
}

enum rails_why rails_check_sources(const struct rails_limits *limits, const struct ip *sources,
				   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct prefix host = prefix_of_host(&sources[i]);
		if (overlaps_any(limits->never, limits->never_count, &host))
			return RAILS_NEVER;
	}
	return RAILS_OK;
}
