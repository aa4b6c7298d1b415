/* SPDX-License-Identifier: Apache-2.0 */
/* match: rule and sample in, yes or no out. */
#include "plan/match.h"

#include <netinet/in.h>
#include <stdlib.h>

static int source_order(const void *a, const void *b)
{
	return ip_compare(a, b);
}

static bool ports_match(const struct plan_rule *rule, const struct sample *s)
{
	bool any = plan_range_is_any(&rule->sport, UINT16_MAX) &&
		   plan_range_is_any(&rule->dport, UINT16_MAX);
	bool has = s->proto == IPPROTO_TCP || s->proto == IPPROTO_UDP || s->proto == IPPROTO_SCTP ||
		   s->proto == IPPROTO_DCCP;

	if (any)
		return true;
	return has && s->fragment != PLAN_FRAGMENT_LATER &&
	       plan_range_has(&rule->sport, s->sport) && plan_range_has(&rule->dport, s->dport);
}

static bool flags_match(const struct plan_rule *rule, const struct sample *s)
{
	if (rule->tcp_mask == 0)
		return true;
	return s->proto == IPPROTO_TCP && s->has & SAMPLE_HAS_FLAGS &&
	       s->fragment != PLAN_FRAGMENT_LATER &&
	       ((s->tcp_flags ^ rule->tcp_flags) & rule->tcp_mask) == 0;
}

static bool icmp_matches(const struct plan_rule *rule, const struct sample *s)
{
	if (rule->icmp_type < 0 && rule->icmp_code < 0)
		return true;
	/* Samples have no code: nothing can be said of rules that ask for one. */
	return rule->icmp_code < 0 && s->has & SAMPLE_HAS_ICMP && s->icmp_type == rule->icmp_type;
}

static bool ttl_matches(const struct plan_rule *rule, const struct sample *s)
{
	if (plan_range_is_any(&rule->ttl, UINT8_MAX))
		return true;
	return s->has & SAMPLE_HAS_TTL && plan_range_has(&rule->ttl, s->ttl);
}

bool match_rule(const struct plan_rule *rule, const struct sample *sample, const struct ip *sources,
		size_t source_count)
{
	if (rule->src.len && !prefix_has_ip(&rule->src, &sample->src))
		return false;
	if (rule->dst.len && !prefix_has_ip(&rule->dst, &sample->dst))
		return false;
	if (rule->proto >= 0 && rule->proto != sample->proto)
		return false;
	if (rule->fragment >= 0 && (uint8_t)rule->fragment != sample->fragment)
		return false;
	if (!plan_range_has(&rule->length, sample->length))
		return false;
	if (rule->from_set && (source_count == 0 || !bsearch(&sample->src, sources, source_count,
							     sizeof(sources[0]), source_order)))
		return false;
	return ports_match(rule, sample) && flags_match(rule, sample) &&
	       icmp_matches(rule, sample) && ttl_matches(rule, sample);
}
