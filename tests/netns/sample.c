/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample: flows of an interface as JSON lines, for tests and for measuring.
 *
 *     sample MODE INTERFACE N SECONDS [tally]
 *
 * MODE is packet, xdp, native (XDP in the driver or not at all), or bare: a packet ring whose
 * packets are only walked over, to compare with. With `tally` the flows are tallied instead of
 * printed. Says "ready" on standard error
 * when it is attached, ends after SECONDS or when its standard input ends, and then says its
 * counters in one more line, {"end":…}, with the CPU time of the reading thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "ingest/live.h"
#include "ingest/state.h"
#include "tally/batch.h"
#include "tally/shard.h"

static struct text lines;
static struct shard *shard; /* NULL: print them */
static struct tally_batch *batch;

static void take_flows(void *self, struct flow *flows, size_t count)
{
	(void)self;
	if (shard)
		shard_squeeze(shard, flows, count);
	for (size_t i = 0; !shard && i < count; i++) {
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

#define BLOCK_BYTES (128U << 10)
#define BLOCKS      128U

/* The least that reading a ring can cost: it does nothing with a packet but find the next. */
struct bare {
	struct source source;
	uint8_t *ring;
	unsigned at;
};

static int read_bare(struct source *source, uint64_t now_ns, struct decode_state *state,
		     const struct flow_sink *sink)
{
	struct bare *bare = (struct bare *)source;
	struct tpacket_block_desc *block =
		(struct tpacket_block_desc *)(bare->ring + (size_t)bare->at * BLOCK_BYTES);

	(void)now_ns;
	(void)state;
	(void)sink;
	if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return 0;
	const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
	for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *header = (const void *)at;
		source->stats.received++;
		source->stats.bytes += header->tp_len;
		at += header->tp_next_offset;
	}
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	bare->at = (bare->at + 1) % BLOCKS;
	return 1;
}

static void refresh_bare(struct source *source, uint64_t now_ns)
{
	struct tpacket_stats_v3 stats;
	socklen_t len = sizeof(stats);

	(void)now_ns;
	if (getsockopt(source->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		source->stats.kernel_drops += stats.tp_drops;
}

static void close_bare(struct source *source)
{
	munmap(((struct bare *)source)->ring, (size_t)BLOCKS * BLOCK_BYTES);
	close(source->fd);
	free(source);
}

static const struct source_kind bare_kind = {
	.name = "bare",
	.read = read_bare,
	.refresh = refresh_bare,
	.close = close_bare,
};

static int open_bare(const char *name, struct source **ret_source)
{
	struct bare *bare = calloc(1, sizeof(*bare));
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	int version = TPACKET_V3;
	struct tpacket_req3 request = { .tp_block_size = BLOCK_BYTES,
					.tp_block_nr = BLOCKS,
					.tp_frame_size = 2048,
					.tp_frame_nr = BLOCKS * (BLOCK_BYTES / 2048),
					.tp_retire_blk_tov = 20 };
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)if_nametoindex(name) };

	if (!bare || fd < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		free(bare);
		return -errno;
	}
	bare->ring =
		mmap(NULL, (size_t)BLOCKS * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	source_init(&bare->source, &bare_kind, name, fd);
	*ret_source = &bare->source;
	return 0;
}

static int open_source(const char *mode, const struct live_options *options, struct source **ret)
{
	struct text error = text_heap();

	if (strcmp(mode, "bare") == 0)
		return open_bare(options->name, ret);
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
	uint64_t tick_ns = 0;
	uint64_t spent_ns = cpu_ns();
	bool more = true;

	while (more && clock_mono_ns() < until_ns) {
		poll(fds, 2, wait_ms);
		more = !fds[0].revents;
		read_all(source, state);
		if (clock_mono_ns() >= refresh_ns) {
			source->kind->refresh(source, clock_mono_ns());
			refresh_ns = clock_mono_ns() + NS_PER_S / 2;
		}
		if (shard && clock_mono_ns() >= tick_ns) {
			shard_tick(shard, clock_steady_ns(), batch);
			tick_ns = clock_mono_ns() + NS_PER_S / 10;
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
	if (argc > 5) {
		batch = tally_batch_new(config);
		if (!batch || shard_open(config, 1, &shard))
			return 1;
	}
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
	shard_close(shard);
	tally_batch_free(batch);
	decode_state_free(state);
	config_free(config);
	text_done(&lines);
	text_done(&errors);
	return !ok;
}
