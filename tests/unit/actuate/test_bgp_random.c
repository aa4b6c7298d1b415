/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random plans for actuate/bgp: whatever is asked for, nothing is announced that is not ours,
 * shorter than the floor, too much, or wider than a plan asked for.
 *
 * Routes are read back from their bytes by a reader of the test's own (RFC 8955, 4.2), and held
 * against the rules with packets in and just beside them.
 */
#include "announce.h"

#include "actuate/bgp/route.h"
#include "actuate/bgp/routes.h"

static struct config *config;

static uint64_t seed = 88172645463325252U;

static unsigned any(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % below;
}

static const char *const near[] = {
	"198.51.100.7/32",     "198.51.100.0/24",  "198.51.7.0/24",     "2001:db8:1:2::9/128",
	"198.51.0.0/16",       "203.0.113.0/25",   "2001:db8:1:2::/64", "2001:db8::/32",
	"192.0.2.0/24",        "2001:db9::/32",    "0.0.0.0/0",         "198.50.0.0/15",
	"2001:db8:1:2::9/128", "203.0.113.128/25", "10.0.0.0/8",
};

/* Around what is ours: shorter, longer, beside it; now and then with host bits left. */
static struct prefix any_prefix(void)
{
	struct prefix prefix = prefix_of(near[any(sizeof(near) / sizeof(near[0]))]);
	unsigned least = prefix_is_v4(&prefix) ? 96 : 1;
	unsigned longer = prefix.len + any(40);

	for (unsigned bit = prefix.len; bit < 128 && bit < longer; bit++)
		prefix.ip.b[bit / 8] |= (uint8_t)(any(2) << (7 - bit % 8));
	prefix.len = (uint8_t)(longer > 128 ? 128 : longer);
	if (any(5) == 0)
		prefix.len = (uint8_t)(least + any(129 - least));
	if (any(20) == 0)
		return prefix; /* perhaps with host bits */
	for (unsigned bit = prefix.len; bit < 128; bit++)
		prefix.ip.b[bit / 8] &= (uint8_t) ~(1U << (7 - bit % 8));
	return prefix;
}

static struct plan_range any_range(void)
{
	static const uint16_t edges[] = { 0, 1, 53, 255, 256, 1500, 65534, 65535 };
	struct plan_range range = { edges[any(8)], edges[any(8)] };

	if (any(2))
		return (struct plan_range){ 0, UINT16_MAX };
	if (range.min > range.max && any(10))
		range = (struct plan_range){ range.max, range.min };
	return range;
}

static struct plan_rule any_rule(bool bare)
{
	struct plan_rule rule = plan_rule_any();

	if (any(8))
		rule.dst = any_prefix();
	if (bare && any(4))
		return rule;
	if (any(3) == 0)
		rule.src = any_prefix();
	rule.proto = any(2) ? -1 : (int)any(260);
	rule.sport = any_range();
	rule.dport = any_range();
	rule.length = any_range();
	if (any(3) == 0) {
		rule.tcp_mask = (uint8_t)any(256);
		rule.tcp_flags = (uint8_t)(any(256) & (any(10) ? rule.tcp_mask : 255U));
	}
	rule.fragment = (int8_t)(any(2) ? -1 : (int)any(4));
	rule.icmp_type = (int16_t)(any(3) ? -1 : (int)any(256));
	rule.icmp_code = (int16_t)(any(3) ? -1 : (int)any(3));
	if (any(30) == 0)
		rule.ttl.max = 64;
	rule.from_set = any(40) == 0;
	rule.rate_pps = any(2) ? 0 : any(100000);
	return rule;
}

static struct wanted any_wanted(unsigned number)
{
	struct wanted wanted = { .direction = (enum direction)any(DIRECTION_COUNT) };

	snprintf(wanted.plan.id, sizeof(wanted.plan.id), "p%u", number);
	wanted.plan.level = (uint8_t)(any(8) ? 1 + any(LEVEL_COUNT - 1) : any(LEVEL_COUNT));
	wanted.plan.expires_ns = any(6) ? 0 : 50 + any(100);
	wanted.plan.rule_count = any(20) ? 1 + any(2) : any(PLAN_RULES + 2);
	for (unsigned i = 0; i < wanted.plan.rule_count && i < PLAN_RULES; i++)
		wanted.plan.rules[i] = any_rule(wanted.plan.level == LEVEL_BLACKHOLE);
	return wanted;
}

/* ---- the oracle: an own reader of the bytes, and an own idea of what is allowed ---- */

struct packet {
	struct ip src, dst;
	unsigned proto, sport, dport, length, flags, fragment, icmp_type, icmp_code;
};

static bool bits_match(const uint8_t *bytes, unsigned bits, const struct ip *ip, bool v6)
{
	for (unsigned bit = 0; bit < bits; bit++) {
		unsigned at = v6 ? bit : bit + 96;
		if ((bytes[bit / 8] ^ ip->b[at / 8]) >> (7 - bit % 8) & 1)
			return false;
	}
	return true;
}

/* One list of operators and values; *@at moves behind it. */
static bool list_match(const uint8_t **at, unsigned data, bool bitmask)
{
	bool all = true;
	bool first = true;
	bool some = false;

	for (;;) {
		unsigned op = *(*at)++;
		unsigned value = *(*at)++;
		if (op & 0x10)
			value = value << 8 | *(*at)++;
		bool now = bitmask ? (op & 1 ? (data & value) == value : (data & value) != 0)
				   : ((op & 4 && data < value) || (op & 2 && data > value) ||
				      (op & 1 && data == value));
		if (bitmask && op & 2)
			now = !now;
		if (op & 0x40 && !first) {
			all = all && now;
		} else {
			some |= !first && all;
			all = now;
		}
		first = false;
		if (op & 0x80)
			return some | all;
	}
}

/* One prefix component; *@at moves behind it. */
static bool prefix_match(const uint8_t **at, bool v6, const struct ip *ip, struct prefix *ret)
{
	unsigned bits = *(*at)++;

	if (v6)
		assert_int_equal(*(*at)++, 0);
	ret->len = (uint8_t)(v6 ? bits : bits + 96);
	if (!v6)
		ret->ip = (struct ip){ .b = { [10] = 0xff, [11] = 0xff } };
	memcpy(&ret->ip.b[v6 ? 0 : 12], *at, (bits + 7) / 8);
	bool match = bits_match(*at, bits, ip, v6);
	*at += (bits + 7) / 8;
	return match;
}

/* What a component of this type looks at. */
static unsigned data_of(const struct packet *packet, unsigned type)
{
	switch (type) {
	case 3:
		return packet->proto;
	case 5:
		return packet->dport;
	case 6:
		return packet->sport;
	case 7:
		return packet->icmp_type;
	case 8:
		return packet->icmp_code;
	case 9:
		return packet->flags;
	case 10:
		return packet->length;
	case 12:
		/* Bits: not the first part, the first part. */
		return packet->fragment == 2 ? 2 : packet->fragment == 1 ? 4 : 0;
	default:
		fail_msg("component %u", type);
		return 0;
	}
}

static bool nlri_match(const struct bgp_route *route, const struct packet *packet,
		       struct prefix *ret_dst, struct prefix *ret_src)
{
	bool v6 = route->kind == BGP_FLOW6;
	const uint8_t *at = route->nlri + 1;
	const uint8_t *end = at + route->nlri[0];
	unsigned last = 0;
	bool match = ip_is_v4(&packet->dst) == !v6;

	*ret_dst = *ret_src = (struct prefix){ 0 };
	assert_int_equal(route->nlri_len, route->nlri[0] + 1);
	while (at < end) {
		unsigned type = *at++;
		assert_true(type > last);
		last = type;
		if (type == 1)
			match &= prefix_match(&at, v6, &packet->dst, ret_dst);
		else if (type == 2)
			match &= prefix_match(&at, v6, &packet->src, ret_src);
		else
			match &= list_match(&at, data_of(packet, type), type == 9 || type == 12);
	}
	assert_ptr_equal(at, end);
	return match;
}

static bool inside(const struct prefix *prefix, const struct ip *ip)
{
	return prefix->len == 0 || (prefix_has_ip(prefix, ip));
}

static bool rule_match(const struct plan_rule *r, const struct packet *p)
{
	return inside(&r->src, &p->src) && inside(&r->dst, &p->dst) &&
	       (r->proto < 0 || (unsigned)r->proto == p->proto) &&
	       plan_range_has(&r->sport, p->sport) && plan_range_has(&r->dport, p->dport) &&
	       plan_range_has(&r->length, p->length) && (p->flags & r->tcp_mask) == r->tcp_flags &&
	       (r->fragment < 0 || (unsigned)r->fragment == p->fragment) &&
	       (r->icmp_type < 0 || (unsigned)r->icmp_type == p->icmp_type) &&
	       (r->icmp_code < 0 || (unsigned)r->icmp_code == p->icmp_code);
}

static struct ip any_ip(const struct prefix *around, bool v4)
{
	struct prefix base = around->len ? *around : prefix_of(v4 ? "0.0.0.0/0" : "::/0");
	struct ip ip = base.ip;

	for (unsigned bit = base.len; bit < 128; bit++)
		ip.b[bit / 8] |= (uint8_t)(any(2) << (7 - bit % 8));
	if (any(6) == 0 && base.len > (v4 ? 96 : 0))
		ip.b[(base.len - 1) / 8] ^= (uint8_t)(1U << (7 - (base.len - 1) % 8));
	return ip;
}

static unsigned around(const struct plan_range *range, unsigned most)
{
	unsigned pick = any(5);
	long value = pick == 0   ? range->min
		     : pick == 1 ? range->max
		     : pick == 2 ? (long)range->min - 1
		     : pick == 3 ? (long)range->max + 1
				 : (long)any(most + 1);

	return value < 0 ? 0 : value > (long)most ? most : (unsigned)value;
}

/* Mostly inside the rule, or just beside it. */
static struct packet any_packet(const struct plan_rule *rule, bool v4)
{
	return (struct packet){
		.src = any_ip(&rule->src, v4),
		.dst = any_ip(&rule->dst, v4),
		.proto = rule->proto >= 0 && any(6) ? (unsigned)rule->proto : any(256),
		.sport = around(&rule->sport, 65535),
		.dport = around(&rule->dport, 65535),
		.length = around(&rule->length, 65535),
		.flags = any(6) ? (rule->tcp_flags | (any(256) & ~(unsigned)rule->tcp_mask))
				: any(256),
		.fragment = rule->fragment >= 0 && any(4) ? (unsigned)rule->fragment : any(3),
		.icmp_type = rule->icmp_type >= 0 && any(6) ? (unsigned)rule->icmp_type : any(256),
		.icmp_code = rule->icmp_code >= 0 && any(6) ? (unsigned)rule->icmp_code : any(256),
	};
}

static bool is_ours(const struct bgp_limits *limits, const struct prefix *prefix)
{
	bool found = false;

	if (prefix->len < (prefix_is_v4(prefix) ? limits->floor_v4 : limits->floor_v6))
		return false;
	for (size_t i = 0; i < limits->config->network_count; i++) {
		const struct prefix *own = &limits->config->networks[i].prefix;
		found |= own->len <= prefix->len && prefix_has_ip(own, &prefix->ip);
	}
	return found;
}

/* The route says of packets in and beside the rule just what the rule says. */
static bool is_same_flow(const struct bgp_route *route, const struct plan_rule *rule,
			 const struct prefix *ours, bool outbound)
{
	struct prefix dst;
	struct prefix src;
	bool same = true;

	for (unsigned i = 0; same && i < 16; i++) {
		struct packet packet = any_packet(rule, route->kind == BGP_FLOW4);
		same = nlri_match(route, &packet, &dst, &src) == rule_match(rule, &packet);
	}
	return same && (outbound ? src.len : dst.len) == ours->len;
}

static bool is_same_blackhole(const struct bgp_route *route, const struct plan_rule *rule)
{
	bool v4 = route->kind == BGP_RTBH4;
	unsigned bits = route->nlri[0];

	return bits + (v4 ? 96U : 0U) == rule->dst.len && route->nlri_len == 1 + (bits + 7) / 8 &&
	       bits_match(route->nlri + 1, bits, &rule->dst.ip, !v4);
}

static bool wants(const struct bgp_limits *limits, const struct wanted *w, uint64_t now_ns,
		  const struct plan_rule *rule, const struct bgp_route *route)
{
	bool outbound = w->direction == DIRECTION_OUTBOUND;
	bool blackhole = w->plan.level == LEVEL_BLACKHOLE;
	bool v4 = route->kind == BGP_FLOW4 || route->kind == BGP_RTBH4;
	const struct prefix *ours = outbound ? &rule->src : &rule->dst;

	if (blackhole != (route->kind <= BGP_RTBH6) || prefix_is_v4(ours) != v4 ||
	    rule->rate_pps != route->rule.rate_pps || rule->ttl.max != 255 || rule->from_set)
		return false;
	if ((w->plan.expires_ns && w->plan.expires_ns <= now_ns) || !is_ours(limits, ours))
		return false;
	if (blackhole)
		return !outbound && is_same_blackhole(route, rule);
	return limits->flowspec && (limits->source_rules || !outbound) &&
	       is_same_flow(route, rule, ours, outbound);
}

/* Some plan of the set asked for exactly this. */
static void somebody_wants(const struct bgp_limits *limits, const struct wanted_set *set,
			   const struct effect *effects, const struct bgp_route *route)
{
	bool wanted = false;

	for (size_t i = 0; i < set->count; i++) {
		const struct wanted *w = &set->plans[i];
		for (unsigned j = 0; effects[i].applied && j < w->plan.rule_count; j++)
			wanted |= wants(limits, w, set->now_ns, &w->plan.rules[j], route);
	}
	assert_true(wanted);
}

static void one_round(unsigned long *announced)
{
	struct wanted plans[6];
	struct effect effects[6];
	struct wanted_set set = { .plans = plans, .count = any(7), .now_ns = 100 };
	struct bgp_limits limits = { .config = config,
				     .floor_v4 = BGP_FLOOR_V4,
				     .floor_v6 = BGP_FLOOR_V6 };
	struct bgp_routes routes;

	for (unsigned i = 0; i < set.count; i++)
		plans[i] = any_wanted(i);
	limits.flowspec = any(8) != 0;
	limits.source_rules = any(2);
	limits.routes = 1 + any(8);
	if (any(4) == 0) {
		limits.floor_v4 = (uint8_t)(96 + any(33));
		limits.floor_v6 = (uint8_t)any(129);
	}
	assert_int_equal(bgp_routes_make(&limits, &set, &routes, effects, NULL), 0);
	assert_true(routes.count <= limits.routes);
	for (size_t i = 0; i < routes.count; i++) {
		assert_true(i == 0 || bgp_route_compare(&routes.list[i - 1], &routes.list[i]) < 0);
		somebody_wants(&limits, &set, effects, &routes.list[i]);
	}
	for (size_t i = 0; i < set.count; i++) {
		struct text why = text_heap();
		bool expired = plans[i].plan.expires_ns && plans[i].plan.expires_ns <= 100;
		int err = bgp_check(&limits, &plans[i], &why);
		assert_true(!effects[i].applied || (err == 0 && !expired));
		assert_int_equal(effects[i].applied, effects[i].rules_held > 0);
		assert_int_equal(err == 0, why.len == 0);
		text_done(&why);
	}
	*announced += routes.count;
	bgp_routes_done(&routes);
}

static void random_plans_never_announce_what_is_not_allowed(void **state)
{
	unsigned long announced = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		one_round(&announced);
	print_message("# %lu routes announced\n", announced);
	assert_true(announced > 20000); /* else nothing was tested */
}

static int set_up(void **state)
{
	(void)state;
	config = config_of(OWN_NETWORKS);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	config_free(config);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_plans_never_announce_what_is_not_allowed),
	};

	return cmocka_run_group_tests_name("actuate/bgp_random", tests, set_up, tear_down);
}
