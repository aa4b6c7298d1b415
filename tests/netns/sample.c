/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample: flows of an interface as JSON lines, for tests and for measuring.
 *
 *     sample MODE INTERFACE N SECONDS [quiet]
 *
 * MODE is packet, xdp or native (XDP in the driver or not at all). Says "ready" on standard error
 * when it is attached, ends after SECONDS or when its standard input ends, and then says its
 * counters in one more line, {"end":…}, with the CPU time of the reading thread.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "ingest/live.h"
#include "ingest/state.h"

static struct text lines;
static bool quiet;

static void take_flows(void *self, struct flow *flows, size_t count)
{
	(void)self;
	for (size_t i = 0; !quiet && i < count; i++) {
		flow_to_json(&flows[i], &lines);
		text_add(&lines, "\n");
	}
	if (lines.len > 4096) {
		fputs(text_string(&lines), stdout);
		text_clear(&lines);
	}
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static int open_source(const char *mode, const struct live_options *options, struct source **ret)
{
	struct text error = text_heap();
	int err = strcmp(mode, "packet") == 0 ? live_packet_open(options, ret, &error)
					      : live_xdp_open(options, ret, &error);

	if (err)
		fprintf(stderr, "%s\n", text_string(&error));
	text_done(&error);
	return err;
}

static void read_all(struct source *source, struct decode_state *state)
{
	const struct flow_sink sink = { .flows = take_flows };

	while (source->kind->read(source, clock_steady_ns(), state, &sink) > 0)
		;
}

/* Return: CPU time of what a worker would do. */
static uint64_t run(struct source *source, struct decode_state *state, uint64_t until_ns)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = source->fd, .events = POLLIN } };
	int wait_ms = source->period_ns ? (int)(source->period_ns / NS_PER_MS) : 100;
	uint64_t refresh_ns = 0;
	uint64_t spent_ns = cpu_ns();
	bool more = true;

	while (more && clock_mono_ns() < until_ns) {
		poll(fds, 2, wait_ms);
		more = !fds[0].revents;
		read_all(source, state);
		if (clock_mono_ns() >= refresh_ns) {
			source->kind->refresh(source, clock_mono_ns());
			refresh_ns = clock_mono_ns() + NS_PER_S / 10;
		}
	}
	/* What is in a block that has not filled comes with its time. */
	usleep(100000);
	read_all(source, state);
	source->kind->refresh(source, clock_mono_ns());
	return cpu_ns() - spent_ns;
}

static void say_end(const struct source_stats *stats, uint64_t spent_ns, uint64_t records)
{
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	jsonw_object(&w, NULL);
	jsonw_object(&w, "end");
	jsonw_string(&w, "kind", stats->kind);
	jsonw_u64(&w, "received", stats->received);
	jsonw_u64(&w, "bytes", stats->bytes);
	jsonw_u64(&w, "kernel_drops", stats->kernel_drops);
	jsonw_u64(&w, "others", stats->others);
	jsonw_u64(&w, "seen", stats->seen);
	jsonw_u64(&w, "seen_bytes", stats->seen_bytes);
	jsonw_u64(&w, "if_index", stats->if_index);
	jsonw_u64(&w, "records", records);
	jsonw_u64(&w, "cpu_ns", spent_ns);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	printf("%s%s\n", text_string(&lines), text_string(&out));
	text_done(&out);
}

int main(int argc, char **argv)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	struct source *source = NULL;

	if (argc < 5 || config_parse("none", "", 0, &errors, &config))
		return 2;
	quiet = argc > 5;
	lines = text_heap();
	const struct live_options options = {
		.name = argv[2],
		.sampling = (uint32_t)strtoul(argv[3], NULL, 10),
		.ring_bytes = 16 << 20,
		.native_only = strcmp(argv[1], "native") == 0,
	};
	uint64_t seconds = strtoul(argv[4], NULL, 10);
	struct decode_state *state = decode_state_new(config, 1);
	bool ok = state && open_source(argv[1], &options, &source) == 0;
	if (ok) {
		fprintf(stderr, "ready\n");
		uint64_t spent_ns = run(source, state, clock_mono_ns() + seconds * NS_PER_S);
		say_end(&source->stats, spent_ns, state->records);
	}
	source_close(source);
	decode_state_free(state);
	config_free(config);
	text_done(&lines);
	text_done(&errors);
	return !ok;
}
