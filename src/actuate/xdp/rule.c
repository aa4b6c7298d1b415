/* SPDX-License-Identifier: Apache-2.0 */
/* rule: is a rule sound, and where does it stand among others? */
#include "actuate/xdp/rule.h"

#include <errno.h>
#include <netinet/in.h>

void xdp_rule_init(struct xdp_rule *rule, const struct prefix *dst)
{
	*rule = (struct xdp_rule){ .dst = *dst,
				   .proto = -1,
				   .icmp_type = -1,
				   .icmp_code = -1,
				   .src_port = { 0, 65535 },
				   .dst_port = { 0, 65535 },
				   .length = { 0, 65535 },
				   .ttl = { 0, 255 },
				   .action = FILTER_COUNT };
}

static bool is_range(struct xdp_range range, uint16_t most)
{
	return range.min <= range.max && range.max <= most;
}

static const char *wrong_transport(const struct xdp_rule *r)
{
	int icmp = prefix_is_v4(&r->dst) ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	if (xdp_rule_has_ports(r) && r->proto >= 0 && r->proto != IPPROTO_TCP &&
	    r->proto != IPPROTO_UDP)
		return "ports are of TCP and UDP only";
	if (r->flags_mask && r->proto >= 0 && r->proto != IPPROTO_TCP)
		return "flags are of TCP only";
	if (r->icmp_type >= 0 && r->proto >= 0 && r->proto != icmp)
		return "the ICMP type is of another protocol";
	if (r->icmp_type >= 0 && (r->flags_mask || xdp_rule_has_ports(r)))
		return "an ICMP type together with ports or flags matches nothing";
	if (r->flags & ~r->flags_mask)
		return "flags outside of their mask match nothing";
	return NULL;
}

static const char *wrong(const struct xdp_rule *r)
{
	bool v4 = prefix_is_v4(&r->dst);

	if (r->dst.len > 128 || r->src.len > 128)
		return "a prefix longer than an address";
	if (r->src.len && prefix_is_v4(&r->src) != v4)
		return "source and destination are of two families";
	if (r->proto < -1 || r->proto > 255 || r->icmp_type < -1 || r->icmp_type > 255 ||
	    r->icmp_code < -1 || r->icmp_code > 255)
		return "a protocol, ICMP type or code above 255";
	if (r->icmp_code >= 0 && r->icmp_type < 0)
		return "an ICMP code without a type";
	if (!is_range(r->src_port, 65535) || !is_range(r->dst_port, 65535) ||
	    !is_range(r->length, 65535) || !is_range(r->ttl, 255))
		return "a range that ends before it begins";
	if (r->fragment > XDP_FRAGMENT_NO_PORTS || r->action >= FILTER_ACTIONS ||
	    xdp_rule_has_set(r, 0))
		return "no such action, fragment condition or source set";
	if (r->action == FILTER_LIMIT && !r->rate_pps && !r->rate_bps)
		return "a limit without a rate";
	if (r->fragment == XDP_FRAGMENT_NO_PORTS && xdp_rule_has_l4(r))
		return "fragments without a transport header have no ports, flags and types";
	return wrong_transport(r);
}

int xdp_rule_check(const struct xdp_rule *rule, struct text *error)
{
	const char *why = wrong(rule);

	if (why && error)
		text_addf(error, "rule %llu: %s", (unsigned long long)rule->id, why);
	return why ? -EINVAL : 0;
}

int xdp_rule_compare(const void *a, const void *b)
{
	const struct xdp_rule *x = *(const struct xdp_rule *const *)a;
	const struct xdp_rule *y = *(const struct xdp_rule *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}
