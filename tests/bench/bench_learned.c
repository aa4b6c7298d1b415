/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_learned: which part of a core the learned detector takes in the control thread.
 *
 * Not a test. 1,000,000 records a second for 65,536 hosts go through a real shard; measured is the
 * CPU time of this thread for observe() and tick() of the detector on what the shard hands over, prefix
 * rows and samples and all. The loads: all hosts far below their floors; all of them above (each has
 * an envelope of its own); with an attack on one of them; talking with new places all the time, or
 * with a fixed number; a minute after the start, and before anything is learned. Printed is the share of a core:
 * time for a tick over its length, median and worst.
 *
 *   meson compile -C build/release bench_learned && build/release/tests/bench/bench_learned
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "config/config.h"
#include "detect/detector.h"
#include "tally/shard.h"

#define TICK_NS    100000000UL
#define TICK_FLOWS 100000U /* of a million a second */
#define FIRST_NS   (1700000000UL * 1000000000UL)
#define HOSTS      65536U
#define WARM       600U /* a minute: all that is usual has been learned once */
#define TICKS      40U
#define RUN        26

/* One kind of traffic. */
struct load {
	const char *what;
	uint32_t sampling;
	uint32_t attack_part; /* one flow in so many goes to one host; 0: none */
	uint32_t places; /* outside addresses that the others talk with; 0: a new one each time */
	uint64_t warm;   /* ticks before it is measured */
};

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static struct flow flow_of(const struct load *load, uint64_t number)
{
	static const uint8_t own[4] = { 10, 1, 0, 0 };
	static const uint8_t far[4] = { 192, 0, 2, 1 };
	uint64_t r = hash_words(number, 1, 2);
	bool attack = load->attack_part && number % load->attack_part == 0;
	struct flow flow = { .packets = 1,
			     .bytes = attack ? 468 : 600,
			     .has = FLOW_HAS_PROTO | FLOW_HAS_SPORT | FLOW_HAS_DPORT,
			     .sampling = load->sampling,
			     .vantage = 2,
			     .sport = attack ? 123 : (uint16_t)(1024 + r % 60000),
			     .dport = 443,
			     .proto = attack ? 17 : 6,
			     .tcp_flags = 0x10,
			     .source = FLOW_SFLOW5 };

	struct ip host = ip_from_v4(own);
	struct ip peer = ip_from_v4(far);
	host.b[14] = attack ? 7 : (uint8_t)(r >> 24);
	host.b[15] = attack ? 7 : (uint8_t)(r >> 32);
	/* 32.0.0.0 to 95.255.255.255: no bogons. */
	uint32_t place = load->places ? (uint32_t)hash_words(r % load->places, 3, 4) : (uint32_t)r;
	memcpy(&peer.b[12], &(uint32_t){ (place & ~0xffU) | (32 + place % 64) }, 4);
	bool out = !attack && r >> 63;
	flow.src = out ? host : peer;
	flow.dst = out ? peer : host;
	flow.class = attack ? CLASS_UDP_AMP : CLASS_TCP;
	return flow;
}

static void fill(const struct load *load, struct shard *shard, uint64_t tick)
{
	struct flow flows[RUN];

	for (uint64_t i = 0; i < TICK_FLOWS; i += RUN) {
		for (uint64_t k = 0; k < RUN; k++)
			flows[k] = flow_of(load, tick * TICK_FLOWS + i + k);
		shard_squeeze(shard, flows, RUN);
	}
}

static void count_finding(void *self, const struct finding *finding)
{
	(void)finding;
	++*(uint64_t *)self;
}

static int order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static const struct detector *learned(void)
{
	for (const struct detector *const *d = detector_registry; *d; d++) {
		if (strcmp((*d)->name, "learned") == 0)
			return *d;
	}
	fprintf(stderr, "no detector named learned\n");
	exit(1);
}

static void measure(const struct config *config, const struct load *load)
{
	const struct detector *detector = learned();
	struct tally_batch *batch = tally_batch_new(config);
	struct shard *shard = NULL;
	void *state = NULL;
	uint64_t took_ns[TICKS];
	uint64_t findings = 0;
	const struct finding_sink sink = { .finding = count_finding, .self = &findings };

	if (!batch || shard_open(config, 1, &shard) || detector->open(config, 1, &state)) {
		fprintf(stderr, "no memory\n");
		exit(1);
	}

	for (uint64_t tick = 1; tick <= load->warm + TICKS; tick++) {
		fill(load, shard, tick);
		shard_tick(shard, FIRST_NS + tick * TICK_NS, batch);
		const struct tally_set set = tally_batch_set(batch);
		uint64_t start_ns = cpu_ns();
		detector->observe(state, &set);
		detector->tick(state, set.tick_ns, &sink);
		if (tick > load->warm)
			took_ns[tick - load->warm - 1] = cpu_ns() - start_ns;
	}
	qsort(took_ns, TICKS, sizeof(took_ns[0]), order);
	const uint64_t median = took_ns[TICKS / 2];
	printf("%-44s %5.1f %% of a core  worst tick %6.2f ms  findings %llu\n", load->what,
	       (double)median * 100 / (double)TICK_NS, (double)took_ns[TICKS - 1] / 1e6,
	       (unsigned long long)findings);
	fflush(stdout);
	detector->close(state);
	shard_close(shard);
	tally_batch_free(batch);
}

int main(void)
{
	static const char yaml[] = "networks: [{prefix: 10.1.0.0/16}]\n";
	static const struct load loads[] = {
		{ "65,536 hosts, far below their floors", 10, 0, 0, WARM },
		{ "65,536 hosts, envelopes of their own", 1000, 0, 0, WARM },
		{ "the same, a tenth of it an attack on one", 1000, 10, 0, WARM },
		{ "the same, with 20,000 places outside", 1000, 10, 20000, WARM },
		{ "the same, 2 s after the start", 1000, 10, 20000, 20 },
	};
	struct text errors = text_heap();
	struct config *config = NULL;

	if (config_parse("bench", yaml, sizeof(yaml) - 1, &errors, &config)) {
		fprintf(stderr, "%s\n", text_string(&errors));
		return 1;
	}
	printf("bench_learned: 1,000,000 records/s in ticks of 100 ms, control thread\n");
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		measure(config, &loads[i]);
	text_done(&errors);
	config_free(config);
	return 0;
}
