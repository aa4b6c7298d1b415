/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_plans: what the making of plans costs in the control thread, tick by tick.
 *
 * Not a test. Ticks as full as two ingest threads make them by default (2 x 16,384 samples, one of 64
 * records of a million a second), with 0, 8 and 64 attacks watched: CPU time of this thread for a
 * tick, median and worst, and as a share of a core. Then one making of rules, and one look at rules
 * in force, with everything as large as it gets.
 *
 *   meson compile -C build/bench benches && build/bench/tests/bench/bench_plans
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "daemon/hands.h"
#include "plan/maker.h"

#define SAMPLES  16384
#define THREADS  2
#define TICKS    200
#define HOSTS    4096
#define TICK_NS  100000000ULL
#define START_NS 1700000000000000000ULL

static uint64_t drawn;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)(hash_words(++drawn, 1, 2) % below);
}

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct ip own(uint32_t number)
{
	uint8_t be[4] = { 198, 18, (uint8_t)(number >> 8), (uint8_t)number };

	return ip_from_v4(be);
}

/* Ordinary traffic, and of each attacked host a part that looks alike. */
static void fill(struct sample *samples, unsigned attacks)
{
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint8_t src[4] = { (uint8_t)(1 + draw(200)), (uint8_t)draw(250), (uint8_t)draw(250),
				   (uint8_t)draw(250) };
		bool bad = attacks && draw(2);
		samples[i] = (struct sample){
			.src = ip_from_v4(src),
			.dst = own(bad ? draw(attacks) : draw(HOSTS)),
			.sampling = 1000,
			.packets = 1,
			.proto = 17,
			.sport = (uint16_t)(bad ? 123 : 1024 + draw(60000)),
			.dport = (uint16_t)(bad ? 1024 + draw(60000) : 53 + draw(50)),
			.length = (uint16_t)(bad ? 468 : 60 + draw(1000)),
			.ttl = (uint8_t)(40 + draw(80)),
			.direction = DIRECTION_INBOUND,
			.has = SAMPLE_HAS_TTL,
		};
	}
}

static unsigned watch_all(struct stock *stock, unsigned attacks, uint64_t now_ns)
{
	unsigned last = 0;

	for (unsigned i = 0; i < attacks; i++) {
		struct ip host = own(i);
		const struct stock_scope scope = { .direction = DIRECTION_INBOUND,
						   .own_count = 1,
						   .share = 1,
						   .own = { prefix_of_host(&host) } };
		last = stock_watch(stock, &scope, now_ns);
	}
	return last;
}

/* Return: time of the last tick. */
static uint64_t tick_by_tick(struct stock *stock, unsigned attacks, uint64_t now_ns)
{
	static struct sample samples[SAMPLES];
	double ms[TICKS];

	fill(samples, attacks);
	for (unsigned i = 0; i < TICKS; i++) {
		const struct tally_set set = { .samples = samples,
					       .sample_count = SAMPLES,
					       .sample_each = 64,
					       .tick_ns = now_ns += TICK_NS };
		double begin = cpu_ms();
		for (unsigned t = 0; t < THREADS; t++)
			stock_observe(stock, &set);
		ms[i] = cpu_ms() - begin;
	}
	qsort(ms, TICKS, sizeof(ms[0]), order);
	printf("a tick, %2u attacks watched     %6.2f ms median %6.2f ms worst  %4.1f %% of a "
	       "core\n",
	       attacks, ms[TICKS / 2], ms[TICKS - 1], ms[TICKS / 2]);
	return now_ns;
}

static void making(struct stock *stock, struct maker *maker, unsigned watch, uint64_t now_ns)
{
	static struct made made;
	struct incident incident = { .direction = DIRECTION_INBOUND,
				     .severity = SEVERITY_CRITICAL,
				     .host_len = 128,
				     .host = own(63) };
	const struct prefix network = { .ip = own(0), .len = 112 };
	struct stock_scope scope;
	struct stock_view view;
	struct maker_input input = {
		.incident = &incident,
		.scope = &scope,
		.view = &view,
		.profile = profile_find("xdp"),
		.limits = { .own = &network, .own_count = 1, .floor_v4 = 120, .floor_v6 = 48 }
	};

	if (!maker_scope(&incident, &input.limits, &scope))
		return;
	double begin = cpu_ms();
	stock_view(stock, watch, now_ns, &view);
	maker_make(maker, &input, &made);
	printf("rules made once, %zu clean samples %6.2f ms, %u rules\n", view.clean.count,
	       cpu_ms() - begin, made.plan.rule_count);
	begin = cpu_ms();
	stock_look(stock, watch, now_ns, &view);
	printf("a look at rules in force       %6.2f ms for its samples\n", cpu_ms() - begin);
}

int main(void)
{
	static const struct stock_limits sizes = { .hosts = HOSTS, .watches = HANDS_CASES };
	struct stock *stock;
	struct maker *maker;
	uint64_t now_ns = START_NS;

	if (stock_open(&sizes, 1, &stock) || maker_open(&maker))
		return 1;
	/* Filled up first: all that is kept is full. */
	for (unsigned i = 0; i < 3; i++)
		now_ns = tick_by_tick(stock, 0, now_ns);
	(void)watch_all(stock, 8, now_ns);
	now_ns = tick_by_tick(stock, 8, now_ns);
	for (unsigned i = 1; i <= 8; i++)
		stock_unwatch(stock, i);
	unsigned last = watch_all(stock, HANDS_CASES, now_ns);
	now_ns = tick_by_tick(stock, HANDS_CASES, now_ns);
	making(stock, maker, last, now_ns);
	stock_close(stock);
	maker_close(maker);
	return 0;
}
