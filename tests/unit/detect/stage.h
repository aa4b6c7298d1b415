/* SPDX-License-Identifier: Apache-2.0 */
/* stage: simulated flows through a real shard into the learned detector; what it finds is kept. */
#pragma once

#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "detect/detector.h"
#include "lab/rng.h"
#include "own_space.h"
#include "tally/shard.h"

#define TICK_NS    (SECOND_NS / 10)
#define BEGIN_TICK 17000000000UL
#define SAMPLING   1000
#define CAUGHT_MAX 8192
#define TARGETS    16
#define MACHINES   64

/** A finding, with what it only borrows. */
struct caught {
	struct finding finding;
	struct prefix targets[TARGETS];
	struct finding_machine machines[MACHINES];
};

/** All that plays. */
struct stage {
	struct own_space space;
	struct shard *shard;
	struct tally_batch *batch;
	void *state;
	struct lab_rng rng;
	uint64_t tick; /**< number of the next one */
	unsigned count;
	struct caught *caught; /**< CAUGHT_MAX */
};

/** A sort of packets. Ports 0: any from 1024 on. */
struct sort {
	uint8_t proto;
	uint16_t sport;
	uint16_t dport;
	uint8_t flags;
	uint16_t length;
	uint32_t in_if;
};

/** The detector under test, out of the registry. */
static inline const struct detector *learned(void)
{
	for (const struct detector *const *d = detector_registry; *d; d++) {
		if (strcmp((*d)->name, "learned") == 0)
			return *d;
	}
	fail_msg("learned is not in the registry");
	return NULL;
}

/** A configuration that the test may change before stage_start(). */
static inline void stage_prepare(struct stage *s)
{
	struct config *config = &s->space.config;

	memset(s, 0, sizeof(*s));
	own_space_init(&s->space);
	config->sensitivity = 1000;
	config->floor_pps = 5000;
	config->floor_bps = 50000000;
	config->margin = 2000;
	config->max_outside = 1024;
	config->max_counters = 16384;
	config->max_profiles = 4096;
	config->max_subjects = 256;
	config->max_samples = 4096;
	s->tick = BEGIN_TICK;
	lab_rng_seed(&s->rng, 1, 1);
}

/** Open all. */
static inline void stage_start(struct stage *s)
{
	assert_int_equal(learned()->open(&s->space.config, 1, &s->state), 0);
	assert_int_equal(shard_open(&s->space.config, 1, &s->shard), 0);
	s->batch = tally_batch_new(&s->space.config);
	s->caught = calloc(CAUGHT_MAX, sizeof(*s->caught));
	assert_non_null(s->batch);
	assert_non_null(s->caught);
}

/** Give all back. */
static inline void stage_end(struct stage *s)
{
	learned()->close(s->state);
	shard_close(s->shard);
	tally_batch_free(s->batch);
	free(s->caught);
	own_space_done(&s->space);
}

static inline void stage_catch(void *self, const struct finding *finding)
{
	struct stage *s = self;

	assert_true(s->count < CAUGHT_MAX);
	struct caught *c = &s->caught[s->count++];
	c->finding = *finding;
	for (unsigned i = 0; i < finding->target_count && i < TARGETS; i++)
		c->targets[i] = finding->targets[i];
	for (unsigned i = 0; i < finding->machine_count && i < MACHINES; i++)
		c->machines[i] = finding->machines[i];
	c->finding.detail = NULL;
	c->finding.targets = c->targets;
	c->finding.machines = c->machines;
}

/** What a record stands for: packets that went by from `begin_s` to `end_s` ago. */
struct stretch {
	uint32_t packets;
	double begin_s;
	double end_s;
};

/** A record of sampled packets of one flow. */
static inline void stage_record(struct stage *s, const struct sort *sort, struct ip src,
				struct ip dst, struct stretch went)
{
	struct flow flow = { .src = src,
			     .dst = dst,
			     .bytes = (uint64_t)sort->length * went.packets,
			     .packets = went.packets,
			     .begin_age_ms = (uint32_t)(went.begin_s * 1000),
			     .end_age_ms = (uint32_t)(went.end_s * 1000),
			     .has = FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_SPORT | FLOW_HAS_DPORT |
				    FLOW_HAS_PROTO | FLOW_HAS_TCP_FLAGS | FLOW_HAS_BYTES |
				    FLOW_HAS_PACKETS | FLOW_HAS_IN_IF | FLOW_HAS_TTL,
			     .sampling = SAMPLING,
			     .in_if = sort->in_if,
			     .vantage = 2,
			     .sport = sort->sport,
			     .dport = sort->dport,
			     .proto = sort->proto,
			     .tcp_flags = sort->flags,
			     .ttl = (uint8_t)(40 + src.b[15] % 20),
			     .source = FLOW_PACKET,
			     .exporter = ip_of("192.0.2.254") };

	if (!flow.sport)
		flow.sport = (uint16_t)(1024 + lab_rng_below(&s->rng, 60000));
	if (!flow.dport)
		flow.dport = (uint16_t)(1024 + lab_rng_below(&s->rng, 60000));
	flow.class = (uint8_t)flow_classify(&flow);
	assert_int_equal(shard_add(s->shard, &flow, 1), 1);
}

/** One sampled packet, in this tick. */
static inline void stage_packet(struct stage *s, const struct sort *sort, struct ip src,
				struct ip dst)
{
	stage_record(s, sort, src, dst, (struct stretch){ .packets = 1 });
}

/** What a rate is in one tick, as samples. */
static inline uint64_t stage_draw(struct stage *s, double pps)
{
	return lab_rng_poisson(&s->rng, pps / SAMPLING / 10);
}

/** Addresses that follow each other. */
struct range {
	const char *first;
	uint32_t count;
};

#define RANGE(first, count) ((struct range){ first, count })

/** A rate of packets in this tick, between some of the addresses of two ranges. */
static inline void stage_send(struct stage *s, double pps, const struct sort *sort,
			      struct range src, struct range dst)
{
	for (uint64_t n = stage_draw(s, pps); n > 0; n--) {
		struct ip from = ip_at(src.first, lab_rng_below(&s->rng, src.count));
		struct ip to = ip_at(dst.first, lab_rng_below(&s->rng, dst.count));
		stage_packet(s, sort, from, to);
	}
}

/** The tick is over. */
static inline void stage_tick(struct stage *s)
{
	const struct finding_sink sink = { .finding = stage_catch, .self = s };
	const uint64_t end_ns = ++s->tick * TICK_NS;

	shard_tick(s->shard, end_ns, s->batch);
	struct tally_set set = tally_batch_set(s->batch);
	learned()->observe(s->state, &set);
	learned()->tick(s->state, end_ns, &sink);
}
