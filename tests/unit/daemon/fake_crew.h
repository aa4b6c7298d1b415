/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_crew: what stands for daemon/crew in tests of hands: one actuator, `edge`, without a thread.
 *
 * It holds at once what it is told, and filters the packets that a test hands to it, on the clock
 * of the test. Include it once in a program: its functions take the place of the crew's.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/caught.h"
#include "daemon/crew.h"
#include "plan/match.h"

/* One dropped packet of so many is caught, as by the XDP program. */
#define FAKE_EACH 64

/* A plan in force. */
struct fake_plan {
	struct wanted wanted;
	struct ip sources[WANTED_SOURCES];
	struct effect effect;
	double tokens[PLAN_RULES]; /* packets that limits still let through */
};

/* What a test sets, and sees. */
struct fake {
	bool counts;  /* it has counters */
	bool catches; /* and hands over some of what it drops */
	bool refuses_limits;
	uint32_t caps;
	struct fake_plan plans[4];
	size_t count;
	unsigned told; /* sets */
	double owed;   /* dropped packets since one was caught */
	struct drop drops[4096];
	size_t drop_count;
	struct drop_counts drop_counts;
	struct caught *caught;
	uint64_t reported_ns;
	uint64_t now_ns;
};

static struct fake fake;

static int fake_drops(void *state, actuator_drop_fn *take, void *self, struct drop_counts *counts)
{
	(void)state;
	for (size_t i = 0; i < fake.drop_count; i++)
		take(self, &fake.drops[i]);
	fake.drop_counts.read += fake.drop_count;
	fake.drop_count = 0;
	*counts = fake.drop_counts;
	return 0;
}

static const struct actuator fake_actuator = { .name = "fake", .drops = fake_drops };

/* The first bytes of a packet: Ethernet, IPv4, and ports of UDP or TCP. */
static inline void fake_frame(const struct sample *s, struct drop *drop)
{
	uint8_t *at = drop->data;

	memset(at, 0, DROP_SNAP);
	at[12] = 8;
	at[14] = 0x45;
	at[16] = (uint8_t)(s->length >> 8);
	at[17] = (uint8_t)s->length;
	at[22] = s->ttl;
	at[23] = s->proto;
	memcpy(at + 26, s->src.b + 12, 4);
	memcpy(at + 30, s->dst.b + 12, 4);
	at[34] = (uint8_t)(s->sport >> 8);
	at[35] = (uint8_t)s->sport;
	at[36] = (uint8_t)(s->dport >> 8);
	at[37] = (uint8_t)s->dport;
	at[46] = 0x50;
	at[47] = s->tcp_flags;
	drop->each = FAKE_EACH;
	drop->wire_len = 14U + s->length;
	drop->len = drop->wire_len < 64 ? drop->wire_len : 64;
}

static inline void fake_catch(const struct fake_plan *p, const struct sample *s, double packets)
{
	for (fake.owed += packets; fake.owed >= FAKE_EACH; fake.owed -= FAKE_EACH) {
		struct drop *drop = &fake.drops[fake.drop_count];
		if (!fake.catches || fake.drop_count == sizeof(fake.drops) / sizeof(fake.drops[0]))
			continue;
		fake_frame(s, drop);
		memcpy(drop->plan, p->wanted.plan.id, sizeof(drop->plan));
		fake.drop_count++;
	}
}

/* Return: does a packet, which stands for as many as its sample says, get through? */
static inline bool fake_passes(const struct sample *s)
{
	double packets = sample_packets(s);

	for (size_t i = 0; i < fake.count; i++) {
		struct fake_plan *p = &fake.plans[i];
		for (unsigned r = 0; r < p->wanted.plan.rule_count; r++) {
			if (!p->wanted.plan.level ||
			    !match_rule(&p->wanted.plan.rules[r], s, p->sources,
					p->wanted.source_count))
				continue;
			p->effect.matched_packets += (uint64_t)packets;
			if (p->tokens[r] >= packets) {
				p->tokens[r] -= packets;
				return true;
			}
			p->effect.dropped_packets += (uint64_t)packets;
			fake_catch(p, s, packets);
			return false;
		}
	}
	return true;
}

/* Time goes on: limits let through more, and what was caught is handed over. */
static inline void fake_tick(uint64_t now_ns, double seconds)
{
	struct wanted_set set = { 0 };

	fake.now_ns = now_ns;
	for (size_t i = 0; i < fake.count; i++) {
		struct fake_plan *p = &fake.plans[i];
		for (unsigned r = 0; r < p->wanted.plan.rule_count; r++) {
			double rate = (double)p->wanted.plan.rules[r].rate_pps;
			double most = rate < 1000 ? 1000 : rate;
			p->tokens[r] += rate * seconds;
			p->tokens[r] = p->tokens[r] > most ? most : p->tokens[r];
		}
	}
	if (fake.catches)
		caught_read(fake.caught, &fake_actuator, NULL, &set);
}

static const struct crew_member fake_members[2] = {
	{ .name = "observe", .kind = "observe", .caps = ACTUATOR_CAN_OBSERVE },
	{ .name = "edge", .kind = "fake", .profile = "xdp" },
};
static struct crew_member fake_edge;

int crew_open(const struct config *config, bool act, struct text *error, struct crew **ret_crew)
{
	(void)config;
	(void)error;
	*ret_crew = act ? calloc(1, 2) : calloc(1, 1);
	fake.caught = caught_new();
	fake_edge = fake_members[1];
	fake_edge.caps = fake.caps ? fake.caps : 0x1f;
	return *ret_crew && fake.caught ? 0 : -1;
}

void crew_close(struct crew *crew)
{
	free(crew);
	caught_free(fake.caught);
	fake.caught = NULL;
}

size_t crew_count(const struct crew *crew)
{
	(void)crew;
	return 2;
}

const struct crew_member *crew_member(const struct crew *crew, size_t index)
{
	(void)crew;
	return index ? &fake_edge : &fake_members[0];
}

int crew_check(const struct crew *crew, size_t index, const struct wanted *wanted, struct text *why)
{
	(void)crew;
	(void)why;
	return index && fake.refuses_limits && wanted->plan.level == LEVEL_RATE_LIMIT ? -1 : 0;
}

/* What it held of a plan it goes on counting. */
int crew_want(struct crew *crew, size_t index, const struct wanted_set *set)
{
	static struct fake_plan next[4];

	(void)crew;
	if (index == 0)
		return 0;
	assert_true(set->count <= 4);
	memset(next, 0, sizeof(next));
	for (size_t i = 0; i < set->count; i++) {
		next[i].wanted = set->plans[i];
		for (size_t j = 0; j < fake.count; j++) {
			if (strcmp(fake.plans[j].wanted.plan.id, set->plans[i].plan.id) == 0)
				next[i].effect = fake.plans[j].effect;
		}
		if (set->plans[i].source_count)
			memcpy(next[i].sources, set->plans[i].sources,
			       set->plans[i].source_count * sizeof(struct ip));
	}
	memcpy(fake.plans, next, sizeof(next));
	fake.count = set->count;
	fake.told++;
	return 0;
}

/* Once a second. */
bool crew_report(struct crew *crew, size_t index, struct crew_report *ret_report)
{
	(void)crew;
	if (index == 0 || fake.now_ns - fake.reported_ns < NS_PER_S)
		return false;
	fake.reported_ns = fake.now_ns;
	memset(ret_report, 0, sizeof(*ret_report));
	ret_report->ready = true;
	ret_report->count = (unsigned)fake.count;
	for (size_t i = 0; i < fake.count; i++) {
		struct effect *effect = &ret_report->effects[i];
		*effect = (struct effect){ .applied = true, .at_ns = fake.now_ns };
		if (fake.counts)
			*effect = fake.plans[i].effect;
		effect->applied = true;
		effect->counted = fake.counts;
		effect->at_ns = fake.now_ns;
		memcpy(effect->plan, fake.plans[i].wanted.plan.id, sizeof(effect->plan));
	}
	return true;
}

struct caught *crew_caught(struct crew *crew, size_t index)
{
	(void)crew;
	return index && fake.catches ? fake.caught : NULL;
}

void crew_reload(struct crew *crew, const struct config *config)
{
	(void)crew;
	(void)config;
}

bool crew_is_behind(struct crew *crew)
{
	(void)crew;
	return false;
}
