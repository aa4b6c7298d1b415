/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_flowlog: how long a line of a flow log takes from memory to a classified flow.
 *
 * Not a test. Lines are made here: AWS's default format (version 2), addresses and ports drawn
 * anew for each, more of them than any cache holds, as a log is read but once. They are given in
 * pieces of the size that a file is read in. CPU time of this thread, ns a line: median, least
 * and most of the rounds.
 *
 *   meson compile -C build/release bench_flowlog && build/release/tests/bench/bench_flowlog
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "config/config.h"
#include "ingest/flowlog/flowlog.h"
#include "ingest/state.h"

#define LINES       400000U
#define LINE_MAX    192U
#define PIECE_BYTES ((size_t)256 << 10)
#define ROUNDS      11
#define BEGIN_S     1790000000U

struct log_text {
	char *data;
	size_t len;
};

/* Return: 0, or -1 when memory is short. */
static int make(struct log_text *text)
{
	text->data = malloc((size_t)LINES * LINE_MAX);
	text->len = 0;
	if (!text->data)
		return -1;
	for (unsigned i = 0; i < LINES; i++) {
		uint64_t a = hash_mix(i + 1, 0x9e3779b97f4a7c15U);
		uint64_t b = hash_mix(a, 0xd1342543de82ef95U);
		unsigned packets = 1 + (unsigned)(a >> 50);
		/* A minute of the log each 4000 lines. */
		unsigned start_s = BEGIN_S + i / 4000 * 60 + (unsigned)(b >> 58) % 30;
		text->len += (size_t)snprintf(
			text->data + text->len, LINE_MAX,
			"2 123456789010 eni-%017" PRIx64
			" 198.51.%u.%u 10.64.%u.%u %u %u %u %u %u %u"
			" %u ACCEPT OK\n",
			a >> 4, (unsigned)(a & 255), (unsigned)(a >> 8 & 255), (unsigned)(b & 255),
			(unsigned)(b >> 8 & 255), (unsigned)(a >> 16 & 65535),
			(unsigned)(b >> 16 & 65535), a >> 32 & 3 ? 6U : 17U, packets,
			packets * (40 + (unsigned)(b >> 40 & 1023)), start_s, start_s + 29);
	}
	return 0;
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

static void read_all(struct flowlog *log, const struct flowlog_input *input,
		     const struct log_text *text)
{
	size_t at = 0;
	size_t used = 1;

	flowlog_begin(log, input);
	while (at < text->len && used) {
		size_t left = text->len - at;
		bool last = left <= PIECE_BYTES;
		used = flowlog_take(log, text->data + at, last ? left : PIECE_BYTES, last, LINES);
		at += used;
	}
}

/* Return: 0, or -1 if not every line became a flow. */
static int measure(const struct log_text *text, struct decode_state *state, struct flowlog *log)
{
	uint64_t sum = 0;
	const struct flow_sink sink = { .flows = look, .self = &sum };
	const struct flowlog_input input = { .state = state, .sink = &sink };
	double ns[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = cpu_ns();
		read_all(log, &input, text);
		ns[round] = (double)(cpu_ns() - start) / LINES;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), by_size);
	bool all = state->records == (uint64_t)LINES * ROUNDS;
	const double line_bytes = (double)text->len / LINES;
	printf("aws-vpc    %6.1f ns a line [%.1f - %.1f], %.0f bytes each%s\n", ns[ROUNDS / 2],
	       ns[0], ns[ROUNDS - 1], line_bytes, all ? "" : "  NOT ALL DECODED");
	return all ? 0 : -1;
}

int main(void)
{
	static const char yaml[] = "networks: [{prefix: 10.64.0.0/10}]\n";
	struct text errors = text_heap();
	struct config *config = NULL;
	struct log_text text = { 0 };
	int failed = config_parse("bench", yaml, strlen(yaml), &errors, &config);

	if (failed)
		fprintf(stderr, "%s\n", text_string(&errors));
	struct decode_state *state = failed ? NULL : decode_state_new(config, 1);
	struct flowlog *log = flowlog_new();
	if (!failed && (!state || !log || make(&text) != 0)) {
		fprintf(stderr, "no memory\n");
		failed = -1;
	}
	if (!failed)
		failed = measure(&text, state, log);
	free(text.data);
	flowlog_free(log);
	decode_state_free(state);
	text_done(&errors);
	config_free(config);
	return failed ? 1 : 0;
}
