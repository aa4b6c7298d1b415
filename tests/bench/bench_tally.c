/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tally: how long a flow takes to be counted, and a tick to be judged.
 *
 * Not a test. CPU time of this thread for shard_add() on runs of flows such as
 * a datagram gives, to 65,536 own hosts, spread evenly or by Zipf's law; with
 * the cost of making the flows measured apart and taken off. Prints ns a flow
 * and, for the tallies of each tick, ns a tally in the threshold detector.
 *
 *   meson compile -C build/release bench_tally && build/release/tests/bench/bench_tally
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "config/config.h"
#include "detect/detector.h"
#include "tally/shard.h"

#define HOSTS        65536
#define FLOWS        (1U << 22)
#define RUN          26 /* records of a full NetFlow datagram */
#define TICK_FLOWS   200000
#define TICK_NS      100000000UL
#define ROUNDS       5
#define NO_LIMIT_PPS 1000000000

struct bench {
	struct config *config;
	uint32_t *hosts; /* destination of each flow */
	struct flow flows[RUN];
	uint32_t sampling;
};

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void spread_evenly(uint32_t *hosts)
{
	for (uint64_t i = 0; i < FLOWS; i++)
		hosts[i] = (uint32_t)(hash_words(i, 1, 2) % HOSTS);
}

/* Rank n is drawn in proportion to 1/n; ranks lie all over the address space. */
static void spread_by_zipf(uint32_t *hosts)
{
	double whole = log(HOSTS + 1.0);

	for (uint64_t i = 0; i < FLOWS; i++) {
		double u = (double)(hash_words(i, 3, 4) >> 11) / 9007199254740992.0;
		uint32_t rank = (uint32_t)exp(u * whole) - 1;
		hosts[i] = rank * 40503U % HOSTS;
	}
}

static void make_run(struct bench *bench, size_t first)
{
	for (size_t i = 0; i < RUN; i++) {
		struct flow *flow = &bench->flows[i];
		uint32_t host = bench->hosts[(first + i) % FLOWS];
		flow->dst.b[14] = (uint8_t)(host >> 8);
		flow->dst.b[15] = (uint8_t)host;
		flow->src.b[15] = (uint8_t)first;
		flow->class = (uint8_t)(host % 5 ? CLASS_TCP : CLASS_UDP);
	}
}

static double make_only(struct bench *bench)
{
	uint64_t start = cpu_ns();

	for (size_t i = 0; i < FLOWS; i += RUN) {
		make_run(bench, i);
		__asm__ volatile("" ::: "memory");
	}
	return (double)(cpu_ns() - start) / FLOWS;
}

static void ignore_finding(void *self, const struct finding *finding)
{
	(void)self;
	(void)finding;
}

/* One pass over all flows; the results are added to the two sums. */
static void count_all(struct bench *bench, struct shard *shard, struct tally_batch *batch,
		      void *detector, double *add_ns, double *judge_ns)
{
	const struct finding_sink sink = { .finding = ignore_finding };
	uint64_t adding = 0;
	uint64_t judging = 0;
	uint64_t tallies = 0;
	static uint64_t tick;

	for (size_t first = 0; first < FLOWS;) {
		uint64_t start = cpu_ns();
		for (size_t end = first + TICK_FLOWS; first < end && first < FLOWS; first += RUN) {
			make_run(bench, first);
			shard_squeeze(shard, bench->flows, RUN);
		}
		shard_tick(shard, ++tick * TICK_NS, batch);
		adding += cpu_ns() - start;
		start = cpu_ns();
		const struct tally_set set = tally_batch_set(batch);
		detector_registry[0]->observe(detector, &set);
		detector_registry[0]->tick(detector, tick * TICK_NS, &sink);
		judging += cpu_ns() - start;
		tallies += batch->count;
	}
	*add_ns = (double)adding / FLOWS;
	*judge_ns = (double)judging / (double)tallies;
}

static void measure(struct bench *bench, const char *what)
{
	struct tally_batch *batch = tally_batch_new(bench->config);
	struct shard *shard = NULL;
	void *detector = NULL;
	double best_add = 1e9;
	double best_judge = 1e9;
	double best_make = 1e9;

	if (!batch || shard_open(bench->config, 1, &shard) ||
	    detector_registry[0]->open(bench->config, 1, &detector)) {
		fprintf(stderr, "no memory\n");
		exit(1);
	}
	for (int round = 0; round < ROUNDS; round++) {
		double add;
		double judge;
		double make = make_only(bench);
		count_all(bench, shard, batch, detector, &add, &judge);
		best_make = make < best_make ? make : best_make;
		best_add = add < best_add ? add : best_add;
		best_judge = judge < best_judge ? judge : best_judge;
	}
	printf("%-28s %6.1f ns a flow   %6.1f ns a tally in %s   detail floor %llu\n", what,
	       best_add - best_make, best_judge, detector_registry[0]->name,
	       (unsigned long long)batch->stats.detail_floor);
	detector_registry[0]->close(detector);
	shard_close(shard);
	tally_batch_free(batch);
}

static int configure(struct bench *bench)
{
	static const char yaml[] = "networks: [{prefix: 198.18.0.0/16}]\n";
	struct text errors = text_heap();
	int err = config_parse("bench", yaml, strlen(yaml), &errors, &bench->config);

	if (err)
		fprintf(stderr, "%s\n", text_string(&errors));
	text_done(&errors);
	return err;
}

int main(void)
{
	static struct bench bench;
	static const uint8_t from[4] = { 192, 0, 2, 1 };
	static const uint8_t to[4] = { 198, 18, 0, 0 };

	bench.hosts = calloc(FLOWS, sizeof(*bench.hosts));
	if (!bench.hosts || configure(&bench))
		return 1;
	for (size_t i = 0; i < RUN; i++)
		bench.flows[i] = (struct flow){ .src = ip_from_v4(from),
						.dst = ip_from_v4(to),
						.packets = 1,
						.bytes = 500,
						.proto = 6,
						.sport = 443,
						.dport = 50000,
						.sampling = 1 };
	spread_evenly(bench.hosts);
	measure(&bench, "65,536 hosts, even");
	spread_by_zipf(bench.hosts);
	measure(&bench, "65,536 hosts, Zipf");
	config_free(bench.config);
	free(bench.hosts);
	return 0;
}
