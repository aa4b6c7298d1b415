/* SPDX-License-Identifier: Apache-2.0 */
/* entries: words, and what single values of an entry do not say. */
#include "config/entries.h"

#include <ctype.h>
#include <net/if.h>
#include <string.h>

#include "config/read.h"
#include "config/tree.h"

static const char *direction_word(unsigned index)
{
	return direction_name((enum direction)index);
}

static const char *class_word(unsigned index)
{
	return class_name((enum traffic_class)index);
}

static const char *severity_word(unsigned index)
{
	return severity_name((enum severity)index);
}

static const char *flowlog_word(unsigned index)
{
	return flowlog_format_name((enum flowlog_format)index);
}

const struct words words_flowlog = {
	.name = flowlog_word,
	.count = FLOWLOG_FORMAT_COUNT,
	.allowed = (1U << FLOWLOG_FORMAT_COUNT) - 1,
};

const struct words words_direction = {
	.name = direction_word,
	.count = DIRECTION_COUNT,
	.allowed = 1U << DIRECTION_INBOUND | 1U << DIRECTION_OUTBOUND | 1U << DIRECTION_INTERNAL,
};

const struct words words_class = {
	.name = class_word,
	.count = CLASS_COUNT,
	.allowed = (1U << CLASS_COUNT) - 1,
	.all = "total",
};

const struct words words_severity = {
	.name = severity_word,
	.count = SEVERITY_COUNT,
	.allowed = 1U << SEVERITY_WARNING | 1U << SEVERITY_CRITICAL,
};

const char *capture_mode_name(enum capture_mode mode)
{
	static const char *const names[CAPTURE_MODE_COUNT] = {
		[CAPTURE_PACKET] = "packet",
		[CAPTURE_XDP] = "xdp",
		[CAPTURE_AUTO] = "auto",
	};

	return names[mode];
}

static const char *capture_word(unsigned index)
{
	return capture_mode_name((enum capture_mode)index);
}

const struct words words_capture = {
	.name = capture_word,
	.count = CAPTURE_MODE_COUNT,
	.allowed = (1U << CAPTURE_MODE_COUNT) - 1,
};

void network_finish(struct reader *reader, const struct node *map, void *entry)
{
	struct config_network *network = entry;

	if (network->prefix.len == (prefix_is_v4(&network->prefix) ? 96 : 0) &&
	    !reader->subject_bad)
		problem_add(reader->problems, network->at,
			    "the whole Internet is not your own network; name your prefixes, or "
			    "leave `networks` away");
	network->nested = !node_is_empty(node_find(map, "within"));
}

void threshold_finish(struct reader *reader, const struct node *map, void *entry)
{
	struct config_threshold *threshold = entry;

	threshold->any_network = node_is_empty(node_find(map, "network"));
	for (int m = 0; m < METRIC_COUNT; m++) {
		static const char *const names[METRIC_COUNT] = { "pps", "bps", "flows" };
		if (node_find(map, names[m]))
			return;
	}
	problem_add(reader->problems, threshold->at,
		    "a threshold without a limit; give it `pps`, `bps` or `flows`");
}

/* What the kernel takes as an interface's name. */
static bool name_can_be(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	}
	return true;
}

void interface_finish(struct reader *reader, const struct node *map, void *entry)
{
	const struct config_interface *interface = entry;
	char shown[QUOTE_MAX];

	(void)map;
	if (reader->subject_bad)
		return;
	if (!name_can_be(interface->name))
		problem_add(reader->problems, interface->at,
			    "`name`: `%s` can be no interface; `ip -br link` lists those there are",
			    quote(interface->name, shown));
	if (interface->mode == CAPTURE_XDP && reader->known && reader->known->no_xdp)
		problem_add(
			reader->problems, interface->at,
			"`mode: xdp`: this program was built without BPF; write `mode: packet`, "
			"or build it with -Dbpf=enabled");
}

static bool same_interface(const struct config_interface *a, const struct config_interface *b)
{
	return strcmp(a->name, b->name) == 0 && a->sampling == b->sampling && a->mode == b->mode &&
	       a->promiscuous == b->promiscuous;
}

bool interfaces_differ(const struct config *before, const struct config *after)
{
	if (before->interface_count != after->interface_count)
		return true;
	for (size_t i = 0; i < before->interface_count; i++) {
		if (!same_interface(&before->interfaces[i], &after->interfaces[i]))
			return true;
	}
	return false;
}

bool cpus_differ(const struct config *before, const struct config *after)
{
	if (before->cpu_count != after->cpu_count)
		return true;
	for (size_t i = 0; i < before->cpu_count; i++) {
		if (before->cpus[i].cpu != after->cpus[i].cpu)
			return true;
	}
	return false;
}

bool flowlogs_differ(const struct config *before, const struct config *after)
{
	if (before->flowlog_count != after->flowlog_count)
		return true;
	for (size_t i = 0; i < before->flowlog_count; i++) {
		const struct config_flowlog *a = &before->flowlogs[i];
		const struct config_flowlog *b = &after->flowlogs[i];
		if (strcmp(a->path, b->path) != 0 || a->format != b->format ||
		    a->sampling != b->sampling)
			return true;
	}
	return false;
}

bool listens_differ(const struct config *before, const struct config *after)
{
	if (interfaces_differ(before, after) || flowlogs_differ(before, after))
		return true;
	if (before->listen_count != after->listen_count)
		return true;
	for (size_t i = 0; i < before->listen_count; i++) {
		const struct config_listen *a = &before->listens[i];
		const struct config_listen *b = &after->listens[i];
		if (!ip_equal(&a->ip, &b->ip) || a->port != b->port || a->sflow != b->sflow)
			return true;
	}
	return false;
}
