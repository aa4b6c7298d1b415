/* SPDX-License-Identifier: Apache-2.0 */
/* file: see file.h. The syntax is that of BIRD 2.0.7 and later. */
#include "actuate/bird/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define ROUTE "\troute "

const char *bird_protocol(enum bgp_kind kind)
{
	static const char *const names[BGP_KINDS] = { "weir_rtbh4", "weir_rtbh6", "weir_flow4",
						      "weir_flow6" };

	return names[kind];
}

static const char *channel(enum bgp_kind kind)
{
	static const char *const names[BGP_KINDS] = { "ipv4", "ipv6", "flow4", "flow6" };

	return names[kind];
}

static void write_prefix(struct text *out, const char *name, const struct prefix *prefix)
{
	char shown[IP_TEXT_MAX];

	if (prefix->len)
		text_addf(out, "%s %s; ", name, prefix_format(prefix, shown));
}

static void write_number(struct text *out, const char *name, int value)
{
	if (value >= 0)
		text_addf(out, "%s = %d; ", name, value);
}

static void write_range(struct text *out, const char *name, const struct plan_range *range)
{
	if (plan_range_is_any(range, UINT16_MAX))
		return;
	if (range->min == range->max)
		text_addf(out, "%s = %u; ", name, range->min);
	else if (range->min == 0)
		text_addf(out, "%s <= %u; ", name, range->max);
	else if (range->max == UINT16_MAX)
		text_addf(out, "%s >= %u; ", name, range->min);
	else
		text_addf(out, "%s >= %u && <= %u; ", name, range->min, range->max);
}

static void write_rule(struct text *out, const struct plan_rule *rule, bool v6)
{
	text_addf(out, ROUTE "%s { ", v6 ? "flow6" : "flow4");
	write_prefix(out, "dst", &rule->dst);
	write_prefix(out, "src", &rule->src);
	write_number(out, v6 ? "next header" : "proto", rule->proto);
	write_range(out, "dport", &rule->dport);
	write_range(out, "sport", &rule->sport);
	write_number(out, "icmp type", rule->icmp_type);
	write_number(out, "icmp code", rule->icmp_code);
	if (rule->tcp_mask)
		text_addf(out, "tcp flags 0x%x/0x%x; ", rule->tcp_flags, rule->tcp_mask);
	write_range(out, "length", &rule->length);
	if (rule->fragment == PLAN_FRAGMENT_NONE)
		text_add(out, "fragment !is_fragment && !first_fragment; ");
	else if (rule->fragment == PLAN_FRAGMENT_LATER)
		text_add(out, "fragment is_fragment; ");
	text_add(out, "} {");
}

static void write_actions(struct text *out, const struct plan_rule *rule)
{
	uint64_t actions[BGP_ACTIONS_MAX];
	size_t count = bgp_actions(rule, actions);

	for (size_t i = 0; i < count; i++)
		text_addf(out, " bgp_ext_community.add((generic, 0x%" PRIx32 ", 0x%" PRIx32 "));",
			  (uint32_t)(actions[i] >> 32), (uint32_t)actions[i]);
}

static void write_blackhole(struct text *out, const struct bird_style *style,
			    const struct bgp_route *route)
{
	char shown[IP_TEXT_MAX];
	const struct ip *next_hop =
		route->kind == BGP_RTBH4 ? &style->next_hop_v4 : &style->next_hop_v6;

	text_addf(out, ROUTE "%s blackhole {", prefix_format(&route->rule.dst, shown));
	for (size_t i = 0; i < style->community_count; i++)
		text_addf(out, " bgp_community.add((%" PRIu32 ",%" PRIu32 "));",
			  style->communities[i] >> 16, style->communities[i] & 0xffff);
	if (!ip_is_zero(next_hop))
		text_addf(out, " bgp_next_hop = %s;", ip_format(next_hop, shown));
}

static void write_route(struct text *out, const struct bird_style *style,
			const struct bgp_route *route)
{
	if (route->kind == BGP_RTBH4 || route->kind == BGP_RTBH6) {
		write_blackhole(out, style, route);
	} else {
		write_rule(out, &route->rule, route->kind == BGP_FLOW6);
		write_actions(out, &route->rule);
	}
	text_add(out, " };\n");
}

static void write_protocol(struct text *out, const struct bird_style *style,
			   const struct bgp_routes *routes, enum bgp_kind kind)
{
	text_addf(out, "protocol static %s {\n\t%s;\n", bird_protocol(kind), channel(kind));
	for (size_t i = 0; i < routes->count; i++) {
		if (routes->list[i].kind == kind)
			write_route(out, style, &routes->list[i]);
	}
	text_add(out, "}\n");
}

void bird_file_write(const struct bird_style *style, const struct bgp_routes *routes,
		     struct text *out, char *ret_set)
{
	struct text body = text_heap();

	for (int kind = 0; kind < BGP_KINDS; kind++) {
		if (kind < BGP_FLOW4 || style->flowspec)
			write_protocol(&body, style, routes, (enum bgp_kind)kind);
	}
	snprintf(ret_set, BIRD_SET_MAX, "%016" PRIx64,
		 hash_bytes(text_string(&body), body.len, body.len));
	text_addf(out,
		  "# Written by Weir for BIRD 2; it is written anew whenever something changes.\n"
		  "define weir_set = \"%s\";\n",
		  ret_set);
	text_add_n(out, text_string(&body), body.len);
	out->failed |= body.failed;
	text_done(&body);
}

/* Hashes of the lines of routes, sorted. */
struct lines {
	uint64_t *hashes;
	size_t count;
};

static int by_hash(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static int lines_of(const struct text *file, struct lines *ret)
{
	size_t room = 1;
	const char *end = text_string(file) + file->len;

	for (const char *at = text_string(file); at < end; at++)
		room += *at == '\n';
	*ret = (struct lines){ .hashes = calloc(room, sizeof(*ret->hashes)) };
	if (!ret->hashes)
		return -ENOMEM;
	for (const char *at = text_string(file); at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);
		if (len > sizeof(ROUTE) && memcmp(at, ROUTE, sizeof(ROUTE) - 1) == 0)
			ret->hashes[ret->count++] = hash_bytes(at, len, 0);
		at += len + 1;
	}
	if (ret->count)
		qsort(ret->hashes, ret->count, sizeof(*ret->hashes), by_hash);
	return 0;
}

int bird_file_compare(const struct text *before, const struct text *after,
		      struct bird_change *ret_change)
{
	struct lines a;
	struct lines b;
	struct bird_change change = { 0 };
	size_t i = 0;

	if (lines_of(before, &a) < 0)
		return -ENOMEM;
	if (lines_of(after, &b) < 0) {
		free(a.hashes);
		return -ENOMEM;
	}
	for (size_t j = 0; j < b.count; j++) {
		while (i < a.count && a.hashes[i] < b.hashes[j])
			i++;
		if (i < a.count && a.hashes[i] == b.hashes[j]) {
			change.kept++;
			i++;
		}
	}
	change.added = b.count - change.kept;
	change.removed = a.count - change.kept;
	free(a.hashes);
	free(b.hashes);
	*ret_change = change;
	return 0;
}

int bird_file_held(const struct bird_style *style, const struct bgp_routes *routes,
		   const struct text *file, bool *ret_held)
{
	struct text line = text_heap();
	struct lines lines;
	int err = lines_of(file, &lines);

	if (err < 0)
		return err;
	for (size_t i = 0; i < routes->count; i++) {
		text_clear(&line);
		write_route(&line, style, &routes->list[i]);
		/* Without the end of the line, as lines_of() takes them. */
		const uint64_t key = hash_bytes(text_string(&line), line.len - 1, 0);
		ret_held[i] = lines.count && bsearch(&key, lines.hashes, lines.count, sizeof(key),
						     by_hash) != NULL;
	}
	err = line.failed ? -ENOMEM : 0;
	text_done(&line);
	free(lines.hashes);
	return err;
}
