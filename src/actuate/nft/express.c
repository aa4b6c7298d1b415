/* SPDX-License-Identifier: Apache-2.0 */
/*
 * express: conditions in, matches of nft out. Spec: libnftables-json(5).
 *
 * Bytes are those of IP, as flow exporters count them: IPv6 says its payload's.
 */
#include "actuate/nft/express.h"

#include <netinet/in.h>
#include <string.h>

#define V6_HEADER   40
#define DCCP        33
#define BURSTS      10 /* a second's rate in so many bursts */
#define BURST_LEAST 5

const char *nft_expressible(const struct host_rule *rule)
{
	const struct plan_rule *m = &rule->match;
	bool ports = !plan_range_is_any(&m->sport, UINT16_MAX) ||
		     !plan_range_is_any(&m->dport, UINT16_MAX);

	if (ports && m->proto >= 0 && m->proto != IPPROTO_TCP && m->proto != IPPROTO_UDP &&
	    m->proto != IPPROTO_SCTP && m->proto != DCCP)
		return "only TCP, UDP, SCTP and DCCP have ports; leave them out";
	if (rule->v6 && m->length.max < V6_HEADER)
		return "no packet of IPv6 is as short; correct the lengths";
	if (m->icmp_type >= 0 && m->proto >= 0 &&
	    m->proto != (rule->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return "the ICMP type is of another protocol; leave one of both out";
	return NULL;
}

static json_t *payload(const char *protocol, const char *field)
{
	return json_pack("{s{ssss}}", "payload", "protocol", protocol, "field", field);
}

static void add_match(json_t *to, const char *op, json_t *left, json_t *right)
{
	json_array_append_new(
		to, json_pack("{s{sssoso}}", "match", "op", op, "left", left, "right", right));
}

json_t *nft_address(const struct prefix *prefix)
{
	char words[IP_TEXT_MAX];

	ip_format(&prefix->ip, words);
	if (prefix->len == 128)
		return json_string(words);
	return json_pack("{s{sssi}}", "prefix", "addr", words, "len",
			 prefix->len - (prefix_is_v4(prefix) ? 96 : 0));
}

static json_t *range_value(unsigned min, unsigned max)
{
	if (min == max)
		return json_integer(min);
	return json_pack("{s[ii]}", "range", (int)min, (int)max);
}

static void add_range(json_t *to, json_t *field, unsigned min, unsigned max)
{
	add_match(to, "==", field, range_value(min, max));
}

static void add_addresses(json_t *to, const struct host_rule *rule, bool gated, bool outbound)
{
	const char *ip = rule->v6 ? "ip6" : "ip";
	const struct plan_rule *m = &rule->match;

	if (m->dst.len && (!gated || outbound))
		add_match(to, "==", payload(ip, "daddr"), nft_address(&m->dst));
	if (m->src.len && (!gated || !outbound))
		add_match(to, "==", payload(ip, "saddr"), nft_address(&m->src));
}

static void add_proto(json_t *to, const struct plan_rule *m, bool ports, bool v6)
{
	json_t *l4 = json_pack("{s{ss}}", "meta", "key", "l4proto");

	if (m->proto >= 0)
		add_match(to, "==", l4, json_integer(m->proto));
	else if (m->icmp_type >= 0)
		add_match(to, "==", l4, json_integer(v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP));
	else if (m->tcp_mask)
		add_match(to, "==", l4, json_integer(IPPROTO_TCP));
	else if (ports)
		add_match(to, "==", l4,
			  json_pack("{s[iiii]}", "set", IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
				    DCCP));
	else
		json_decref(l4);
}

static void add_transport(json_t *to, const struct host_rule *rule)
{
	const struct plan_rule *m = &rule->match;
	const char *icmp = rule->v6 ? "icmpv6" : "icmp";
	bool sport = !plan_range_is_any(&m->sport, UINT16_MAX);
	bool dport = !plan_range_is_any(&m->dport, UINT16_MAX);

	add_proto(to, m, sport || dport, rule->v6);
	if (sport)
		add_range(to, payload("th", "sport"), m->sport.min, m->sport.max);
	if (dport)
		add_range(to, payload("th", "dport"), m->dport.min, m->dport.max);
	if (m->tcp_mask)
		add_match(to, "==", json_pack("{s[oi]}", "&", payload("tcp", "flags"), m->tcp_mask),
			  json_integer(m->tcp_flags));
	if (m->icmp_type >= 0)
		add_match(to, "==", payload(icmp, "type"), json_integer(m->icmp_type));
	if (m->icmp_code >= 0)
		add_match(to, "==", payload(icmp, "code"), json_integer(m->icmp_code));
}

/* IPv4: 13 bits of offset, and above them a bit that says more come. */
static void add_fragment_v4(json_t *to, int fragment)
{
	bool later = fragment == PLAN_FRAGMENT_LATER;

	add_match(to, later ? "!=" : "==",
		  json_pack("{s[oi]}", "&", payload("ip", "frag-off"), later ? 0x1fff : 0x3fff),
		  json_integer(0));
}

static void add_fragment_v6(json_t *to, int fragment)
{
	if (fragment == PLAN_FRAGMENT_LATER)
		add_match(to, "!=",
			  json_pack("{s{ssss}}", "exthdr", "name", "frag", "field", "frag-off"),
			  json_integer(0));
	else
		add_match(to, "==", json_pack("{s{ss}}", "exthdr", "name", "frag"), json_false());
}

static void add_header(json_t *to, const struct host_rule *rule)
{
	const struct plan_rule *m = &rule->match;
	unsigned less = rule->v6 ? V6_HEADER : 0;
	unsigned min = m->length.min > less ? m->length.min - less : 0;

	if (!plan_range_is_any(&m->length, UINT16_MAX))
		add_range(to, payload(rule->v6 ? "ip6" : "ip", "length"), min,
			  m->length.max - less);
	if (!plan_range_is_any(&m->ttl, UINT8_MAX))
		add_range(to, payload(rule->v6 ? "ip6" : "ip", rule->v6 ? "hoplimit" : "ttl"),
			  m->ttl.min, m->ttl.max);
	if (m->fragment >= 0 && rule->v6)
		add_fragment_v6(to, m->fragment);
	else if (m->fragment >= 0)
		add_fragment_v4(to, m->fragment);
}

static void add_counter(json_t *to)
{
	json_array_append_new(to, json_pack("{sn}", "counter"));
}

/* What is matched is counted; of a limit, what is above it once more. */
static void add_action(json_t *to, const struct host_rule *rule)
{
	uint64_t rate = rule->match.rate_pps;
	uint64_t burst = rate / BURSTS > BURST_LEAST ? rate / BURSTS : BURST_LEAST;

	add_counter(to);
	if (rule->action == HOST_WATCH)
		return;
	if (rule->action == HOST_LIMIT) {
		json_array_append_new(to,
				      json_pack("{s{sIsssIsb}}", "limit", "rate", (json_int_t)rate,
						"per", "second", "burst",
						(json_int_t)(burst < INT32_MAX ? burst : INT32_MAX),
						"inv", 1));
		add_counter(to);
	}
	json_array_append_new(to, json_pack("{sn}", "drop"));
}

json_t *nft_express(const struct host_rule *rule, bool gated, bool outbound, const char *sources)
{
	json_t *to = json_array();

	if (!to)
		return NULL;
	add_addresses(to, rule, gated, outbound);
	add_header(to, rule);
	add_transport(to, rule);
	if (rule->match.from_set) {
		char name[64] = "@";
		strncat(name, sources, sizeof(name) - 2);
		add_match(to, "==", payload(rule->v6 ? "ip6" : "ip", "saddr"), json_string(name));
	}
	add_action(to, rule);
	return to;
}
