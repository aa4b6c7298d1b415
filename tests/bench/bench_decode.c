/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_decode: how long a record takes from a datagram in memory to a classified flow.
 *
 * Not a test. The datagrams are the generator's (wire.h), as many as fit the
 * second-level cache, where the kernel's copy leaves what recvmmsg() returns.
 * All that the ingest thread does before the tally: recognise the protocol, find
 * exporter and template, flow_begin(), flow_commit(), the call of the sink.
 * CPU time of this thread, ns a record: median, least and most of the rounds.
 *
 *   meson compile -C build/release bench_decode && build/release/tests/bench/bench_decode [name]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "feed.h"
#include "ingest/state.h"
#include "wire.h"

#define DATAGRAMS    256U
#define ROUNDS       15
#define ROUND_PASSES 200
#define NOW_NS       1790000000000000000ULL

/* The datagrams of one protocol. */
struct load {
	const struct wire *wire;
	uint8_t *bytes; /* WIRE_LEN_MAX for each */
	struct datagram *datagrams;
};

static void take(struct load *load, unsigned i, size_t len)
{
	static const uint8_t from[4] = { 127, 0, 0, 2 };

	load->datagrams[i] = (struct datagram){ .data = load->bytes + (size_t)i * WIRE_LEN_MAX,
						.len = len,
						.src = ip_from_v4(from),
						.sport = 40000,
						.dport = load->wire->port,
						.received_ns = NOW_NS };
}

/* Return: 0, or -1 when memory is short. */
static int load_make(struct load *load, struct feed *feed)
{
	struct wire_source source = { .address = 0x7f000002,
				      .number = 1,
				      .sampling = 1,
				      .packets = 1,
				      .boot_ns = NOW_NS - 1000000000000U,
				      .now_ns = NOW_NS };
	struct sight sights[WIRE_RECORDS_MAX];

	load->bytes = malloc((size_t)(DATAGRAMS + 1) * WIRE_LEN_MAX);
	load->datagrams = calloc(DATAGRAMS + 1, sizeof(*load->datagrams));
	if (!load->bytes || !load->datagrams)
		return -1;
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		take(load, i, load->wire->len);
		uint8_t *datagram = load->bytes + (size_t)i * WIRE_LEN_MAX;
		feed_next(feed, 0, sights, load->wire->records);
		load->wire->lay(datagram, &source);
		load->wire->fill(datagram, &source, sights);
	}
	/* Behind the last one of a pass, so that a pass is all data. */
	if (load->wire->announce)
		take(load, DATAGRAMS,
		     load->wire->announce(load->bytes + (size_t)DATAGRAMS * WIRE_LEN_MAX, &source));
	return 0;
}

static void load_free(struct load *load)
{
	free(load->datagrams);
	free(load->bytes);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* What a consumer would look at first, so that nothing can be left undone. */
static void look(void *self, struct flow *flows, size_t count)
{
	uint64_t *sum = self;

	*sum += flows[0].bytes + flows[count - 1].class;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One pass after the other over the datagrams; CPU ns a record of each round. */
static void run(const struct load *load, struct decode_state *state, double ns[ROUNDS])
{
	uint64_t sum = 0;
	const struct flow_sink sink = { .flows = look, .self = &sum };

	if (load->datagrams[DATAGRAMS].data)
		decode_datagram(state, NULL, &load->datagrams[DATAGRAMS], &sink);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t before = state->records;
		uint64_t start = cpu_ns();
		for (unsigned i = 0; i < DATAGRAMS * ROUND_PASSES; i++)
			decode_datagram(state, NULL, &load->datagrams[i % DATAGRAMS], &sink);
		ns[round] = (double)(cpu_ns() - start) / (double)(state->records - before);
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), by_size);
}

/* Return: 0, or -1 if not all was decoded. */
static int measure(const struct wire *wire, const struct config *config, struct feed *feed)
{
	struct load load = { .wire = wire };
	struct decode_state *state = decode_state_new(config, 1);
	double ns[ROUNDS];
	int failed = -1;

	if (load_make(&load, feed) || !state) {
		fprintf(stderr, "no memory\n");
		goto out;
	}
	run(&load, state, ns);
	uint64_t wanted = (uint64_t)DATAGRAMS * wire->records * ROUND_PASSES * ROUNDS;
	failed = state->records == wanted ? 0 : -1;
	printf("%-10s %6.1f ns a record [%.1f - %.1f]%s\n", wire->name, ns[ROUNDS / 2], ns[0],
	       ns[ROUNDS - 1], failed ? "  NOT ALL DECODED" : "");
out:
	decode_state_free(state);
	load_free(&load);
	return failed;
}

int main(int argc, char **argv)
{
	static const struct wire *const wires[] = { &wire_netflow5, &wire_netflow9, &wire_ipfix,
						    &wire_sflow5 };
	static const char yaml[] = "networks: [{prefix: 10.64.0.0/10}]\n";
	const struct feed_options options = {
		.own = 0x0a400000, .hosts = 65536, .peers = 65536, .seed = 1
	};
	struct text errors = text_heap();
	struct config *config = NULL;
	struct feed feed = { 0 };
	int failed = config_parse("bench", yaml, strlen(yaml), &errors, &config);

	if (failed)
		fprintf(stderr, "%s\n", text_string(&errors));
	failed = failed || feed_open(&feed, &options);
	for (size_t i = 0; !failed && i < sizeof(wires) / sizeof(wires[0]); i++) {
		if (argc < 2 || strcmp(argv[1], wires[i]->name) == 0)
			failed = measure(wires[i], config, &feed);
	}
	feed_close(&feed);
	text_done(&errors);
	config_free(config);
	return failed ? 1 : 0;
}
