/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_send: frames of one flow out of an interface, as fast as one processor can.
 *
 * Not a test. BPF_F_TEST_XDP_LIVE_FRAMES: a program in the kernel redirects the
 * same frame again and again; nothing else loads a filter as much. Only from
 * one end of a cable to the other: it refuses interfaces whose other end is
 * not in this network namespace, and runs for a bounded time. With "bare" a
 * program that only drops is at the other end: what all else is more than.
 *
 *   host_send OUT IN CPU SECONDS [bare] <FRAME in hex on standard input
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define FRAME_MAX   1514
#define BATCH       64
#define REPEAT      (1 << 15)
#define SECONDS_MAX 60

static _Noreturn void stop(const char *what)
{
	fprintf(stderr, "host_send: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int load(const struct bpf_insn *insns, size_t count)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "host_send", "GPL", insns, count, NULL);

	if (fd < 0)
		stop("a program of BPF cannot be loaded");
	return fd;
}

static int load_redirect(unsigned out)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = (int)out },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load(insns, sizeof(insns) / sizeof(insns[0]));
}

static int load_drop(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load(insns, sizeof(insns) / sizeof(insns[0]));
}

/* The other end of the cable is here, so nothing leaves. */
static void check_cable(unsigned out, unsigned in)
{
	unsigned ends[2] = { out, in };
	unsigned peers[2] = { 0, 0 };
	char name[IF_NAMESIZE];

	for (int i = 0; i < 2; i++) {
		struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
		struct ethtool_stats *stats = calloc(1, sizeof(*stats) + 4096);
		struct ifreq request = { .ifr_data = (char *)&driver };
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (!stats || fd < 0 || !if_indextoname(ends[i], name))
			stop("no such interface");
		memcpy(request.ifr_name, name, sizeof(request.ifr_name));
		if (ioctl(fd, SIOCETHTOOL, &request) || strcmp(driver.driver, "veth") != 0)
			stop("no virtual cable");
		/* The first number that veth tells is where its other end is. */
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = driver.n_stats < 512 ? driver.n_stats : 512;
		request.ifr_data = (char *)stats;
		if (ioctl(fd, SIOCETHTOOL, &request))
			stop("the other end is not known");
		peers[i] = (unsigned)stats->data[0];
		close(fd);
		free(stats);
	}
	if (peers[0] != in || peers[1] != out) {
		errno = EPERM;
		stop("not two ends of one cable");
	}
}

static size_t read_frame(uint8_t *frame)
{
	size_t len = 0;
	unsigned byte;

	while (len < FRAME_MAX && scanf("%2x", &byte) == 1)
		frame[len++] = (uint8_t)byte;
	return len;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		stop("no such processor");
}

int main(int argc, char **argv)
{
	uint8_t frame[FRAME_MAX];
	unsigned out = argc > 4 ? if_nametoindex(argv[1]) : 0;
	unsigned in = argc > 4 ? if_nametoindex(argv[2]) : 0;
	uint64_t sent = 0;

	if (argc < 5 || !out || !in)
		stop("usage: host_send OUT IN CPU SECONDS [bare] <FRAME");
	check_cable(out, in);
	stay_on(atoi(argv[3]));
	double seconds = strtod(argv[4], NULL);
	size_t len = read_frame(frame);
	int bare = argc > 5 ? bpf_link_create(load_drop(), (int)in, BPF_XDP, NULL) : -1;
	if (argc > 5 && bare < 0)
		stop("the bare program cannot be attached");
	int program = load_redirect(out);
	uint64_t start_ns = clock_mono_ns();
	uint64_t cpu_ns = clock_cpu_ns();
	uint64_t end_ns =
		start_ns + (uint64_t)((seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1e9);
	while (clock_mono_ns() < end_ns) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
			    .data_size_in = (uint32_t)len, .repeat = REPEAT, .batch_size = BATCH,
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
		if (bpf_prog_test_run_opts(program, &options))
			stop("live frames");
		sent += REPEAT;
	}
	printf("{\"sent\": %llu, \"wall_ns\": %llu, \"cpu_ns\": %llu}\n", (unsigned long long)sent,
	       (unsigned long long)(clock_mono_ns() - start_ns),
	       (unsigned long long)(clock_cpu_ns() - cpu_ns));
	if (bare >= 0)
		close(bare);
	return 0;
}
