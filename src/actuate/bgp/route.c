/* SPDX-License-Identifier: Apache-2.0 */
/* route: see route.h. */
#include "actuate/bgp/route.h"

#include <errno.h>
#include <string.h>

#include "actuate/bgp/nlri.h"

static const struct prefix all_v4 = { .ip = { .b = { [10] = 0xff, [11] = 0xff } }, .len = 96 };

static bool is_prefix(const struct prefix *prefix)
{
	if (prefix->len > 128 ||
	    (prefix->len < 96 && prefix->len > 0 && prefix_overlaps(prefix, &all_v4)))
		return false;
	for (unsigned bit = prefix->len; bit < 128; bit++) {
		if (prefix->ip.b[bit / 8] >> (7 - bit % 8) & 1)
			return false;
	}
	return true;
}

static bool is_range(const struct plan_range *range)
{
	return range->min <= range->max;
}

/* What a FlowSpec rule cannot be, in words; NULL: it can. */
static const char *not_flowspec(const struct plan_rule *rule)
{
	if (!plan_range_is_any(&rule->ttl, UINT8_MAX))
		return "BGP cannot match the time to live; use an `xdp` or `nft` actuator";
	if (rule->from_set)
		return "BGP cannot match a set of sources; use an `xdp` or `nft` actuator";
	if (!is_range(&rule->sport) || !is_range(&rule->dport) || !is_range(&rule->length))
		return "a range ends before it begins; turn it round";
	if (rule->proto < -1 || rule->proto > UINT8_MAX || rule->icmp_type < -1 ||
	    rule->icmp_type > UINT8_MAX || rule->icmp_code < -1 || rule->icmp_code > UINT8_MAX)
		return "protocols and ICMP types are numbers from 0 to 255";
	if (rule->tcp_flags & ~rule->tcp_mask)
		return "flags outside of their mask match nothing";
	if (rule->fragment != PLAN_FRAGMENT_ANY && rule->fragment != PLAN_FRAGMENT_NONE &&
	    rule->fragment != PLAN_FRAGMENT_LATER)
		return "of fragments only `none` and `later` can be matched";
	return NULL;
}

/* Anything beside the destination: a blackhole route would hit more than the rule. */
static bool is_more_than_dst(const struct plan_rule *rule)
{
	struct plan_rule bare = plan_rule_any();

	return rule->src.len || rule->proto != bare.proto || rule->from_set ||
	       !plan_range_is_any(&rule->sport, UINT16_MAX) ||
	       !plan_range_is_any(&rule->dport, UINT16_MAX) ||
	       !plan_range_is_any(&rule->length, UINT16_MAX) ||
	       !plan_range_is_any(&rule->ttl, UINT8_MAX) || rule->tcp_flags || rule->tcp_mask ||
	       rule->fragment != bare.fragment || rule->icmp_type != bare.icmp_type ||
	       rule->icmp_code != bare.icmp_code || rule->rate_pps;
}

static const char *not_blackhole(const struct wanted *wanted, const struct plan_rule *rule)
{
	if (wanted->direction == DIRECTION_OUTBOUND)
		return "a blackhole stops what goes to an address, not what comes from it; use "
		       "level `quarantine` or `drop`";
	if (is_more_than_dst(rule))
		return "a blackhole hits all traffic to its prefix; use level `drop` for part of "
		       "it";
	return NULL;
}

static const char *not_allowed(const struct bgp_limits *limits, const struct wanted *wanted,
			       const struct plan_rule *rule)
{
	if (wanted->plan.level == LEVEL_BLACKHOLE)
		return not_blackhole(wanted, rule);
	if (wanted->plan.level != LEVEL_RATE_LIMIT && wanted->plan.level != LEVEL_DROP &&
	    wanted->plan.level != LEVEL_QUARANTINE)
		return "only levels from `rate-limit` on are announced";
	if (!limits->flowspec)
		return "`flowspec` is off: only level `blackhole` can be announced; turn it on for "
		       "rules";
	if (wanted->direction == DIRECTION_OUTBOUND && !limits->source_rules)
		return "rules about what own machines send need `source_rules: true`";
	return not_flowspec(rule);
}

/* Our side of the rule. */
static const char *not_ours(const struct bgp_limits *limits, const struct prefix *ours)
{
	uint8_t floor = prefix_is_v4(ours) ? limits->floor_v4 : limits->floor_v6;

	if (ours->len == 0)
		return "it names no prefix of ours; name one";
	if (ours->len < floor)
		return "its prefix is shorter than `protect.min_prefix`; use longer ones";
	if (!bgp_is_own(limits->config, ours))
		return "its prefix is not in `networks`; add the network, if it is yours";
	return NULL;
}

static const char *not_sound(const struct bgp_limits *limits, const struct wanted *wanted,
			     const struct plan_rule *rule)
{
	const char *bad;

	if (!is_prefix(&rule->src) || !is_prefix(&rule->dst))
		return "it has a prefix with host bits, or of neither family";
	if (rule->src.len && rule->dst.len && prefix_is_v4(&rule->src) != prefix_is_v4(&rule->dst))
		return "IPv4 and IPv6 are in one rule; make two of it";
	bad = not_allowed(limits, wanted, rule);
	if (bad)
		return bad;
	return not_ours(limits, wanted->direction == DIRECTION_OUTBOUND ? &rule->src : &rule->dst);
}

int bgp_route_make(const struct bgp_limits *limits, const struct wanted *wanted,
		   const struct plan_rule *rule, struct bgp_route *ret_route, struct text *why)
{
	const char *bad = not_sound(limits, wanted, rule);
	bool blackhole = wanted->plan.level == LEVEL_BLACKHOLE;
	bool v6 = !prefix_is_v4(rule->dst.len ? &rule->dst : &rule->src);

	if (bad) {
		text_addf(why, "plan %s cannot be announced: ", wanted->plan.id);
		plan_rule_to_text(rule, why);
		text_addf(why, ": %s", bad);
		return -EOPNOTSUPP;
	}
	struct bgp_route route = { .rule = *rule };
	if (blackhole) {
		route.kind = v6 ? BGP_RTBH6 : BGP_RTBH4;
		route.nlri_len = bgp_nlri_unicast(&rule->dst, route.nlri);
	} else {
		route.kind = v6 ? BGP_FLOW6 : BGP_FLOW4;
		/* A prefix of all of a family says nothing more than the family. */
		if (prefix_is_v4(&route.rule.src) && route.rule.src.len == 96)
			route.rule.src = (struct prefix){ 0 };
		if (prefix_is_v4(&route.rule.dst) && route.rule.dst.len == 96)
			route.rule.dst = (struct prefix){ 0 };
		route.nlri_len = bgp_nlri_flow(&route.rule, v6, route.nlri);
	}
	*ret_route = route;
	return 0;
}

int bgp_check(const struct bgp_limits *limits, const struct wanted *wanted, struct text *why)
{
	struct bgp_route route;
	const struct plan *plan = &wanted->plan;

	if (plan->rule_count == 0 || plan->rule_count > PLAN_RULES) {
		text_addf(why, "plan %s has %u rules; give it 1 to %d", plan->id, plan->rule_count,
			  PLAN_RULES);
		return -EOPNOTSUPP;
	}
	for (unsigned i = 0; i < plan->rule_count; i++) {
		int err = bgp_route_make(limits, wanted, &plan->rules[i], &route, why);
		if (err < 0)
			return err;
	}
	return 0;
}

int bgp_route_compare(const struct bgp_route *a, const struct bgp_route *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	size_t shorter = a->nlri_len < b->nlri_len ? a->nlri_len : b->nlri_len;
	int order = memcmp(a->nlri, b->nlri, shorter);
	return order ? order : (a->nlri_len > b->nlri_len) - (a->nlri_len < b->nlri_len);
}
