/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks: contradictions between settings: twice the same, one inside another,
 * names that nothing has.
 */
#include "config/checks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/entries.h"
#include "config/path.h"

/* Earlier in the file? Keeps "it is there already" at the later of two. */
static int place_compare(struct config_place a, struct config_place b)
{
	if (a.line != b.line)
		return a.line < b.line ? -1 : 1;
	return a.column < b.column ? -1 : a.column > b.column;
}

/* Networks around others come before them: family, address, length, place. */
static int network_compare(const void *left, const void *right)
{
	const struct config_network *a = left;
	const struct config_network *b = right;
	bool v4 = prefix_is_v4(&a->prefix);

	if (v4 != prefix_is_v4(&b->prefix))
		return v4 ? -1 : 1;
	int order = ip_compare(&a->prefix.ip, &b->prefix.ip);
	if (order)
		return order;
	if (a->prefix.len != b->prefix.len)
		return a->prefix.len < b->prefix.len ? -1 : 1;
	return place_compare(a->at, b->at);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && ip_equal(&a->ip, &b->ip);
}

static bool lies_inside(const struct prefix *inner, const struct prefix *outer)
{
	return prefix_is_v4(inner) == prefix_is_v4(outer) && inner->len >= outer->len &&
	       prefix_has_ip(outer, &inner->ip);
}

static void check_nesting(struct reader *r, const struct config_network *n,
			  const struct config_network *around)
{
	const char *file = r->problems->file;
	char inner[IP_TEXT_MAX];
	char outer[IP_TEXT_MAX];

	prefix_format(&n->prefix, inner);
	if (!around) {
		/* A `within` that could not be read is zero, and complained about already. */
		if (n->nested && (n->within.len || !ip_is_zero(&n->within.ip)))
			problem_add(
				r->problems, n->at,
				"%s is not inside another network of the list; add %s or remove "
				"`within`",
				inner, prefix_format(&n->within, outer));
		return;
	}
	prefix_format(&around->prefix, outer);
	if (same_prefix(&n->prefix, &around->prefix))
		problem_add(r->problems, n->at, "%s is there already, in %s:%u:%u; remove one",
			    inner, file, around->at.line, around->at.column);
	else if (!n->nested)
		problem_add(r->problems, n->at,
			    "%s overlaps %s in %s:%u:%u; remove one, or say that it is meant with "
			    "`within: %s`",
			    inner, outer, file, around->at.line, around->at.column, outer);
	else if (!same_prefix(&n->within, &around->prefix))
		problem_add(r->problems, n->at,
			    "the network right around %s is %s in %s:%u:%u; write `within: %s`",
			    inner, outer, file, around->at.line, around->at.column, outer);
}

static void check_networks(struct reader *r)
{
	struct config_network *list = (struct config_network *)r->config->networks;
	size_t around[129];
	size_t depth = 0;

	if (!r->config->network_count)
		return;
	qsort(list, r->config->network_count, sizeof(*list), network_compare);
	for (size_t i = 0; i < r->config->network_count; i++) {
		while (depth && !lies_inside(&list[i].prefix, &list[around[depth - 1]].prefix))
			depth--;
		check_nesting(r, &list[i], depth ? &list[around[depth - 1]] : NULL);
		/* The same prefix again is not around anything more. */
		if (!depth || !same_prefix(&list[i].prefix, &list[around[depth - 1]].prefix))
			around[depth++] = i;
	}
}

static int exporter_compare(const void *left, const void *right)
{
	const struct config_exporter *a = left;
	const struct config_exporter *b = right;
	int order = ip_compare(&a->address, &b->address);

	return order ? order : place_compare(a->at, b->at);
}

static void check_exporters(struct reader *r)
{
	struct config_exporter *list = (struct config_exporter *)r->config->exporters;
	char text[IP_TEXT_MAX];

	if (r->config->exporter_count)
		qsort(list, r->config->exporter_count, sizeof(*list), exporter_compare);
	for (size_t i = 1; i < r->config->exporter_count; i++) {
		if (ip_equal(&list[i].address, &list[i - 1].address))
			problem_add(r->problems, list[i].at,
				    "exporter %s is there already, in %s:%u:%u; remove one",
				    ip_format(&list[i].address, text), r->problems->file,
				    list[i - 1].at.line, list[i - 1].at.column);
	}
	if (!r->config->exporters_only || r->config->exporter_count)
		return;
	const struct node *key = node_find(r->root, "exporters_only");
	if (node_is_empty(node_find(r->root, "exporters")))
		problem_add(r->problems, key->at,
			    "`exporters_only` without `exporters` would take no telemetry at all; "
			    "list them, or remove it");
}

static bool is_own(const struct config *config, const struct prefix *prefix)
{
	for (size_t i = 0; i < config->network_count; i++) {
		const struct prefix *own = &config->networks[i].prefix;
		if (prefix_is_v4(own) == prefix_is_v4(prefix) && prefix_overlaps(own, prefix))
			return true;
	}
	return false;
}

static void check_tenant(struct reader *r, const struct config_threshold *t)
{
	const char *meant = NULL;

	for (size_t i = 0; i < r->config->network_count; i++) {
		const char *tenant = r->config->networks[i].tenant;
		if (tenant && strcmp(tenant, t->tenant) == 0)
			return;
		if (!meant)
			meant = name_nearest(t->tenant, &tenant, 1);
	}
	if (meant)
		problem_add(r->problems, t->at,
			    "no network has the tenant `%s`; did you mean `%s`?", t->tenant, meant);
	else
		problem_add(
			r->problems, t->at,
			"no network has the tenant `%s`; add it in `networks`, or remove it here",
			t->tenant);
}

static void check_thresholds(struct reader *r)
{
	const struct node *networks = r->root ? node_find(r->root, "networks") : NULL;
	char text[IP_TEXT_MAX];

	/* With a network that could not be read, no name can be called missing. */
	if (networks && !node_is_empty(networks) &&
	    (networks->kind != NODE_LIST || networks->count != r->config->network_count))
		return;
	for (size_t i = 0; i < r->config->threshold_count; i++) {
		const struct config_threshold *t = &r->config->thresholds[i];
		if (t->tenant)
			check_tenant(r, t);
		bool unread = t->network.len == 0 && ip_is_zero(&t->network.ip);
		if (t->any_network || unread || r->config->network_count == 0)
			continue;
		if (!is_own(r->config, &t->network))
			problem_add(
				r->problems, t->at,
				"%s is outside all your networks; add it in `networks`, or remove "
				"this threshold",
				prefix_format(&t->network, text));
	}
}

/* A dual-stack socket takes the IPv4 traffic of its port too. */
static bool same_socket(const struct config_listen *a, const struct config_listen *b)
{
	static const struct ip any4 = { .b = { [10] = 0xff, [11] = 0xff } };

	if (a->port != b->port)
		return false;
	return ip_equal(&a->ip, &b->ip) || (ip_is_zero(&a->ip) && ip_equal(&b->ip, &any4)) ||
	       (ip_is_zero(&b->ip) && ip_equal(&a->ip, &any4));
}

/* A map whose values are all left out, or empty lists. */
static bool names_nothing(const struct node *map)
{
	if (map->kind != NODE_MAP)
		return false;
	for (const struct node *key = map->first; key; key = key->next) {
		if (!node_is_empty(key->value) &&
		    key->value->count + (key->value->kind == NODE_TEXT))
			return false;
	}
	return true;
}

static void check_listens(struct reader *r)
{
	const struct config_listen *list = r->config->listens;
	const struct node *listen = r->root ? node_find(r->root, "listen") : NULL;

	for (size_t i = 0; i < r->config->listen_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!same_socket(&list[i], &list[j]))
				continue;
			/* The file may name sflow before netflow. */
			bool swap = place_compare(list[i].at, list[j].at) < 0;
			const struct config_listen *first = swap ? &list[i] : &list[j];
			const struct config_listen *second = swap ? &list[j] : &list[i];
			problem_add(
				r->problems, second->at,
				"this address and port is taken by %s:%u:%u; remove one (netflow "
				"and ipfix take both, [::] takes IPv4 too)",
				r->problems->file, first->at.line, first->at.column);
			break;
		}
	}
	if (listen && names_nothing(listen))
		problem_add(r->problems, listen->at,
			    "`listen` names no address; give it one, or remove it to listen on the "
			    "usual ports");
}

static void check_interfaces(struct reader *r)
{
	const struct config_interface *list = r->config->interfaces;

	for (size_t i = 1; i < r->config->interface_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(list[i].name, list[j].name) != 0)
				continue;
			problem_add(r->problems, list[i].at,
				    "interface `%s` is there already, in %s:%u:%u; remove one",
				    list[i].name, r->problems->file, list[j].at.line,
				    list[j].at.column);
			break;
		}
	}
}

static void check_cpus(struct reader *r)
{
	const struct config *config = r->config;
	const struct config_known *known = r->known;

	for (size_t i = 0; known && known->cpu_count && i < config->cpu_count; i++) {
		const struct config_cpu *cpu = &config->cpus[i];
		if (cpu->cpu < known->cpu_count && known->cpus[cpu->cpu])
			continue;
		problem_add(r->problems, cpu->at,
			    "`cpus`: there is no processor %u, or this program may not use it; "
			    "`nproc` and `taskset -p $$` tell which there are",
			    cpu->cpu);
	}
	if (config->cpu_count && config->cpu_count != config->threads)
		problem_add(r->problems, config->cpus[config->cpu_count - 1].at,
			    "`cpus` names %zu for %u thread%s; name one for each, or set "
			    "`threads: %zu`",
			    config->cpu_count, config->threads, config->threads == 1 ? "" : "s",
			    config->cpu_count);
}

/* Is @inner the same as @outer, or below it? Both plain. */
static bool path_within(const char *inner, const char *outer)
{
	size_t len = strlen(outer);

	return strncmp(inner, outer, len) == 0 &&
	       (inner[len] == '\0' || inner[len] == '/' || (len && outer[len - 1] == '/'));
}

/* A file that two entries have would be counted twice. */
static void check_flowlogs(struct reader *r)
{
	const struct config_flowlog *list = r->config->flowlogs;
	const char *plain[SCHEMA_LOGS_MAX];
	char shown[QUOTE_MAX];

	assert(r->config->flowlog_count <= SCHEMA_LOGS_MAX);
	for (size_t i = 0; i < r->config->flowlog_count; i++) {
		plain[i] = list[i].path ? path_plain(r->scratch, list[i].path) : NULL;
		r->short_memory |= list[i].path && !plain[i];
		for (size_t j = 0; j < i; j++) {
			if (!plain[i] || !plain[j] ||
			    !(path_within(plain[i], plain[j]) || path_within(plain[j], plain[i])))
				continue;
			problem_add(r->problems, list[i].at,
				    "`%s` and the path in %s:%u:%u have files in common, which"
				    " would be counted twice; keep one of them",
				    quote(list[i].path, shown), r->problems->file, list[j].at.line,
				    list[j].at.column);
			break;
		}
	}
}

void check_kind(struct reader *r, struct config_place at, const char *kind,
		const char *const *kinds)
{
	struct text list = text_heap();
	size_t count = 0;

	for (; kinds[count]; count++) {
		if (strcmp(kinds[count], kind) == 0)
			goto out;
		text_addf(&list, "%s`%s`", count ? ", " : "", kinds[count]);
	}
	const char *meant = name_nearest(kind, kinds, count);
	if (meant)
		problem_add(r->problems, at, "`kind`: this version has no `%s`; did you mean `%s`?",
			    kind, meant);
	else
		problem_add(r->problems, at, "`kind`: this version has no `%s`; it has %s", kind,
			    text_string(&list));
out:
	text_done(&list);
}

static void check_sinks(struct reader *r)
{
	const struct config_sink *list = r->config->sinks;
	const char *plain[SCHEMA_SINKS_MAX];
	char shown[QUOTE_MAX];

	assert(r->config->sink_count <= SCHEMA_SINKS_MAX);
	for (size_t i = 0; i < r->config->sink_count; i++) {
		plain[i] = list[i].path ? path_plain(r->scratch, list[i].path) : NULL;
		r->short_memory |= list[i].path && !plain[i];
		if (r->known && r->known->sinks)
			check_kind(r, list[i].at, list[i].kind, r->known->sinks);
		for (size_t j = 0; j < i; j++) {
			if (!plain[i] || !plain[j] || strcmp(plain[i], plain[j]) != 0)
				continue;
			problem_add(r->problems, list[i].at,
				    "%s:%u:%u writes to `%s` as well; give each a path of its own",
				    r->problems->file, list[j].at.line, list[j].at.column,
				    quote(list[i].path, shown));
			break;
		}
	}
}

void checks_run(struct reader *r)
{
	check_networks(r);
	check_exporters(r);
	check_listens(r);
	check_interfaces(r);
	check_cpus(r);
	check_flowlogs(r);
	check_thresholds(r);
	check_sinks(r);
	actuators_check(r);
	policies_check(r);
	check_memory(r);
}
