/* SPDX-License-Identifier: Apache-2.0 */
/* change: differences in, commands of nft out. Spec: libnftables-json(5). */
#include "actuate/nft/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "actuate/nft/express.h"
#include "base/clock.h"

#define PRIORITY (-500) /* before whatever else stands at the hook */

/* What the commands are made from. */
struct making {
	const struct nft_place *place;
	struct found *found;
	const struct nft_memory *memory;
	uint64_t now_ns;
	json_t *commands;
};

/* @what: takes over; it gets the table's name. */
static void command(struct making *m, const char *verb, const char *kind, json_t *what)
{
	json_object_set_new(what, "family", json_string("netdev"));
	json_object_set_new(what, "table", json_string(m->place->table));
	json_array_append_new(m->commands, json_pack("{s{so}}", verb, kind, what));
}

static void named(struct making *m, const char *verb, const char *kind, const char *name)
{
	command(m, verb, kind, json_pack("{ss}", "name", name));
}

/* Return: is it there already? */
static bool keep_chain(struct making *m, const char *name)
{
	struct found_name *chain = found_chain(m->found, name);

	if (chain)
		chain->wanted = true;
	return chain;
}

static bool keep_set(struct making *m, const char *name)
{
	struct found_name *set = found_set(m->found, name);

	if (set)
		set->wanted = true;
	return set;
}

static bool keep_rule(struct making *m, const char *chain, const char *comment)
{
	struct found_rule *rule = found_rule_in(m->found, chain, comment);

	if (rule)
		rule->wanted = true;
	return rule;
}

/* @expr: borrowed. */
static void want_rule(struct making *m, const char *chain, const char *comment, json_t *expr)
{
	if (!keep_rule(m, chain, comment))
		command(m, "add", "rule",
			json_pack("{sssssO}", "chain", chain, "comment", comment, "expr", expr));
}

static void want_jump(struct making *m, const char *chain, const char *comment, const char *target)
{
	json_t *expr = json_pack("[{s{ss}}]", "jump", "target", target);

	want_rule(m, chain, comment, expr);
	json_decref(expr);
}

/* Where packets come in or go out of an interface. */
static void want_hook(struct making *m, bool outbound, const char *interface)
{
	char name[NFT_NAME_MAX];
	char comment[NFT_COMMENT_MAX];

	snprintf(name, sizeof(name), "%s_%.30s", outbound ? "out" : "in", interface);
	snprintf(comment, sizeof(comment), "weir %s", name);
	if (!keep_chain(m, name))
		command(m, "add", "chain",
			json_pack("{sssssssssiss}", "name", name, "type", "filter", "hook",
				  outbound ? "egress" : "ingress", "dev", interface, "prio",
				  PRIORITY, "policy", "accept"));
	want_jump(m, name, comment, outbound ? "outbound" : "inbound");
}

static void want_hooks(struct making *m, const struct nft_want *want, bool outbound)
{
	bool any = false;

	for (size_t i = 0; i < want->count; i++)
		any = any || want->plans[i].outbound == outbound;
	if (!any)
		return;
	if (!keep_chain(m, outbound ? "outbound" : "inbound"))
		named(m, "add", "chain", outbound ? "outbound" : "inbound");
	for (size_t i = 0; i < m->place->interface_count; i++)
		want_hook(m, outbound, m->place->interfaces[i].text);
}

static void elements(struct making *m, const char *verb, const char *set, json_t *list)
{
	if (json_array_size(list))
		command(m, verb, "element", json_pack("{sssO}", "name", set, "elem", list));
	json_decref(list);
}

static void add_set(struct making *m, const char *name, bool v6, json_t *flags)
{
	json_t *set = json_pack("{ssss}", "name", name, "type", v6 ? "ipv6_addr" : "ipv4_addr");

	if (json_array_size(flags))
		json_object_set(set, "flags", flags);
	json_decref(flags);
	command(m, "add", "set", set);
}

/* Seconds are the finest that JSON has: it ends up to one late. */
static json_t *member(const struct prefix *prefix, uint64_t expires_ns, uint64_t now_ns)
{
	json_t *value = nft_address(prefix);

	if (!expires_ns)
		return value;
	return json_pack("{s{sosI}}", "elem", "val", value, "timeout",
			 (json_int_t)((expires_ns - now_ns + NS_PER_S - 1) / NS_PER_S));
}

static void want_gate(struct making *m, const struct nft_plan *p, bool v6)
{
	const struct nft_gate *gate = &p->gates[v6];
	const struct nft_known *known = nft_known_plan(m->memory, p->chain);
	uint64_t expires_ns = p->wanted->plan.expires_ns;

	if (!gate->count)
		return;
	bool there = keep_set(m, gate->set);
	if (!there)
		add_set(m, gate->set, v6,
			gate->hosts ? json_pack("[s]", "timeout")
				    : json_pack("[ss]", "interval", "timeout"));
	else if (known && nft_same_time(known->expires_ns, expires_ns))
		return;
	else
		named(m, "flush", "set", gate->set);
	json_t *list = json_array();
	for (unsigned i = 0; i < gate->count; i++)
		json_array_append_new(list, member(&gate->members[i], expires_ns, m->now_ns));
	elements(m, "add", gate->set, list);
}

/* Those of the family that are in @a and not in @b; both are sorted. */
static json_t *only_in(const struct ip *a, size_t a_count, const struct ip *b, size_t b_count,
		       bool v6)
{
	json_t *list = json_array();
	char words[IP_TEXT_MAX];
	size_t k = 0;

	for (size_t i = 0; i < a_count; i++) {
		if (ip_is_v4(&a[i]) == v6 || (i > 0 && ip_equal(&a[i], &a[i - 1])))
			continue;
		while (k < b_count && ip_compare(&b[k], &a[i]) < 0)
			k++;
		if (k < b_count && ip_equal(&b[k], &a[i]))
			continue;
		json_array_append_new(list, json_string(ip_format(&a[i], words)));
	}
	return list;
}

static void want_sources(struct making *m, const struct nft_plan *p, bool v6)
{
	const char *name = p->sources[v6];
	const struct wanted *w = p->wanted;
	const struct nft_known *known = nft_known_plan(m->memory, p->chain);

	if (!name[0])
		return;
	bool there = keep_set(m, name);
	if (!there)
		add_set(m, name, v6, NULL);
	else if (!known)
		named(m, "flush", "set", name);
	if (!there || !known) {
		elements(m, "add", name, only_in(w->sources, w->source_count, NULL, 0, v6));
		return;
	}
	elements(m, "delete", name,
		 only_in(known->sources, known->source_count, w->sources, w->source_count, v6));
	elements(m, "add", name,
		 only_in(w->sources, w->source_count, known->sources, known->source_count, v6));
}

static void want_plan(struct making *m, const struct nft_plan *p)
{
	if (!keep_chain(m, p->chain))
		named(m, "add", "chain", p->chain);
	for (int v6 = 0; v6 < 2; v6++) {
		want_gate(m, p, v6);
		want_sources(m, p, v6);
	}
	for (unsigned i = 0; i < p->rule_count; i++)
		want_rule(m, p->chain, p->rules[i].comment, p->rules[i].expr);
	for (int v6 = 0; v6 < 2; v6++) {
		char set[NFT_NAME_MAX + 2];
		const struct nft_gate *gate = &p->gates[v6];
		snprintf(set, sizeof(set), "@%s", gate->set);
		json_t *expr = json_pack("[{s{sss{s{ssss}}ss}}{s{ss}}]", "match", "op",
					 "==", "left", "payload", "protocol", v6 ? "ip6" : "ip",
					 "field", p->outbound ? "saddr" : "daddr", "right", set,
					 "jump", "target", p->chain);
		if (gate->count)
			want_rule(m, p->outbound ? "outbound" : "inbound", gate->comment, expr);
		json_decref(expr);
	}
}

/* What nobody asked to keep goes: first what jumps, then where to, then what was asked for. */
static void remove_rest(struct making *m)
{
	struct found *f = m->found;

	for (size_t i = 0; i < f->rule_count; i++) {
		const struct found_name *chain = found_chain(f, f->rules[i].chain);
		if (!f->rules[i].wanted && chain && chain->wanted)
			command(m, "delete", "rule",
				json_pack("{sssI}", "chain", f->rules[i].chain, "handle",
					  (json_int_t)f->rules[i].handle));
	}
	for (size_t i = 0; i < f->chain_count; i++) {
		if (!f->chains[i].wanted)
			named(m, "flush", "chain", f->chains[i].name);
	}
	for (size_t i = 0; i < f->chain_count; i++) {
		if (!f->chains[i].wanted)
			named(m, "delete", "chain", f->chains[i].name);
	}
	for (size_t i = 0; i < f->set_count; i++) {
		if (!f->sets[i].wanted)
			named(m, "delete", "set", f->sets[i].name);
	}
}

json_t *nft_change(const struct nft_place *place, const struct nft_want *want, struct found *found,
		   const struct nft_memory *memory, uint64_t now_ns)
{
	struct making m = { place, found, memory, now_ns, json_array() };

	if (!m.commands)
		return NULL;
	if (!found->listing)
		json_array_append_new(m.commands,
				      json_pack("{s{s{ssss}}}", "add", "table", "family", "netdev",
						"name", place->table));
	want_hooks(&m, want, false);
	want_hooks(&m, want, true);
	for (size_t i = 0; i < want->count; i++)
		want_plan(&m, &want->plans[i]);
	remove_rest(&m);
	return m.commands;
}
