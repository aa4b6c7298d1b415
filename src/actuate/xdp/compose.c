/* SPDX-License-Identifier: Apache-2.0 */
/* compose: plans in, rules of the XDP engine with priorities, expiry and source sets out. */
#include "actuate/xdp/compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/host_rule.h"
#include "base/hash.h"

static struct xdp_range range_of(const struct plan_range *range)
{
	return (struct xdp_range){ range->min, range->max };
}

static uint8_t fragment_of(int fragment)
{
	switch (fragment) {
	case PLAN_FRAGMENT_NONE:
		return XDP_FRAGMENT_NOT;
	case PLAN_FRAGMENT_LATER:
		return XDP_FRAGMENT_NO_PORTS;
	default:
		return XDP_FRAGMENT_ANY;
	}
}

static struct prefix everything(bool v6)
{
	struct prefix all = { 0 };

	if (!v6) {
		all.ip = ip_from_v4((const uint8_t[4]){ 0 });
		all.len = 96;
	}
	return all;
}

static void translate(const struct host_rule *from, struct xdp_rule *ret_rule)
{
	static const uint8_t actions[] = {
		[HOST_DROP] = FILTER_DROP, [HOST_LIMIT] = FILTER_LIMIT, [HOST_WATCH] = FILTER_COUNT
	};
	const struct plan_rule *match = &from->match;
	struct prefix dst = match->dst.len ? match->dst : everything(from->v6);

	xdp_rule_init(ret_rule, &dst);
	ret_rule->id = from->id;
	ret_rule->src = match->src;
	ret_rule->proto = (int16_t)match->proto;
	ret_rule->icmp_type = match->icmp_type;
	ret_rule->icmp_code = match->icmp_code;
	ret_rule->src_port = range_of(&match->sport);
	ret_rule->dst_port = range_of(&match->dport);
	ret_rule->length = range_of(&match->length);
	ret_rule->ttl = range_of(&match->ttl);
	ret_rule->flags = match->tcp_flags;
	ret_rule->flags_mask = match->tcp_mask;
	ret_rule->fragment = fragment_of(match->fragment);
	ret_rule->action = actions[from->action];
	ret_rule->rate_pps = from->action == HOST_LIMIT ? match->rate_pps : 0;
}

/* Return: how many rules, or why the plan cannot be put in force. */
static int rules_of(const struct wanted *wanted, struct host_rule from[PLAN_RULES],
		    struct xdp_rule ret_rules[PLAN_RULES], struct text *why)
{
	char reason[128];
	struct text said = text_fixed(reason, sizeof(reason));
	int count = host_rules(wanted, from, why);

	for (int i = 0; i < count; i++) {
		translate(&from[i], &ret_rules[i]);
		if (xdp_rule_check(&ret_rules[i], &said) == 0)
			continue;
		text_addf(why, "plan %s cannot be put in force by XDP (%s): make another rule",
			  wanted->plan.id, strchr(reason, ':') ? strchr(reason, ':') + 2 : reason);
		return -EOPNOTSUPP;
	}
	return count;
}

int compose_check(const struct wanted *wanted, struct text *why)
{
	struct host_rule from[PLAN_RULES];
	struct xdp_rule rules[PLAN_RULES];
	int count = rules_of(wanted, from, rules, why);

	return count < 0 ? count : 0;
}

/* Two plans with one hash are as likely as nothing at all, but the engine would refuse everything. */
static uint64_t unused_id(const struct composed *c, uint64_t id)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->rules[i].id == id) {
			id = hash_words(id, 1, 1);
			i = 0;
		}
	}
	return id;
}

static uint64_t expiry_of(const struct wanted_set *set, const struct plan *plan, uint64_t mono_ns)
{
	return plan->expires_ns ? mono_ns + (plan->expires_ns - set->now_ns) : 0;
}

static bool asks_for_set(const struct host_rule *rules, int count)
{
	for (int i = 0; i < count; i++) {
		if (rules[i].match.from_set)
			return true;
	}
	return false;
}

/* What is left out is told once, of the first. */
static void left_out(struct composed *c, const struct plan *plan, const char *words,
		     struct text *why)
{
	c->full = true;
	if (why && !why->len)
		text_addf(
			why,
			"plan %s found no room: %s; withdraw other plans, or act further upstream",
			plan->id, words);
}

/* @takes: are the plan's sources asked for? Their sets are filled in later. */
static void add_plan(const struct wanted_set *set, size_t place, uint64_t mono_ns,
		     struct composed *c, bool *takes, struct text *why)
{
	const struct wanted *wanted = &set->plans[place];
	struct host_rule from[PLAN_RULES];
	struct xdp_rule rules[PLAN_RULES];
	char reason[256];
	struct text said = text_fixed(reason, sizeof(reason));
	int count = rules_of(wanted, from, rules, &said);

	if (count < 0 && why && !why->len)
		text_add(why, reason);
	if (count <= 0)
		return;
	if (c->count + (size_t)count > FILTER_RULES) {
		left_out(c, &wanted->plan, "there are 1,024 rules already", why);
		return;
	}
	*takes = asks_for_set(from, count);
	for (int i = 0; i < count; i++) {
		struct xdp_rule *rule = &c->rules[c->count];
		*rule = rules[i];
		rule->id = unused_id(c, rule->id);
		rule->priority = (uint32_t)from[i].action << 16 | (uint32_t)c->count;
		rule->expires_ns = expiry_of(set, &wanted->plan, mono_ns);
		/* A mark that it wants the plan's sets, until they are known. */
		rule->source_sets[0] = from[i].match.from_set;
		c->plan_of[c->count++] = place;
	}
}

static int give_sets(const struct wanted_set *set, const struct sets *now, const bool *takes,
		     struct composed *c, struct text *why)
{
	struct set_mask *masks = calloc(set->count + 1, sizeof(*masks));

	if (!masks)
		return -ENOMEM;
	int err = sets_make(now, set, takes, &c->sets, masks);
	if (err == -WEIR_EFULL && why) {
		text_clear(why);
		text_add(why, "the sources of the plans overlap in more than 255 ways: withdraw "
			      "some of them, or use rules without sources");
	}
	for (size_t i = 0; i < c->count && !err; i++) {
		if (c->rules[i].source_sets[0])
			memcpy(c->rules[i].source_sets, masks[c->plan_of[i]].bits,
			       sizeof(c->rules[i].source_sets));
	}
	free(masks);
	return err;
}

int compose(const struct wanted_set *set, const struct sets *now, uint64_t mono_ns,
	    struct composed *ret, struct text *why)
{
	bool *takes = calloc(set->count + 1, sizeof(*takes));

	ret->count = 0;
	ret->full = false;
	ret->sets = (struct sets){ 0 };
	if (!takes)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		if (host_plan_lives(&set->plans[i].plan, set->now_ns))
			add_plan(set, i, mono_ns, ret, &takes[i], why);
	}
	int err = give_sets(set, now, takes, ret, why);
	free(takes);
	return err;
}

void compose_done(struct composed *composed)
{
	sets_done(&composed->sets);
}

static bool is_within(const struct config *config, const struct prefix *dst)
{
	const struct config_network *network = config_network_of(config, &dst->ip);

	return network && network->prefix.len <= dst->len;
}

static size_t protect_all(struct xdp_protected *ret_protect)
{
	ret_protect[0] = (struct xdp_protected){ everything(false), 1 };
	ret_protect[1] = (struct xdp_protected){ everything(true), 1 };
	return 2;
}

size_t compose_protect(const struct config *config, const struct composed *composed,
		       struct xdp_protected *ret_protect)
{
	if (!config || !config->network_count || config->network_count > COMPOSE_PROTECT_MAX)
		return protect_all(ret_protect);
	for (size_t i = 0; i < composed->count; i++) {
		if (!is_within(config, &composed->rules[i].dst))
			return protect_all(ret_protect);
	}
	for (size_t i = 0; i < config->network_count; i++)
		ret_protect[i] =
			(struct xdp_protected){ config->networks[i].prefix, (uint16_t)(i + 1) };
	return config->network_count;
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && ip_equal(&a->ip, &b->ip);
}

static bool same_range(struct xdp_range a, struct xdp_range b)
{
	return a.min == b.min && a.max == b.max;
}

bool compose_same(const struct xdp_rule *a, const struct xdp_rule *b)
{
	return a->id == b->id && a->priority == b->priority && same_prefix(&a->dst, &b->dst) &&
	       same_prefix(&a->src, &b->src) && a->proto == b->proto &&
	       a->icmp_type == b->icmp_type && a->icmp_code == b->icmp_code &&
	       same_range(a->src_port, b->src_port) && same_range(a->dst_port, b->dst_port) &&
	       same_range(a->length, b->length) && same_range(a->ttl, b->ttl) &&
	       a->flags == b->flags && a->flags_mask == b->flags_mask &&
	       a->fragment == b->fragment && a->action == b->action &&
	       memcmp(a->source_sets, b->source_sets, sizeof(a->source_sets)) == 0 &&
	       a->rate_pps == b->rate_pps && a->rate_bps == b->rate_bps &&
	       a->expires_ns == b->expires_ns;
}
