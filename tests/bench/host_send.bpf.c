/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * host_send: frames of BPF_F_TEST_XDP_LIVE_FRAMES in; into a cable, into the stack, or dropped.
 *
 * For tests/bench/host_send.c alone. Each call of BPF_PROG_TEST_RUN waits twice for the kernel,
 * some 20 ms before its first and after its last frame; so the programs that send note the time
 * themselves, at every 1,024th frame. One processor runs them, so counters need no locks.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MARK_EVERY 1024

const volatile __u32 out_if = 0; /* set before loading */

/* Of all calls so far. */
volatile __u64 sent = 0;
volatile __u64 dropped = 0;

/* Of this call; zeroed by who calls. */
volatile __u64 call_sent = 0;
volatile __u64 first_ns = 0; /* at its first frame */
volatile __u64 last_ns = 0;  /* at its last multiple of MARK_EVERY */
volatile __u64 between = 0;  /* frames from then to then */

static __always_inline void count(void)
{
	if (call_sent % MARK_EVERY == 0) {
		last_ns = bpf_ktime_get_ns();
		if (!first_ns)
			first_ns = last_ns;
		between = call_sent;
	}
	call_sent++;
	sent++;
}

/* Out of the one end of a cable: what is at the other end gets it as from a wire. */
SEC("xdp")
int into_cable(struct xdp_md *ctx)
{
	(void)ctx;
	count();
	return bpf_redirect(out_if, 0);
}

/* As a driver without XDP hands it to the host's network stack. */
SEC("xdp")
int into_stack(struct xdp_md *ctx)
{
	(void)ctx;
	count();
	return XDP_PASS;
}

/* What all else at the other end is more than. */
SEC("xdp")
int bare(struct xdp_md *ctx)
{
	(void)ctx;
	dropped++;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
