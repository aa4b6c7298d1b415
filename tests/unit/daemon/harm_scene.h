/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harm_scene: a host, its clients, an attack and a filter, on one clock, for tests of hands.
 *
 * Each packet of a scene stands for SCALE. Telemetry takes one in SCALE, in front of the filter or
 * behind it; the test says when the attack begins and ends, as the incident room would.
 */
#pragma once

#include "config_text.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "daemon/hands.h"
#include "fake_crew.h"
#include "own_space.h"

#define START_NS (1700000000ULL * NS_PER_S)
#define TICK_NS  (NS_PER_S / 10)
#define SCALE    100
#define CLIENTS  40

/* The last of what was told, by type. */
struct told {
	unsigned count[EVENT_TYPE_COUNT];
	struct plan plan[EVENT_TYPE_COUNT];
	struct verdict verdict[EVENT_TYPE_COUNT];
	char text[EVENT_TYPE_COUNT][256];
};

/* The scene. */
struct scene {
	struct config *config;
	struct hands *hands;
	struct incident incident;
	uint64_t now_ns;
	uint64_t drawn;
	bool behind;        /* telemetry is taken behind the filter */
	bool one_way;       /* it sees nothing that the host sends */
	unsigned innocents; /* packets of clients in each tick */
	unsigned attack;    /* of the attack */
	unsigned mimics;    /* of the innocents, those that look like the attack */
	unsigned replies;   /* that the host sends in each tick */
	unsigned arrived;   /* behind the filter, of this tick: innocents */
	struct told told;
	struct sample samples[1024];
	size_t count;
};

static struct scene scene;

static inline void scene_take(void *self, const struct event *event)
{
	struct told *told = self;

	told->count[event->type]++;
	if (event->plan)
		told->plan[event->type] = *event->plan;
	if (event->verdict)
		told->verdict[event->type] = *event->verdict;
	snprintf(told->text[event->type], sizeof(told->text[0]), "%s",
		 event->text ? event->text : "");
}

static inline uint32_t scene_draw(uint32_t below)
{
	return (uint32_t)(hash_words(++scene.drawn, 5, 6) % below);
}

/* UDP to the host. @src: a client by its number, or CLIENTS and above: somebody else */
static inline struct sample scene_packet(unsigned src, uint16_t sport, uint16_t dport,
					 uint16_t length)
{
	uint8_t be[4] = { 20, (uint8_t)(src >> 16), (uint8_t)(src >> 8), (uint8_t)src };

	return (struct sample){ .src = ip_from_v4(be),
				.dst = ip_of("198.51.100.7"),
				.sampling = SCALE,
				.packets = 1,
				.length = length,
				.sport = sport,
				.dport = dport,
				.proto = 17,
				.ttl = (uint8_t)(40 + scene_draw(80)),
				.direction = DIRECTION_INBOUND,
				.class = CLASS_UDP,
				.has = SAMPLE_HAS_TTL };
}

static inline void scene_send(const struct sample *s, bool innocent)
{
	bool passes = fake_passes(s);

	scene.arrived += innocent && passes;
	if ((passes || !scene.behind) && scene.count < 1024)
		scene.samples[scene.count++] = *s;
}

static inline void scene_innocents(void)
{
	for (unsigned i = 0; i < scene.innocents; i++) {
		struct sample s =
			scene_packet(scene_draw(CLIENTS), (uint16_t)(30000 + scene_draw(20000)),
				     5060, (uint16_t)(60 + scene_draw(1000)));
		if (i < scene.mimics) {
			s.sport = 123;
			s.length = 468;
		}
		scene_send(&s, true);
	}
}

static inline void scene_replies(void)
{
	for (unsigned i = 0; i < scene.replies && !scene.one_way; i++) {
		struct sample s = scene_packet(scene_draw(CLIENTS), 0, 5060, 200);
		struct ip host = s.dst;
		s.dst = s.src;
		s.src = host;
		s.sport = 5060;
		s.direction = DIRECTION_OUTBOUND;
		if (scene.count < 1024)
			scene.samples[scene.count++] = s;
	}
}

/* One tick, through everything. */
static inline void scene_tick(void)
{
	const struct event_sink sink = { .emit = scene_take, .self = &scene.told };

	scene.now_ns += TICK_NS;
	scene.count = scene.arrived = 0;
	for (unsigned i = 0; i < scene.attack; i++) {
		struct sample s = scene_packet(1000 + scene_draw(60000), 123,
					       (uint16_t)(1024 + scene_draw(60000)), 468);
		scene_send(&s, false);
	}
	scene_innocents();
	scene_replies();
	fake_tick(scene.now_ns, 0.1);
	const struct tally_set set = { .samples = scene.samples,
				       .sample_count = scene.count,
				       .tick_ns = scene.now_ns };
	hands_observe(scene.hands, &set);
	hands_tick(scene.hands, scene.now_ns, false, &sink);
	hands_act(scene.hands, scene.now_ns);
}

static inline void scene_run(double seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++)
		scene_tick();
}

static inline void scene_say(enum event_type type)
{
	const struct event event = { .type = type,
				     .time_ns = scene.now_ns,
				     .incident = &scene.incident };

	hands_incident(scene.hands, &event);
}

/* What is in force now. */
static inline struct plan scene_plan(void)
{
	struct plan plan;

	hands_plan(scene.hands, &scene.incident, &plan);
	return plan;
}

/* Seconds until the plan is on a level; fails after @most. */
static inline double scene_wait(uint8_t level, double most)
{
	uint64_t begin_ns = scene.now_ns;

	while (scene_plan().level != level) {
		if ((double)(scene.now_ns - begin_ns) > most * 1e9)
			fail_msg("not at level %u after %.0f s but at %u: %s", level, most,
				 scene_plan().level, scene_plan().why);
		scene_tick();
	}
	return (double)(scene.now_ns - begin_ns) / 1e9;
}

#define SCENE_YAML                                \
	"networks: [{prefix: 198.51.100.0/24}]\n" \
	"protect: {kill_file: none}\n"            \
	"actuators: [{name: edge, kind: hook, program: /bin/true}]\n"

static inline int scene_open(const char *yaml)
{
	struct text errors = text_heap();
	struct hands_options options = { .act = true, .seed = 1 };

	memset(&scene, 0, sizeof(scene));
	memset(&fake, 0, sizeof(fake));
	scene.now_ns = START_NS;
	scene.innocents = 40;
	scene.replies = 20;
	fake.counts = fake.catches = true;
	options.now_ns = START_NS;
	scene.config = config_of(yaml);
	int err = hands_open(scene.config, &options, &errors, &scene.hands);
	assert_string_equal(text_string(&errors), "");
	text_done(&errors);
	return err;
}

static inline int scene_close(void **state)
{
	(void)state;
	hands_close(scene.hands);
	config_free(scene.config);
	return 0;
}

static inline void scene_incident(const char *id)
{
	scene.incident = (struct incident){ .severity = SEVERITY_CRITICAL,
					    .direction = DIRECTION_INBOUND,
					    .host_len = 128,
					    .host = ip_of("198.51.100.7"),
					    .target_count = 1,
					    .focus = { .proto = 17, .sport = 123, .dport = -1 },
					    .onset_ns = scene.now_ns };
	snprintf(scene.incident.id, sizeof(scene.incident.id), "%s", id);
	scene.incident.targets[0] = prefix_of_host(&scene.incident.host);
}

/* A minute of peace, an attack of ten times as much, and a plan that drops it. */
static inline void scene_attack(void)
{
	scene_run(60);
	scene_incident("inc-1");
	scene.attack = 10 * scene.innocents;
	scene.incident.pps = scene.incident.peak_pps = scene.attack * 10ULL * SCALE;
	scene_tick();
	scene.incident.detected_ns = scene.now_ns;
	scene_say(EVENT_INCIDENT_OPENED);
	scene_wait(LEVEL_DROP, 10);
}

/* It is over, as far as the incident room can see. */
static inline void scene_quiet(void)
{
	scene.incident.pps = 0;
	scene.incident.quiet_ns = scene.now_ns;
	scene_say(EVENT_INCIDENT_UPDATED);
}

static inline void scene_closed(void)
{
	scene.incident.state = INCIDENT_CLOSED;
	scene.incident.ended_ns = scene.incident.quiet_ns;
	scene.incident.quiet_ns = 0;
	scene_say(EVENT_INCIDENT_CLOSED);
}
