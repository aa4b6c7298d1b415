/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands_scene: hands with a host under attack before them, for tests of what they do.
 *
 * The clock is the scene's; an actuator, where one is configured, has its own thread.
 */
#pragma once

#include "config_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "daemon/hands.h"
#include "own_space.h"

#define START_NS (1700000000ULL * NS_PER_S)
#define TICK_NS  (NS_PER_S / 10)
#define PER_TICK 40

static char folder[64];
static struct config *config; /* the present one */
static struct config *former; /* that of the start, where there was a reload */
static struct journal *journal;
static struct hands *hands;
static struct incident incident;
static uint64_t now_ns;
static uint64_t drawn;
static bool doubtful;        /* the telemetry may be wrong */
static uint16_t attack_port; /* the attack comes from it */
static struct sample samples[4 * PER_TICK];

/* What was told, by type. */
struct told {
	unsigned count[EVENT_TYPE_COUNT];
	struct plan plan[EVENT_TYPE_COUNT]; /* the latest */
};

static struct told told;

static inline void take(void *self, const struct event *event)
{
	struct told *all = self;

	all->count[event->type]++;
	if (event->plan)
		all->plan[event->type] = *event->plan;
}

static const struct event_sink sink = { .emit = take, .self = &told };

static inline uint32_t draw(uint32_t below)
{
	return (uint32_t)(hash_words(++drawn, 5, 6) % below);
}

static inline struct sample packet(const char *dst, uint16_t sport, uint16_t dport, uint16_t length)
{
	uint8_t src[4] = { 20, 1, (uint8_t)draw(200), (uint8_t)draw(250) };

	return (struct sample){ .src = ip_from_v4(src),
				.dst = ip_of(dst),
				.sampling = 100,
				.packets = 1,
				.length = length,
				.sport = sport,
				.dport = dport,
				.proto = 17,
				.ttl = (uint8_t)(40 + draw(80)),
				.direction = DIRECTION_INBOUND,
				.has = SAMPLE_HAS_TTL };
}

/* A tick of ordinary traffic to two hosts, and of the attack on the first, by NTP or by @sport. */
static inline void traffic_from(unsigned attack, uint16_t sport, uint16_t length)
{
	size_t n = 0;

	for (unsigned i = 0; i < PER_TICK; i++)
		samples[n++] =
			packet(i % 2 ? "198.51.100.7" : "198.51.100.9",
			       (uint16_t)(30000 + draw(20000)), 5060, (uint16_t)(60 + draw(1000)));
	for (unsigned i = 0; i < attack; i++)
		samples[n++] =
			packet("198.51.100.7", sport, (uint16_t)(1024 + draw(60000)), length);
	now_ns += TICK_NS;
	const struct tally_set set = { .samples = samples, .sample_count = n, .tick_ns = now_ns };
	hands_observe(hands, &set);
	hands_tick(hands, now_ns, doubtful, &sink);
	if (journal)
		journal_commit(journal, now_ns);
	hands_act(hands, now_ns);
}

static inline void traffic(unsigned attack)
{
	traffic_from(attack, attack_port, 468);
}

static inline void say_incident(enum event_type type)
{
	const struct event event = { .type = type, .time_ns = now_ns, .incident = &incident };

	hands_incident(hands, &event);
}

static inline void open_hands(const char *yaml, bool act)
{
	struct text errors = text_heap();
	struct hands_options options = { .act = act, .seed = 1, .now_ns = now_ns };

	config = config_of(yaml);
	if (act)
		assert_int_equal(journal_open(folder, &errors, &journal), 0);
	options.journal = journal;
	int err = hands_open(config, &options, &errors, &hands);
	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	text_done(&errors);
}

static inline void close_hands(void)
{
	hands_close(hands);
	journal_close(journal);
	config_free(config);
	config_free(former);
	former = NULL;
	hands = NULL;
	journal = NULL;
}

/* Another configuration; that of the start is borrowed on. */
static inline void reload_hands(const char *yaml)
{
	struct config *next = config_of(yaml);

	hands_reload(hands, next);
	if (former)
		config_free(config);
	else
		former = config;
	config = next;
}

/* A program that says yes to all stands for an actuator that holds what it is told. */
static const char acting[] = "networks: [{prefix: 198.51.100.0/24}]\n"
			     "protect: {kill_file: none}\n"
			     "policy: [{ladder: [observe, rate-limit, drop]}]\n"
			     "actuators: [{name: edge, kind: hook, program: /bin/true}]\n";

static inline int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/weir-test-hands-XXXXXX");
	assert_non_null(mkdtemp(folder));
	now_ns = START_NS;
	drawn = 0;
	doubtful = false;
	attack_port = 123;
	memset(&told, 0, sizeof(told));
	return 0;
}

static inline int end(void **state)
{
	static const char *const names[] = { "incidents.db", "incidents.db-wal", "incidents.db-shm",
					     "weir.lock" };
	char path[128];

	(void)state;
	if (hands)
		close_hands();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static inline void begin_attack(void)
{
	for (unsigned i = 0; i < 600; i++)
		traffic(0);
	incident = (struct incident){ .severity = SEVERITY_CRITICAL,
				      .direction = DIRECTION_INBOUND,
				      .host_len = 128,
				      .host = ip_of("198.51.100.7"),
				      .target_count = 1,
				      .focus = { .proto = 17, .sport = 123, .dport = -1 },
				      .onset_ns = now_ns };
	snprintf(incident.id, sizeof(incident.id), "inc-1");
	incident.targets[0] = prefix_of_host(&incident.host);
	traffic(PER_TICK * 3);
	incident.detected_ns = now_ns;
	say_incident(EVENT_INCIDENT_OPENED);
	for (unsigned i = 0; i < 10; i++)
		traffic(PER_TICK * 3);
}

/* Ticks until it is so; the actuator has a thread of its own. */
static inline bool comes(enum event_type type, uint8_t level)
{
	for (unsigned i = 0; i < 500; i++) {
		if (told.count[type] && told.plan[type].level == level)
			return true;
		traffic(PER_TICK * 3);
		usleep(2000);
	}
	return false;
}

static inline int order(const char *act, const char *words)
{
	char answer[512];
	struct text text = text_fixed(answer, sizeof(answer));
	const struct order wanted = { .act = act,
				      .id = strcmp(act, "panic") ? "inc-1" : "",
				      .level = -1,
				      .who = "tester",
				      .why = "test" };

	int err = hands_order(hands, &wanted, now_ns, &text);
	if (words && !strstr(text_string(&text), words))
		fail_msg("no \"%s\" in: %s", words, text_string(&text));
	return err;
}

static inline const struct incident *find(void *self, const char *id)
{
	(void)self;
	return strcmp(id, incident.id) == 0 && incident.state == INCIDENT_OPEN ? &incident : NULL;
}

#define hands_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
