/* SPDX-License-Identifier: Apache-2.0 */
/* bars: plans that did harm in, whether a plan is like one of them out. */
#include "plan/bars.h"

#include <string.h>

/* Is half of a range, or more, in another one? */
static bool covers_range(const struct plan_range *range, const struct plan_range *of)
{
	unsigned min = range->min > of->min ? range->min : of->min;
	unsigned max = range->max < of->max ? range->max : of->max;

	return min <= max && 2 * (max - min + 1) >= of->max - of->min + 1U;
}

/* @len: 0 is any; an address of another family is none of it */
static bool covers_prefix(const struct prefix *prefix, const struct prefix *of)
{
	return prefix->len == 0 || (prefix->len <= of->len && prefix_has_ip(prefix, &of->ip));
}

static bool covers_value(int value, int of)
{
	return value < 0 || value == of;
}

static bool covers(const struct plan_rule *rule, const struct plan_rule *of)
{
	return covers_prefix(&rule->dst, &of->dst) && covers_prefix(&rule->src, &of->src) &&
	       covers_value(rule->proto, of->proto) && covers_value(rule->fragment, of->fragment) &&
	       covers_value(rule->icmp_type, of->icmp_type) &&
	       covers_value(rule->icmp_code, of->icmp_code) &&
	       (!rule->tcp_mask ||
		(rule->tcp_mask == of->tcp_mask && rule->tcp_flags == of->tcp_flags)) &&
	       (!rule->from_set || of->from_set) && covers_range(&rule->sport, &of->sport) &&
	       covers_range(&rule->dport, &of->dport) && covers_range(&rule->length, &of->length) &&
	       covers_range(&rule->ttl, &of->ttl);
}

static bool any_covers(const struct plan *plan, const struct plan_rule *rules, unsigned count)
{
	for (unsigned i = 0; i < plan->rule_count; i++) {
		for (unsigned j = 0; j < count; j++) {
			if (covers(&plan->rules[i], &rules[j]))
				return true;
		}
	}
	return false;
}

void bars_add(struct bars *bars, const struct plan *plan, uint64_t until_ns)
{
	struct bar *place = &bars->list[0];

	for (unsigned i = 1; i < BARS_MOST; i++) {
		if (bars->list[i].until_ns < place->until_ns)
			place = &bars->list[i];
	}
	place->until_ns = until_ns;
	place->rule_count = plan->rule_count;
	memcpy(place->rules, plan->rules, sizeof(place->rules));
}

bool bars_has(const struct bars *bars, const struct plan *plan, uint64_t now_ns)
{
	for (unsigned i = 0; i < BARS_MOST; i++) {
		const struct bar *bar = &bars->list[i];
		if (bar->until_ns > now_ns && any_covers(plan, bar->rules, bar->rule_count))
			return true;
	}
	return false;
}

bool bars_same(const struct plan *plan, const struct plan *other)
{
	return any_covers(plan, other->rules, other->rule_count);
}
