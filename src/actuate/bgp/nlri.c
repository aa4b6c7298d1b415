/* SPDX-License-Identifier: Apache-2.0 */
/* nlri: see nlri.h. Types and operators are those of RFC 8955, section 4.2. */
#include "actuate/bgp/nlri.h"

#include <string.h>

enum component {
	C_DST = 1,
	C_SRC,
	C_PROTO,
	C_DPORT = 5,
	C_SPORT,
	C_ICMP_TYPE,
	C_ICMP_CODE,
	C_TCP_FLAGS,
	C_LENGTH,
	C_FRAGMENT = 12,
};

/* Operators of numbers and of bits. */
#define OP_END   0x80
#define OP_AND   0x40
#define OP_TWO   0x10 /* a value of two bytes */
#define OP_LT    0x04
#define OP_GT    0x02
#define OP_EQ    0x01
#define OP_NOT   0x02
#define OP_MATCH 0x01

#define IS_FRAGMENT    0x02
#define FIRST_FRAGMENT 0x04

/* Room is never short: all components together have fewer than BGP_NLRI_MAX bytes. */
struct out {
	uint8_t *at;
};

static void put(struct out *out, unsigned byte)
{
	*out->at++ = (uint8_t)byte;
}

static void put_prefix_bytes(struct out *out, const struct prefix *prefix, bool v6)
{
	unsigned bits = v6 ? prefix->len : prefix->len - 96U;

	memcpy(out->at, &prefix->ip.b[v6 ? 0 : 12], (bits + 7) / 8);
	out->at += (bits + 7) / 8;
}

static void put_prefix(struct out *out, enum component type, const struct prefix *prefix, bool v6)
{
	if (prefix->len == 0)
		return;
	put(out, type);
	put(out, v6 ? prefix->len : prefix->len - 96U);
	if (v6)
		put(out, 0); /* offset: RFC 8956, 3.1 */
	put_prefix_bytes(out, prefix, v6);
}

static void put_value(struct out *out, unsigned op, unsigned value)
{
	put(out, value > UINT8_MAX ? op | OP_TWO : op);
	if (value > UINT8_MAX)
		put(out, value >> 8);
	put(out, value & 0xff);
}

static void put_number(struct out *out, enum component type, int value)
{
	if (value < 0)
		return;
	put(out, type);
	put_value(out, OP_END | OP_EQ, (unsigned)value);
}

static void put_range(struct out *out, enum component type, const struct plan_range *range)
{
	if (plan_range_is_any(range, UINT16_MAX))
		return;
	put(out, type);
	if (range->min == range->max) {
		put_value(out, OP_END | OP_EQ, range->min);
	} else if (range->min == 0) {
		put_value(out, OP_END | OP_LT | OP_EQ, range->max);
	} else if (range->max == UINT16_MAX) {
		put_value(out, OP_END | OP_GT | OP_EQ, range->min);
	} else {
		put_value(out, OP_GT | OP_EQ, range->min);
		put_value(out, OP_END | OP_AND | OP_LT | OP_EQ, range->max);
	}
}

/* All bits of @set are, none of @clear is. */
static void put_bits(struct out *out, enum component type, unsigned set, unsigned clear)
{
	if (!set && !clear)
		return;
	put(out, type);
	if (set)
		put_value(out, clear ? OP_MATCH : OP_END | OP_MATCH, set);
	if (clear)
		put_value(out, OP_END | OP_NOT | (set ? OP_AND : 0), clear);
}

static void put_fragment(struct out *out, int fragment)
{
	if (fragment < 0)
		return;
	put(out, C_FRAGMENT);
	if (fragment == PLAN_FRAGMENT_LATER) {
		put_value(out, OP_END | OP_MATCH, IS_FRAGMENT);
	} else {
		put_value(out, OP_NOT, IS_FRAGMENT);
		put_value(out, OP_END | OP_AND | OP_NOT, FIRST_FRAGMENT);
	}
}

uint8_t bgp_nlri_unicast(const struct prefix *prefix, uint8_t *ret_nlri)
{
	bool v6 = !prefix_is_v4(prefix);
	struct out out = { ret_nlri };

	put(&out, v6 ? prefix->len : prefix->len - 96U);
	put_prefix_bytes(&out, prefix, v6);
	return (uint8_t)(out.at - ret_nlri);
}

uint8_t bgp_nlri_flow(const struct plan_rule *rule, bool v6, uint8_t *ret_nlri)
{
	struct out out = { ret_nlri + 1 };

	put_prefix(&out, C_DST, &rule->dst, v6);
	put_prefix(&out, C_SRC, &rule->src, v6);
	put_number(&out, C_PROTO, rule->proto);
	put_range(&out, C_DPORT, &rule->dport);
	put_range(&out, C_SPORT, &rule->sport);
	put_number(&out, C_ICMP_TYPE, rule->icmp_type);
	put_number(&out, C_ICMP_CODE, rule->icmp_code);
	put_bits(&out, C_TCP_FLAGS, rule->tcp_flags, rule->tcp_mask & (unsigned)~rule->tcp_flags);
	put_range(&out, C_LENGTH, &rule->length);
	put_fragment(&out, rule->fragment);
	ret_nlri[0] = (uint8_t)(out.at - ret_nlri - 1);
	return (uint8_t)(out.at - ret_nlri);
}
