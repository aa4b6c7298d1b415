/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in the kernel against the reference, on random packets and rule sets.
 *
 * Values are drawn from few, so that conditions often hold; most packets are
 * made for one of the rules and then spoilt a little. The seed is fixed; another
 * and a number of sets may be given as arguments.
 */
#include "check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/parse.h"
#include "lab.h"

#define PROTECTED_MAX 400
#define MEMBERS_MAX   60
#define PACKETS       420

static uint64_t seed = 1;
static unsigned sets = 500;
static uint64_t drawn;

static uint64_t draw(uint64_t below)
{
	return hash_words(++drawn, 0, seed) % below;
}

static bool one_in(unsigned n)
{
	return draw(n) == 0;
}

/* Addresses that often lie in each other's prefixes: few values a byte. */
static struct ip draw_ip(bool v4)
{
	static const uint8_t bytes[] = { 0, 1, 2, 3, 64, 127, 128, 129, 192, 255 };
	struct ip ip = { 0 };

	if (v4) {
		uint8_t be[4] = { 10, 0, 0, 0 };
		if (one_in(20))
			be[0] = (uint8_t)(9 + draw(3));
		be[1] = (uint8_t)draw(2);
		be[2] = bytes[draw(one_in(2) ? 3 : 10)];
		be[3] = bytes[draw(10)];
		return ip_from_v4(be);
	}
	ip.b[0] = 0x20;
	ip.b[1] = one_in(20) ? 2 : 1;
	ip.b[6] = (uint8_t)draw(2);
	ip.b[7] = bytes[draw(3)];
	ip.b[8] = one_in(4) ? bytes[draw(10)] : 0;
	ip.b[15] = bytes[draw(10)];
	if (one_in(300)) {
		ip = (struct ip){ .b = { [10] = 0xff, [11] = 0xff, [12] = 10 } };
		ip.b[15] = bytes[draw(10)];
	}
	return ip;
}

static struct prefix draw_prefix(bool v4)
{
	static const uint8_t v4_lens[] = {
		0, 7, 8, 15, 16, 18, 23, 24, 24, 25, 26, 30, 31, 32, 32
	};
	static const uint8_t v6_lens[] = {
		0, 3, 16, 48, 55, 56, 63, 64, 65, 72, 120, 127, 128, 128
	};
	struct prefix prefix = { .ip = draw_ip(v4) };

	while (!v4 && ip_is_v4(&prefix.ip))
		prefix.ip = draw_ip(v4);
	prefix.len = v4 ? 96 + v4_lens[draw(sizeof(v4_lens))] : v6_lens[draw(sizeof(v6_lens))];
	for (unsigned bit = prefix.len; bit < 128; bit++)
		prefix.ip.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return prefix;
}

static uint16_t draw_port(void)
{
	static const uint16_t ports[] = { 0, 1, 53, 80, 123, 443, 1023, 1024, 32768, 65534, 65535 };

	return one_in(10) ? (uint16_t)draw(65536) : ports[draw(11)];
}

static uint16_t draw_length(void)
{
	static const uint16_t lengths[] = { 28, 40, 41, 48, 60, 61, 100, 468, 576, 1280, 1500 };

	return one_in(10) ? (uint16_t)draw(1600) : lengths[draw(11)];
}

static uint8_t draw_proto(bool v4)
{
	static const uint8_t protos[] = {
		6, 6, 6, 6, 17, 17, 17, 1, 58, 47, 50, 0, 43, 44, 59, 132
	};

	if (one_in(30))
		return (uint8_t)draw(256);
	return one_in(8) ? (v4 ? 1 : 58) : protos[draw(sizeof(protos))];
}

static struct xdp_range draw_range(uint16_t (*value)(void))
{
	uint16_t a = value();
	uint16_t b = one_in(2) ? a : value();

	return a < b ? (struct xdp_range){ a, b } : (struct xdp_range){ b, a };
}

static uint16_t draw_ttl(void)
{
	static const uint8_t ttls[] = { 0, 1, 32, 63, 64, 128, 254, 255 };

	return ttls[draw(8)];
}

/* @sparse: one condition in so many is set. */
static void draw_conditions(struct xdp_rule *rule, bool v4, unsigned sparse)
{
	if (one_in(sparse))
		rule->src = draw_prefix(v4);
	if (one_in(sparse))
		rule->src_port = draw_range(draw_port);
	if (one_in(sparse))
		rule->dst_port = draw_range(draw_port);
	if (one_in(sparse))
		rule->length = draw_range(draw_length);
	if (one_in(sparse))
		rule->ttl = draw_range(draw_ttl);
	if (one_in(sparse))
		rule->fragment = (uint8_t)(1 + draw(3));
	if (one_in(sparse))
		xdp_rule_add_set(rule, 1 + draw(4));
	if (one_in(2) && xdp_rule_has_sets(rule))
		xdp_rule_add_set(rule, 1 + draw(4));
	if (one_in(sparse) || one_in(4))
		rule->proto = draw_proto(v4);
	if (one_in(sparse)) {
		rule->flags_mask = (uint8_t)(one_in(2) ? draw(256) : 0x12);
		rule->flags = (uint8_t)(draw(256) & rule->flags_mask);
	} else if (one_in(sparse)) {
		rule->icmp_type = (int16_t)(one_in(2) ? 8 : draw(256));
		rule->icmp_code = (int16_t)(one_in(2) ? -1 : (int)draw(3));
	}
}

static void draw_rule(struct xdp_rule *rule, uint64_t id, uint64_t now_ns, unsigned sparse)
{
	bool v4 = one_in(2);
	struct prefix dst = draw_prefix(v4);

	do {
		xdp_rule_init(rule, &dst);
		draw_conditions(rule, v4, sparse);
		rule->action = (uint8_t)draw(FILTER_ACTIONS);
		if (rule->action == FILTER_LIMIT) {
			rule->rate_pps = one_in(3) ? 0 : 1 + draw(5000);
			rule->rate_bps = one_in(3) ? 0 : 1 + draw(1ULL << (10 + draw(20)));
		}
		rule->id = id;
		rule->priority = (uint32_t)draw(one_in(2) ? 10 : 1000000);
		if (one_in(3))
			rule->expires_ns = now_ns - 1000 + draw(60000000);
	} while (xdp_rule_check(rule, NULL));
}

static int by_priority(const void *a, const void *b)
{
	return xdp_rule_compare(&a, &b);
}

/* The protocol that has what the rule asks for. */
static void aim_proto(struct frame_spec *s, const struct xdp_rule *rule, bool v4)
{
	if (rule->proto >= 0)
		s->proto = (uint8_t)rule->proto;
	else if (rule->flags_mask)
		s->proto = IPPROTO_TCP;
	else if (rule->icmp_type >= 0)
		s->proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	else if (xdp_rule_has_ports(rule))
		s->proto = one_in(2) ? IPPROTO_TCP : IPPROTO_UDP;
}

/* A packet that the rule is about, as far as its bytes can be. */
static void aim(struct frame_spec *s, const struct xdp_rule *rule)
{
	bool v4 = prefix_is_v4(&rule->dst);

	for (int i = 0; i < 50 && !prefix_has_ip(&rule->dst, &s->dst); i++)
		s->dst = one_in(2) ? rule->dst.ip : draw_ip(v4);
	for (int i = 0; i < 50 && rule->src.len && !prefix_has_ip(&rule->src, &s->src); i++)
		s->src = one_in(2) ? rule->src.ip : draw_ip(v4);
	aim_proto(s, rule, v4);
	s->sport = one_in(2) ? rule->src_port.min : rule->src_port.max;
	s->dport = one_in(2) ? rule->dst_port.min : rule->dst_port.max;
	if (rule->icmp_type >= 0)
		s->dport = (uint16_t)(rule->icmp_type << 8 |
				      (rule->icmp_code >= 0 ? rule->icmp_code : (int)draw(3)));
	s->length = one_in(2) ? rule->length.min : rule->length.max;
	if (s->length > 1500)
		s->length = draw_length();
	s->ttl = (uint8_t)(one_in(2) ? rule->ttl.min : rule->ttl.max);
	s->flags = (uint8_t)(rule->flags | (draw(256) & ~rule->flags_mask));
	s->fragment = rule->fragment == XDP_FRAGMENT_ONLY || rule->fragment == XDP_FRAGMENT_NO_PORTS
			      ? (uint16_t)(1 + draw(4))
			      : 0;
}

static void draw_chain(struct frame_spec *s)
{
	static const uint8_t kinds[] = { 0, 43, 51, 60, 135, 44 };

	s->chain_len = (unsigned)draw(one_in(4) ? 11 : 4);
	s->chain_words = (uint8_t)draw(3);
	for (unsigned i = 0; i < s->chain_len; i++)
		s->chain[i] = kinds[draw(sizeof(kinds))];
	s->atomic = one_in(4);
}

static void draw_spec(struct frame_spec *s, const struct xdp_rule *rules, size_t count)
{
	const struct xdp_rule *rule = count ? &rules[draw(count)] : NULL;
	bool v4 = rule ? prefix_is_v4(&rule->dst) : one_in(2);

	*s = (struct frame_spec){ .tags = one_in(5) ? (unsigned)draw(4) : 0,
				  .src = draw_ip(v4),
				  .dst = draw_ip(v4),
				  .proto = draw_proto(v4),
				  .ttl = (uint8_t)draw_ttl(),
				  .sport = draw_port(),
				  .dport = draw_port(),
				  .flags = (uint8_t)draw(256),
				  .length = draw_length() };
	if (rule && !one_in(4))
		aim(s, rule);
	if (one_in(10))
		s->fragment = (uint16_t)draw(5);
	if (one_in(10))
		s->options = (uint8_t)draw(11);
	if (!ip_is_v4(&s->dst) && one_in(3))
		draw_chain(s);
	if (one_in(20)) {
		s->proto = IPPROTO_ICMPV6;
		s->dport = (uint16_t)((132 + draw(7)) << 8 | (one_in(4) ? 1 : 0));
		s->ttl = one_in(3) ? 254 : 255;
	}
	/* An address of the other family would make a frame that is neither. */
	if (ip_is_v4(&s->dst))
		s->src = ip_is_v4(&s->src) ? s->src : draw_ip(true);
}

/* Cut off, a byte changed, or a length that lies. */
static size_t spoil(uint8_t *frame, size_t len)
{
	if (one_in(12) && len > 15)
		len = 14 + draw(one_in(2) ? len - 14 : 60);
	if (one_in(12))
		frame[12 + draw(one_in(2) ? 14 : 60)] = (uint8_t)draw(256);
	if (one_in(60))
		frame[14] = (uint8_t)(frame[14] - draw(7)); /* version and header length */
	if (one_in(40)) {
		frame[16] = 0;
		frame[17] = (uint8_t)draw(80);
	}
	return len;
}

/* What one set of rules is about. */
struct world {
	struct xdp_protected protect[PROTECTED_MAX];
	size_t protect_count;
	struct xdp_rule rules[FILTER_RULES];
	struct reference_member members[MEMBERS_MAX];
	struct xdp_rule_counters counted[FILTER_RULES];
	struct reference reference;
};

static void draw_protected(struct world *w)
{
	size_t most = 1 + draw(one_in(3) ? PROTECTED_MAX : 20);
	uint16_t groups = (uint16_t)(1 + draw(one_in(3) ? 3000 : 5));

	w->protect_count = 0;
	for (size_t i = 0; i < most; i++) {
		struct xdp_protected p = { draw_prefix(one_in(2)), (uint16_t)(1 + draw(groups)) };
		bool twice = false;
		for (size_t k = 0; k < w->protect_count; k++)
			twice |= p.prefix.len == w->protect[k].prefix.len &&
				 ip_equal(&p.prefix.ip, &w->protect[k].prefix.ip);
		/* All of IPv4 or IPv6 only now and then. */
		if (!twice && (p.prefix.len % 96 >= 8 || one_in(10)))
			w->protect[w->protect_count++] = p;
	}
}

static void draw_members(struct world *w, struct xdp_engine *engine)
{
	size_t count = draw(MEMBERS_MAX);

	assert_int_equal(xdp_engine_sources_clear(engine, 0), 0);
	w->reference.member_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct reference_member m = { draw_prefix(one_in(2)), (uint16_t)(1 + draw(4)) };
		bool twice = false;
		for (size_t k = 0; k < w->reference.member_count; k++)
			twice |= m.prefix.len == w->members[k].prefix.len &&
				 ip_equal(&m.prefix.ip, &w->members[k].prefix.ip);
		if (twice)
			continue;
		assert_int_equal(xdp_engine_sources_add(engine, m.set, &m.prefix, 1), 0);
		w->members[w->reference.member_count++] = m;
	}
	w->reference.members = w->members;
}

static void draw_rules(struct world *w, unsigned number, uint64_t now_ns)
{
	static const size_t counts[] = { 0, 1, 3, 10, 16, 64, 65, 256, 700, 1024 };
	size_t count = counts[number % 10];
	unsigned sparse = 2 + (unsigned)draw(12);

	for (size_t i = 0; i < count; i++)
		draw_rule(&w->rules[i], number * 10000ULL + i + 1, now_ns, sparse);
	qsort(w->rules, count, sizeof(w->rules[0]), by_priority);
	memset(w->counted, 0, sizeof(w->counted));
	memset(w->reference.buckets, 0, sizeof(w->reference.buckets));
	w->reference.rules = w->rules;
	w->reference.rule_count = count;
	w->reference.protect = w->protect;
	w->reference.protect_count = w->protect_count;
}

static void explain(const struct xdp_told *told, const struct reference_verdict *v,
		    const struct frame_spec *s, size_t len)
{
	char src[IP_TEXT_MAX];
	char dst[IP_TEXT_MAX];

	print_message("# program: reason %u rule %llu group %u; reference: %u %llu %u; %s > %s "
		      "proto %u ports %u %u length %u ttl %u fragment %u chain %u, %zu bytes\n",
		      told->reason, (unsigned long long)told->rule, told->group, v->reason,
		      (unsigned long long)v->rule, v->group, ip_format(&s->src, src),
		      ip_format(&s->dst, dst), s->proto, s->sport, s->dport, s->length, s->ttl,
		      s->fragment, s->chain_len, len);
}

/* Return: 1 when both do not say the same. */
static unsigned compare_one(struct lab *lab, struct world *w, uint64_t reasons[FILTER_VERDICTS])
{
	uint8_t frame[FRAME_MAX + 64] = { 0 };
	struct frame_spec spec;
	struct xdp_told told;

	draw_spec(&spec, w->rules, w->reference.rule_count);
	size_t len = spoil(frame, frame_make(&spec, frame));
	bool dropped = lab_run(lab, frame, len, &told);
	struct reference_verdict v = reference_judge(&w->reference, frame, len, lab->now_ns);
	reasons[v.reason]++;
	for (size_t i = 0; v.rule && i < w->reference.rule_count; i++) {
		if (w->rules[i].id == v.rule) {
			w->counted[i].packets++;
			w->counted[i].dropped_packets += v.dropped;
		}
	}
	if (dropped == v.dropped && told.reason == v.reason &&
	    (!v.rule || (told.rule == v.rule && told.group == v.group)))
		return 0;
	explain(&told, &v, &spec, len);
	return 1;
}

/* Some time later, now and then just when a rule expires or a nanosecond before. */
static uint64_t later(const struct world *w, uint64_t now_ns)
{
	if (w->reference.rule_count && one_in(20)) {
		uint64_t expires_ns = w->rules[draw(w->reference.rule_count)].expires_ns;
		if (expires_ns > now_ns && expires_ns < now_ns + 2000000)
			return expires_ns - draw(2);
	}
	return now_ns + (one_in(50) ? draw(3000000) : draw(200000));
}

static unsigned compare_counters(const struct lab *lab, const struct world *w)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < w->reference.rule_count; i++) {
		struct xdp_rule_counters c;
		assert_int_equal(xdp_engine_rule_counters(lab->engine, w->rules[i].id, &c), 0);
		wrong += c.packets != w->counted[i].packets ||
			 c.dropped_packets != w->counted[i].dropped_packets;
	}
	return wrong;
}

static void program_and_reference_agree(void **state)
{
	struct xdp_engine_config config = { .cpus = 2, .hosts_max = 1000, .members_max = 1000 };
	struct world *w = calloc(1, sizeof(*w));
	uint64_t reasons[FILTER_VERDICTS] = { 0 };
	unsigned wrong = 0;
	struct lab lab;

	(void)state;
	assert_non_null(w);
	lab_open(&lab, &config);
	w->reference.cpus = config.cpus;
	for (unsigned n = 0; n < sets && wrong < 20; n++) {
		if (n % 5 == 0)
			draw_protected(w);
		if (n % 7 == 0)
			draw_members(w, lab.engine);
		draw_rules(w, n, lab.now_ns);
		const struct xdp_wanted wanted = { w->protect, w->protect_count, w->rules,
						   w->reference.rule_count };
		assert_int_equal(xdp_engine_set(lab.engine, &wanted, NULL), 0);
		for (unsigned i = 0; i < PACKETS; i++) {
			lab.now_ns = later(w, lab.now_ns);
			wrong += compare_one(&lab, w, reasons);
		}
		unsigned miscounted = compare_counters(&lab, w);
		if (miscounted)
			print_message("# set %u: %u rules miscounted\n", n, miscounted);
		wrong += miscounted;
	}
	print_message("# %u packets, %u sets; by reason:", sets * PACKETS, sets);
	for (int r = 0; r < FILTER_VERDICTS; r++)
		print_message(" %llu", (unsigned long long)reasons[r]);
	print_message("\n");
	assert_int_equal(wrong, 0);
	for (int r = 0; r < FILTER_VERDICTS && sets >= 100; r++)
		assert_true(reasons[r] > 50);
	lab_close(&lab);
	free(w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_and_reference_agree),
	};
	uint64_t number;

	if (argc > 1 && parse_u64(argv[1], &seed))
		return 2;
	if (argc > 2 && !parse_u64(argv[2], &number))
		sets = (unsigned)number;
	lab_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
