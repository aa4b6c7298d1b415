/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_send: frames of one flow out of an interface, as fast as one processor can.
 *
 * Not a test. BPF_F_TEST_XDP_LIVE_FRAMES: a program in the kernel sends the same frame again and
 * again; nothing else loads a filter as much. Only from one end of a cable to the other: it
 * refuses the network namespace of who started it, and interfaces whose other end is not in this
 * one, and runs for a bounded time and number of frames. In the cable's far end a frame is as from a wire ("cable"; with
 * "bare" a program that only drops is at the near end); or it goes straight into the stack as if
 * it had come in there ("stack"), which no program in the driver sees.
 *
 *   host_send OUT IN CPU SECONDS cable|bare|stack <FRAME in hex on standard input
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "host_send.skel.h"

#define FRAME_MAX   1514
#define BATCH       64
#define REPEAT      (1 << 17)
#define FRAMES_MAX  (1ULL << 30)
#define SECONDS_MAX 60

/* What a run is, and found. */
struct run {
	struct host_send_bpf *bpf;
	int program; /* that sends */
	uint8_t frame[FRAME_MAX];
	uint32_t len;
	unsigned in;
	uint64_t timed;    /* frames between the marks of each call */
	uint64_t timed_ns; /* and the time between them */
};

static _Noreturn void stop(const char *what)
{
	fprintf(stderr, "host_send: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Whoever starts this is outside, and made a namespace for it. */
static void check_namespace(void)
{
	struct stat here;
	struct stat outside;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)getppid());
	if (stat("/proc/self/ns/net", &here) || stat(path, &outside))
		stop("whose network namespace this is cannot be seen");
	if (here.st_ino == outside.st_ino) {
		errno = EPERM;
		stop("not in a network namespace of its own");
	}
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

static uint32_t read_frame(uint8_t *frame)
{
	uint32_t len = 0;
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

static bool is(const char *word, const char *way)
{
	return strcmp(word, way) == 0;
}

static void load(struct run *run, unsigned out, const char *way)
{
	run->bpf = host_send_bpf__open();
	if (!run->bpf)
		stop("the programs of BPF cannot be opened");
	run->bpf->rodata->out_if = out;
	if (host_send_bpf__load(run->bpf))
		stop("the programs of BPF cannot be loaded");
	run->program = bpf_program__fd(is(way, "stack") ? run->bpf->progs.into_stack
							: run->bpf->progs.into_cable);
	if (is(way, "bare") &&
	    bpf_link_create(bpf_program__fd(run->bpf->progs.bare), (int)run->in, BPF_XDP, NULL) < 0)
		stop("the bare program cannot be attached");
}

static void send_some(struct run *run)
{
	struct xdp_md as_if = { .data_end = run->len, .ingress_ifindex = run->in };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = run->frame, .data_size_in = run->len,
		    .ctx_in = &as_if, .ctx_size_in = sizeof(as_if), .repeat = REPEAT,
		    .batch_size = BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	struct host_send_bpf__bss *told = run->bpf->bss;

	told->call_sent = told->first_ns = told->last_ns = told->between = 0;
	if (bpf_prog_test_run_opts(run->program, &options))
		stop("live frames");
	run->timed += told->between;
	run->timed_ns += told->last_ns - told->first_ns;
}

int main(int argc, char **argv)
{
	static struct run run;
	unsigned out = argc == 6 ? if_nametoindex(argv[1]) : 0;

	run.in = argc == 6 ? if_nametoindex(argv[2]) : 0;
	if (!out || !run.in ||
	    !(is(argv[5], "cable") || is(argv[5], "bare") || is(argv[5], "stack")))
		stop("usage: host_send OUT IN CPU SECONDS cable|bare|stack <FRAME");
	check_namespace();
	check_cable(out, run.in);
	stay_on(atoi(argv[3]));
	double seconds = strtod(argv[4], NULL);
	run.len = read_frame(run.frame);
	load(&run, out, argv[5]);
	uint64_t enough_ns = (uint64_t)((seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1e9);
	uint64_t end_ns = clock_mono_ns() + 4 * enough_ns;
	uint64_t cpu_ns = clock_cpu_ns();
	while (run.timed_ns < enough_ns && clock_mono_ns() < end_ns &&
	       run.bpf->bss->sent < FRAMES_MAX)
		send_some(&run);
	printf("{\"sent\": %llu, \"dropped\": %llu, \"timed\": %llu, \"timed_ns\": %llu, "
	       "\"cpu_ns\": %llu}\n",
	       (unsigned long long)run.bpf->bss->sent, (unsigned long long)run.bpf->bss->dropped,
	       (unsigned long long)run.timed, (unsigned long long)run.timed_ns,
	       (unsigned long long)(clock_cpu_ns() - cpu_ns));
	host_send_bpf__destroy(run.bpf);
	return 0;
}
