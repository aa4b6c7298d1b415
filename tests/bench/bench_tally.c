/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tally: how long a flow takes to be counted, prefix rows and all.
 *
 * Not a test. CPU time of this thread for shard_add() on runs of flows such as
 * a datagram gives, and shard_tick() every so many, with two spare batches in
 * turns as between two threads; the cost of making the flows is measured in
 * the same round and taken off. All cases go in turns, round by round; printed
 * is the median with least and most, in ns a flow.
 *
 *   meson compile -C build/release bench_tally
 *   build/release/tests/bench/bench_tally [ROUNDS [FLOWS A TICK [PART OF A CASE'S NAME]]]
 */
#include <math.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "config/config.h"
#include "tally/shard.h"

#define FLOWS      (1U << 22)
#define RUN        26 /* records of a full NetFlow datagram */
#define TICK_NS    100000000UL
#define ROUNDS     5
#define ROUNDS_MAX 101
#define BATCHES    2

enum order { EVENLY, ZIPF };

struct bench {
	const char *name;
	const char *yaml;
	uint32_t hosts;
	enum order order;
	bool ages; /* long flows: each record has its own begin and end */
	bool v6;
	bool outbound; /* from the hosts to as many outside addresses */
	struct config *config;
	struct shard *shard;
	struct tally_batch *batches[BATCHES];
	uint64_t tick;
	uint64_t rows;
	uint64_t prefix_rows;
	uint64_t ticks;
	struct flow flows[RUN];
	double ns[ROUNDS_MAX];
};

static uint32_t tick_flows = 100000;

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Hosts in random order; by Zipf's law rank n is drawn in proportion to 1/n. */
static uint32_t *draw_hosts(const struct bench *bench)
{
	uint32_t *hosts = calloc(FLOWS, sizeof(*hosts));
	double whole = log(bench->hosts + 1.0);

	for (uint64_t i = 0; hosts && i < FLOWS; i++) {
		uint64_t r = hash_words(i, 3, 4);
		double u = (double)(r >> 11) / 9007199254740992.0;
		if (bench->order == ZIPF)
			hosts[i] = ((uint32_t)exp(u * whole) - 1) * 40503U % bench->hosts;
		else
			hosts[i] = (uint32_t)(r % bench->hosts);
	}
	return hosts;
}

static void make_run(struct bench *bench, const uint32_t *hosts, size_t first)
{
	for (size_t i = 0; i < RUN; i++) {
		struct flow *flow = &bench->flows[i];
		uint32_t host = hosts[(first + i) % FLOWS];
		uint32_t other = host * 2654435761U;
		struct ip *own = bench->outbound ? &flow->src : &flow->dst;
		struct ip *out = bench->outbound ? &flow->dst : &flow->src;
		own->b[13] = (uint8_t)(bench->v6 ? host >> 16 : 64 + (host >> 16));
		own->b[14] = (uint8_t)(host >> 8);
		own->b[15] = (uint8_t)host;
		out->b[13] = (uint8_t)(other >> 24);
		out->b[14] = (uint8_t)(other >> 16);
		out->b[15] = (uint8_t)(other >> 8);
		flow->class = (uint8_t)(host % 5 ? CLASS_TCP : CLASS_UDP);
		flow->begin_age_ms = bench->ages ? 1100 + other % 60000 : 0;
		flow->end_age_ms = bench->ages ? other % 1000 : 0;
	}
}

static void end_tick(struct bench *bench)
{
	struct tally_batch *batch = bench->batches[bench->tick % BATCHES];

	shard_tick(bench->shard, ++bench->tick * TICK_NS, batch);
	bench->ticks++;
	for (size_t i = 0; i < batch->count; i += 64) {
		bench->rows += 64;
		bench->prefix_rows += batch->rows[i].len < 128 ? 64 : 0;
	}
}

static void add_run(struct bench *bench)
{
	for (size_t taken = 0; taken < RUN;) {
		taken += shard_add(bench->shard, bench->flows + taken, RUN - taken);
		if (taken < RUN)
			end_tick(bench);
	}
}

/* One pass over all flows, with or without counting them. Return: ns a flow. */
static double pass(struct bench *bench, const uint32_t *hosts, bool counting)
{
	uint64_t start = cpu_ns();
	size_t due = tick_flows;

	for (size_t first = 0; first < FLOWS; first += RUN) {
		make_run(bench, hosts, first);
		__asm__ volatile("" ::: "memory");
		if (!counting)
			continue;
		add_run(bench);
		if (first >= due) {
			end_tick(bench);
			due += tick_flows;
		}
	}
	return (double)(cpu_ns() - start) / FLOWS;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static int open_bench(struct bench *bench)
{
	struct text errors = text_heap();
	int err = config_parse("bench", bench->yaml, strlen(bench->yaml), &errors, &bench->config);

	if (err)
		fprintf(stderr, "%s\n", text_string(&errors));
	text_done(&errors);
	if (err || shard_open(bench->config, 1, &bench->shard))
		return 1;
	for (size_t i = 0; i < BATCHES; i++) {
		bench->batches[i] = tally_batch_new(bench->config);
		if (!bench->batches[i])
			return 1;
	}
	struct ip own = { 0 };
	struct ip out = { 0 };
	if (ip_parse(bench->v6 ? "2001:db8:a::" : "10.64.0.0", &own) ||
	    ip_parse(bench->v6 ? "2400::" : "192.0.0.0", &out))
		return 1;
	for (size_t i = 0; i < RUN; i++)
		bench->flows[i] = (struct flow){ .src = bench->outbound ? own : out,
						 .dst = bench->outbound ? out : own,
						 .packets = 1,
						 .bytes = 500,
						 .proto = 6,
						 .sport = 443,
						 .dport = 50000,
						 .sampling = 1 };
	return 0;
}

static void close_bench(struct bench *bench)
{
	shard_close(bench->shard);
	for (size_t i = 0; i < BATCHES; i++)
		tally_batch_free(bench->batches[i]);
	config_free(bench->config);
}

static void show(struct bench *bench, size_t rounds)
{
	struct shard_stats stats;

	shard_stats(bench->shard, &stats);
	qsort(bench->ns, rounds, sizeof(double), compare);
	printf("%-34s %6.1f [%5.1f-%5.1f] ns a flow  %7" PRIu64 " rows a tick, %6" PRIu64
	       " of prefixes  turned away %" PRIu64 "\n",
	       bench->name, bench->ns[rounds / 2], bench->ns[0], bench->ns[rounds - 1],
	       bench->rows / bench->ticks, bench->prefix_rows / bench->ticks,
	       stats.turned_away + stats.prefixes_turned_away);
}

#define DENSE(hosts)  "networks: [{prefix: 10.64.0.0/10}]\nlimits: {hosts: " hosts "}\n"
#define HASHED(hosts) "networks: [{prefix: 10.0.0.0/8}]\nlimits: {hosts: " hosts "}\n"
#define SITE(hosts)   "networks: [{prefix: '2001:db8:a::/48'}]\nlimits: {hosts: " hosts "}\n"

static struct bench benches[] = {
	{ "65,536 dense", DENSE("4194304"), 65536, EVENLY },
	{ "65,536 dense, Zipf", DENSE("4194304"), 65536, ZIPF },
	{ "65,536 dense, long flows", DENSE("4194304"), 65536, EVENLY, .ages = true },
	{ "65,536 dense, outbound", DENSE("4194304"), 65536, EVENLY, .outbound = true },
	{ "65,536 hashed", HASHED("65536"), 65536, EVENLY },
	{ "65,536 IPv6", SITE("65536"), 65536, EVENLY, .v6 = true },
	{ "1,000,000 dense", DENSE("4194304"), 1000000, EVENLY },
	{ "1,000,000 dense, long flows", DENSE("4194304"), 1000000, EVENLY, .ages = true },
	{ "1,000,000 hashed", HASHED("1048576"), 1000000, EVENLY },
	{ "4,000,000 dense", DENSE("4194304"), 4000000, EVENLY },
	{ "4,000,000 dense, long flows", DENSE("4194304"), 4000000, EVENLY, .ages = true },
	{ "4,000,000 hashed", HASHED("4194304"), 4000000, EVENLY },
};

int main(int argc, char **argv)
{
	size_t count = 0;
	uint32_t *hosts[sizeof(benches) / sizeof(benches[0])];
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : ROUNDS;

	if (argc > 2)
		tick_flows = (uint32_t)strtoul(argv[2], NULL, 10);
	if (rounds == 0 || rounds > ROUNDS_MAX || tick_flows < RUN)
		return 2;
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
		if (argc <= 3 || strstr(benches[i].name, argv[3]))
			benches[count++] = benches[i];
	}
	for (size_t i = 0; i < count; i++) {
		hosts[i] = draw_hosts(&benches[i]);
		if (!hosts[i] || open_bench(&benches[i]))
			return 1;
		/* Until tables and the floor for details have settled. */
		(void)pass(&benches[i], hosts[i], true);
	}
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			double making = pass(&benches[i], hosts[i], false);
			benches[i].ns[round] = pass(&benches[i], hosts[i], true) - making;
		}
	}
	for (size_t i = 0; i < count; i++) {
		show(&benches[i], rounds);
		close_bench(&benches[i]);
		free(hosts[i]);
	}
	return 0;
}
