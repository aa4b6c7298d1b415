/* SPDX-License-Identifier: Apache-2.0 */
/* host_rule: plans in, rules of one family with ids and actions out. */
#include "actuate/host_rule.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/hash.h"

static uint64_t add_prefix(uint64_t hash, const struct prefix *prefix)
{
	return hash_words(hash_ip(&prefix->ip, hash), prefix->len, 1);
}

static uint64_t add_range(uint64_t hash, const struct plan_range *range)
{
	return hash_words(hash, (uint64_t)range->min << 16 | range->max, 2);
}

/* Of the plan and of all that decides what matches. */
static uint64_t id_of(const char *plan, const struct plan_rule *r)
{
	uint64_t id = hash_bytes(plan, strlen(plan), 0);

	id = add_prefix(add_prefix(id, &r->src), &r->dst);
	id = add_range(add_range(id, &r->sport), &r->dport);
	id = add_range(add_range(id, &r->length), &r->ttl);
	id = hash_words(id, (uint64_t)(uint32_t)r->proto << 32 | (uint8_t)r->fragment, 3);
	id = hash_words(id, (uint64_t)(uint16_t)r->icmp_type << 16 | (uint16_t)r->icmp_code, 4);
	return hash_words(id, (uint64_t)r->tcp_flags << 16 | r->tcp_mask << 8 | r->from_set, 5);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && ip_equal(&a->ip, &b->ip);
}

static bool same_range(const struct plan_range *a, const struct plan_range *b)
{
	return a->min == b->min && a->max == b->max;
}

bool host_rule_same(const struct plan_rule *a, const struct plan_rule *b)
{
	return same_prefix(&a->src, &b->src) && same_prefix(&a->dst, &b->dst) &&
	       same_range(&a->sport, &b->sport) && same_range(&a->dport, &b->dport) &&
	       same_range(&a->length, &b->length) && same_range(&a->ttl, &b->ttl) &&
	       a->proto == b->proto && a->fragment == b->fragment && a->icmp_type == b->icmp_type &&
	       a->icmp_code == b->icmp_code && a->tcp_flags == b->tcp_flags &&
	       a->tcp_mask == b->tcp_mask && a->from_set == b->from_set;
}

static int refuse(const struct wanted *wanted, int err, const char *reason, struct text *why)
{
	if (why)
		text_addf(why, "plan %s cannot be put in force: %s", wanted->plan.id, reason);
	return err;
}

static const char *wrong_prefixes(const struct plan_rule *r)
{
	if (r->src.len > 128 || r->dst.len > 128)
		return "a prefix is longer than an address; correct the rule";
	if (!r->src.len && !r->dst.len)
		return "a rule for all addresses; name the target or the source";
	if (r->src.len && r->dst.len && prefix_is_v4(&r->src) != prefix_is_v4(&r->dst))
		return "source and target are of two families; make a rule for each";
	return NULL;
}

static const char *wrong_values(const struct plan_rule *r)
{
	bool ports = !plan_range_is_any(&r->sport, UINT16_MAX) ||
		     !plan_range_is_any(&r->dport, UINT16_MAX);
	bool icmp = r->icmp_type >= 0;

	if (r->sport.min > r->sport.max || r->dport.min > r->dport.max ||
	    r->length.min > r->length.max || r->ttl.min > r->ttl.max)
		return "a range ends before it begins; correct the rule";
	if (r->icmp_code >= 0 && !icmp)
		return "an ICMP code without a type; name the type as well";
	if ((ports || r->tcp_mask) && (icmp || r->fragment == PLAN_FRAGMENT_LATER))
		return "ports or flags where packets have none match nothing; leave one of both "
		       "out";
	if (r->tcp_mask && r->proto >= 0 && r->proto != IPPROTO_TCP)
		return "only TCP has flags; leave them out, or the protocol";
	return NULL;
}

/* The address of ours is what the plan is about; no rule of it reaches further. */
static void complete(struct plan_rule *rule, const struct wanted *wanted)
{
	if (wanted->direction == DIRECTION_OUTBOUND) {
		if (!rule->src.len)
			rule->src = wanted->own;
	} else if (!rule->dst.len) {
		rule->dst = wanted->own;
	}
	if (rule->ttl.max > UINT8_MAX)
		rule->ttl.max = UINT8_MAX;
	rule->tcp_flags &= rule->tcp_mask;
}

static enum host_action action_of(const struct plan *plan, const struct plan_rule *rule)
{
	if (plan->level == LEVEL_OBSERVE)
		return HOST_WATCH;
	return rule->rate_pps ? HOST_LIMIT : HOST_DROP;
}

static int make(const struct wanted *wanted, const struct plan_rule *from, struct host_rule *ret,
		struct text *why)
{
	struct host_rule made = { .match = *from };
	struct plan_rule *rule = &made.match;
	const char *wrong;

	complete(rule, wanted);
	wrong = wrong_prefixes(rule);
	if (!wrong)
		wrong = wrong_values(rule);
	if (wrong)
		return refuse(wanted, -EINVAL, wrong, why);
	if (wanted->plan.level == LEVEL_RATE_LIMIT && !rule->rate_pps)
		return refuse(wanted, -EINVAL,
			      "a rate limit that lets nothing through; give a rate, or use drop",
			      why);
	if (rule->from_set && !wanted->source_count)
		return refuse(wanted, -EINVAL,
			      "a rule asks for the plan's sources, and it has none; leave it out",
			      why);
	made.v6 = !prefix_is_v4(rule->dst.len ? &rule->dst : &rule->src);
	made.action = action_of(&wanted->plan, rule);
	made.id = id_of(wanted->plan.id, rule);
	*ret = made;
	return 0;
}

/* A rule that is there twice is held once. */
static bool is_there(const struct host_rule *rules, int count, const struct plan_rule *match)
{
	for (int i = 0; i < count; i++) {
		if (host_rule_same(&rules[i].match, match))
			return true;
	}
	return false;
}

int host_rules(const struct wanted *wanted, struct host_rule ret_rules[PLAN_RULES],
	       struct text *why)
{
	const struct plan *plan = &wanted->plan;
	const struct plan_rule all = plan_rule_any();
	bool whole = plan->level == LEVEL_QUARANTINE || plan->level == LEVEL_BLACKHOLE;
	unsigned given = plan->rule_count ? plan->rule_count : whole;
	int count = 0;

	if (plan->level >= LEVEL_COUNT || given > PLAN_RULES)
		return refuse(wanted, -EINVAL, "no such level, or too many rules; make a new plan",
			      why);
	if (!given)
		return refuse(wanted, -EINVAL, "it has no rules; make a new plan", why);
	for (unsigned i = 0; i < given; i++) {
		struct host_rule rule = { 0 };
		int err = make(wanted, plan->rule_count ? &plan->rules[i] : &all, &rule, why);
		if (err)
			return err;
		if (!is_there(ret_rules, count, &rule.match))
			ret_rules[count++] = rule;
	}
	return count;
}
