/* SPDX-License-Identifier: Apache-2.0 */
/* scene: a small network, findings about its hosts, and events written down, for these tests. */
#pragma once

#include "check.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "incident/incidents.h"

#define START_NS   (1795356306ULL * NS_PER_S) /* 2026-11-22T14:05:06Z */
#define EVENTS_MAX 64

/** Events as they came. */
struct seen {
	size_t count;
	struct {
		enum event_type type;
		struct incident incident;
		char text[160];
	} events[EVENTS_MAX];
};

static inline struct ip scene_ip(const char *text)
{
	struct ip ip = { 0 };

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static inline struct config scene_config(void)
{
	static struct config_network network = { .tenant = "acme", .region = "tokyo" };
	struct config config = {
		.networks = &network,
		.network_count = 1,
		.network_lpm = lpm_new(),
		.close_after_ns = 60 * NS_PER_S,
		.update_every_ns = 10 * NS_PER_S,
		.max_incidents = 4,
	};

	assert_int_equal(prefix_parse("198.51.100.0/24", &network.prefix), 0);
	assert_int_equal(lpm_add(config.network_lpm, &network.prefix, 0), 0);
	return config;
}

static inline struct finding scene_finding(const char *host, enum direction direction,
					   uint64_t now_ns)
{
	struct finding finding = {
		.host = scene_ip(host),
		.direction = (uint8_t)direction,
		.severity = SEVERITY_WARNING,
		.first = true,
		.above = true,
		.limit = 5000,
		.value = 20000,
		.pps = 20000,
		.bps = 80000000,
		.distinct = 300,
		.now_ns = now_ns,
		.onset_ns = now_ns - NS_PER_S,
		.vector_count = 1,
		.vectors = { { "ntp-amplification", 0.9 } },
		.why = "20.0 kpps, limit 5.00 kpps",
	};

	return finding;
}

static inline void scene_emit(void *self, const struct event *event)
{
	struct seen *seen = self;

	assert_true(seen->count < EVENTS_MAX);
	seen->events[seen->count].type = event->type;
	seen->events[seen->count].incident = *event->incident;
	snprintf(seen->events[seen->count].text, sizeof(seen->events[0].text), "%s",
		 event->text ? event->text : "");
	seen->count++;
}

/** One finding and one tick. */
static inline void scene_step(struct incidents *incidents, const struct finding *finding,
			      uint64_t now_ns, struct seen *seen)
{
	struct event_sink sink = { scene_emit, seen };

	if (finding)
		incidents_finding(incidents, finding);
	incidents_tick(incidents, now_ns, &sink);
}
