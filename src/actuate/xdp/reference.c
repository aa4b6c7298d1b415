/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference: a frame in, the verdict that the XDP program must give out; for tests.
 *
 * Spec: RFC 791, RFC 768, RFC 9293, RFC 792, RFC 4443, RFC 4861, RFC 8200, RFC 4302, RFC 6946.
 */
#include "actuate/xdp/reference.h"

#include <netinet/in.h>

/* What is known of a packet. */
struct seen {
	struct ip src;
	struct ip dst;
	bool v6;
	unsigned length;
	unsigned ttl;
	int proto;
	bool fragment;
	bool later;
	bool has_l4;
	unsigned sport;
	unsigned dport;
	unsigned flags;
	int icmp_type;
	int icmp_code;
};

static unsigned be16_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static bool is_extension(int proto)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
		return true;
	default:
		return false;
	}
}

static void note_fragment(struct seen *s, unsigned offset, bool more)
{
	if (offset || more)
		s->fragment = true;
	if (offset)
		s->later = true;
}

/* Return: offset of the transport header, or -1 where there is none to be read. */
static int walk_extensions(struct seen *s, const uint8_t *ip)
{
	unsigned at = 40;

	for (int seen = 0; is_extension(s->proto) && !s->later; seen++) {
		if (seen == FILTER_EXTENSIONS || at + 8 > s->length)
			return -1;
		unsigned size = 8 + ip[at + 1] * 8U;
		if (s->proto == IPPROTO_AH)
			size = 8 + ip[at + 1] * 4U;
		if (s->proto == IPPROTO_FRAGMENT) {
			size = 8;
			note_fragment(s, be16_at(ip + at + 2) >> 3, ip[at + 3] & 1);
		}
		s->proto = ip[at];
		at += size;
	}
	return (int)at;
}

static void read_transport(struct seen *s, const uint8_t *ip, unsigned at)
{
	const uint8_t *l4 = ip + at;
	unsigned left = s->length > at ? s->length - at : 0;

	if (s->later)
		return;
	if (s->proto == IPPROTO_TCP && left >= 20) {
		s->has_l4 = true;
		s->flags = l4[13];
	} else if (s->proto == IPPROTO_UDP && left >= 8) {
		s->has_l4 = true;
	} else if (s->proto == (s->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) && left >= 8) {
		s->has_l4 = true;
		s->icmp_type = l4[0];
		s->icmp_code = l4[1];
		return;
	}
	if (s->has_l4) {
		s->sport = be16_at(l4);
		s->dport = be16_at(l4 + 2);
	}
}

static uint32_t read_v4(struct seen *s, const uint8_t *ip, size_t left)
{
	if (left < 20)
		return FILTER_BAD_SHORT;
	if (ip[0] >> 4 != 4)
		return FILTER_BAD_VERSION;
	unsigned header = (ip[0] & 15U) * 4;
	s->length = be16_at(ip + 2);
	if (header < 20)
		return FILTER_BAD_HEADER;
	if (s->length < header)
		return FILTER_BAD_LENGTH;
	if (s->length > left)
		return FILTER_BAD_TRUNCATED;
	s->ttl = ip[8];
	s->proto = ip[9];
	s->src = ip_from_v4(ip + 12);
	s->dst = ip_from_v4(ip + 16);
	note_fragment(s, be16_at(ip + 6) & 0x1fff, ip[6] & 0x20);
	read_transport(s, ip, header);
	return FILTER_VERDICTS;
}

static uint32_t read_v6(struct seen *s, const uint8_t *ip, size_t left)
{
	if (left < 40)
		return FILTER_BAD_SHORT;
	if (ip[0] >> 4 != 6)
		return FILTER_BAD_VERSION;
	s->length = 40 + be16_at(ip + 4);
	if (s->length > left)
		return FILTER_BAD_TRUNCATED;
	if (s->length > 65535)
		s->length = 65535;
	s->v6 = true;
	s->proto = ip[6];
	s->ttl = ip[7];
	s->src = ip_from_v6(ip + 8);
	s->dst = ip_from_v6(ip + 24);
	int at = walk_extensions(s, ip);
	if (at >= 0)
		read_transport(s, ip, (unsigned)at);
	return FILTER_VERDICTS;
}

/* Return: FILTER_VERDICTS when it is IP and all is well. */
static uint32_t read_frame(struct seen *s, const uint8_t *frame, size_t len)
{
	size_t at = 14;

	if (len < at)
		return FILTER_BAD_SHORT;
	unsigned type = be16_at(frame + 12);
	for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
		if (len < at + 4)
			return FILTER_BAD_SHORT;
		type = be16_at(frame + at + 2);
		at += 4;
	}
	if (type == 0x0800)
		return read_v4(s, frame + at, len - at);
	if (type == 0x86dd)
		return read_v6(s, frame + at, len - at);
	return FILTER_NOT_IP;
}

/* The family is the packet's: a mapped address in an IPv6 header is IPv6. */
static bool contains(const struct prefix *prefix, const struct seen *s, const struct ip *ip)
{
	return s->v6 != prefix_is_v4(prefix) && prefix_has_ip(prefix, ip);
}

static uint16_t group_of(const struct reference *r, const struct seen *s)
{
	uint16_t group = 0;
	int longest = -1;

	for (size_t i = 0; i < r->protect_count; i++) {
		const struct prefix *prefix = &r->protect[i].prefix;
		if (prefix->len > longest && contains(prefix, s, &s->dst)) {
			longest = prefix->len;
			group = r->protect[i].group;
		}
	}
	return group;
}

static uint16_t set_of(const struct reference *r, const struct seen *s)
{
	uint16_t set = 0;
	int longest = -1;

	for (size_t i = 0; i < r->member_count; i++) {
		const struct prefix *prefix = &r->members[i].prefix;
		if (prefix->len > longest && contains(prefix, s, &s->src)) {
			longest = prefix->len;
			set = r->members[i].set;
		}
	}
	return set;
}

static bool in_range(struct xdp_range range, unsigned value)
{
	return value >= range.min && value <= range.max;
}

static bool matches_l4(const struct xdp_rule *rule, const struct seen *s)
{
	bool has_ports = s->has_l4 && (s->proto == IPPROTO_TCP || s->proto == IPPROTO_UDP);
	bool any_port = rule->src_port.min == 0 && rule->src_port.max == 65535 &&
			rule->dst_port.min == 0 && rule->dst_port.max == 65535;

	if (!any_port && !(has_ports && in_range(rule->src_port, s->sport) &&
			   in_range(rule->dst_port, s->dport)))
		return false;
	if (rule->flags_mask &&
	    !(s->has_l4 && s->proto == IPPROTO_TCP && (s->flags & rule->flags_mask) == rule->flags))
		return false;
	if (rule->icmp_type >= 0 && s->icmp_type != rule->icmp_type)
		return false;
	return rule->icmp_code < 0 || s->icmp_code == rule->icmp_code;
}

static bool matches(const struct reference *r, const struct xdp_rule *rule, const struct seen *s,
		    uint64_t now_ns)
{
	if (rule->expires_ns && now_ns >= rule->expires_ns)
		return false;
	if (!contains(&rule->dst, s, &s->dst))
		return false;
	if (rule->src.len && !contains(&rule->src, s, &s->src))
		return false;
	if (rule->proto >= 0 && rule->proto != s->proto)
		return false;
	if (rule->fragment == XDP_FRAGMENT_ONLY && !s->fragment)
		return false;
	if (rule->fragment == XDP_FRAGMENT_NOT && s->fragment)
		return false;
	if (rule->fragment == XDP_FRAGMENT_NO_PORTS && (!s->fragment || s->has_l4))
		return false;
	if (!in_range(rule->length, s->length) || !in_range(rule->ttl, s->ttl))
		return false;
	if (!matches_l4(rule, s))
		return false;
	return !xdp_rule_has_sets(rule) || xdp_rule_has_set(rule, set_of(r, s));
}

/* One kind of bucket after @since_ns: a tenth of a second's worth at the most, or @least. */
static uint64_t fill(uint64_t left, uint64_t rate, uint64_t least, bool full, uint64_t since_ns)
{
	unsigned __int128 most = (unsigned __int128)rate * 100000000;
	unsigned __int128 now = left + (unsigned __int128)rate * since_ns;

	if (most < (unsigned __int128)least * 1000000000)
		most = (unsigned __int128)least * 1000000000;
	return (uint64_t)(full || now > most ? most : now);
}

static bool is_above_rate(struct reference_bucket *b, const struct xdp_rule *rule, uint32_t cpus,
			  unsigned length, uint64_t now_ns)
{
	uint64_t pps = (rule->rate_pps + cpus - 1) / cpus;
	uint64_t bytes_ps = ((rule->rate_bps + 7) / 8 + cpus - 1) / cpus;
	uint64_t since_ns = b->used && now_ns > b->filled_ns ? now_ns - b->filled_ns : 0;

	b->packets = fill(b->packets, pps, 1, !b->used, since_ns);
	b->bytes = fill(b->bytes, bytes_ps, 65535, !b->used, since_ns);
	if (!b->used || now_ns > b->filled_ns)
		b->filled_ns = now_ns;
	b->used = true;
	if ((pps && b->packets < 1000000000) || (bytes_ps && b->bytes < length * 1000000000ULL))
		return true;
	if (pps)
		b->packets -= 1000000000;
	if (bytes_ps)
		b->bytes -= length * 1000000000ULL;
	return false;
}

static uint32_t act(struct reference *r, size_t place, const struct seen *s, uint64_t now_ns)
{
	const struct xdp_rule *rule = &r->rules[place];

	switch (rule->action) {
	case FILTER_DROP:
		return FILTER_BY_DROP;
	case FILTER_COUNT:
		return FILTER_BY_COUNT;
	case FILTER_LIMIT:
		return is_above_rate(&r->buckets[place], rule, r->cpus, s->length, now_ns)
			       ? FILTER_ABOVE_RATE
			       : FILTER_BELOW_RATE;
	default:
		return FILTER_BY_PASS;
	}
}

static bool is_neighbour_discovery(const struct seen *s)
{
	return s->v6 && s->proto == IPPROTO_ICMPV6 && s->has_l4 && !s->fragment && s->ttl == 255 &&
	       s->icmp_type >= 133 && s->icmp_type <= 137 && s->icmp_code == 0;
}

struct reference_verdict reference_judge(struct reference *r, const uint8_t *frame, size_t len,
					 uint64_t now_ns)
{
	struct seen s = { .icmp_type = -1, .icmp_code = -1 };
	struct reference_verdict verdict = { .reason = read_frame(&s, frame, len) };

	if (verdict.reason != FILTER_VERDICTS)
		return verdict;
	uint16_t group = group_of(r, &s);
	verdict.reason = FILTER_NO_RULE;
	if (!group)
		verdict.reason = FILTER_UNPROTECTED;
	else if (is_neighbour_discovery(&s))
		verdict.reason = FILTER_NEIGHBOUR;
	if (verdict.reason != FILTER_NO_RULE)
		return verdict;
	for (size_t i = 0; i < r->rule_count; i++) {
		if (!matches(r, &r->rules[i], &s, now_ns))
			continue;
		verdict.reason = act(r, i, &s, now_ns);
		verdict.rule = r->rules[i].id;
		verdict.group = group;
		verdict.dropped =
			verdict.reason == FILTER_BY_DROP || verdict.reason == FILTER_ABOVE_RATE;
		break;
	}
	return verdict;
}
