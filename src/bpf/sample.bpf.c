/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * sample: every packet that comes in is counted, one of N is copied into a ring buffer.
 *
 * Runs in the driver (XDP), or behind it where the driver cannot. Lets every
 * packet pass. Nobody is woken: the reader comes by time (ADR 0012). With the
 * header of the kernel's own interface, not with all of its types: the object
 * then loads on any kernel that has the helpers (5.18 and later).
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/abi.h"

/* The least that a driver hands over is an Ethernet header. */
#define LEAST 14

/* A random number of 32 bits below this draws the packet; 2^32 / N. Set before loading. */
const volatile __u64 draw_below = 1ULL << 32;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* set before loading */
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sample_counters);
} counters SEC(".maps");

static __always_inline void keep(struct xdp_md *ctx, struct sample_counters *count, __u64 wire_len)
{
	__u64 len = wire_len < SAMPLE_SNAP ? wire_len : SAMPLE_SNAP;
	struct sampled_packet *sample = bpf_ringbuf_reserve(&samples, sizeof(*sample), 0);

	if (!sample) {
		count->full++;
		return;
	}
	if (len < LEAST || bpf_xdp_load_bytes(ctx, 0, sample->data, len)) {
		bpf_ringbuf_discard(sample, BPF_RB_NO_WAKEUP);
		return;
	}
	sample->wire_len = wire_len;
	sample->len = len;
	bpf_ringbuf_submit(sample, BPF_RB_NO_WAKEUP);
}

SEC("xdp.frags")
int sample_packet(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct sample_counters *count = bpf_map_lookup_elem(&counters, &zero);
	__u64 wire_len = bpf_xdp_get_buff_len(ctx);

	if (!count)
		return XDP_PASS;
	count->packets++;
	count->bytes += wire_len;
	if (draw_below <= 0xffffffff && bpf_get_prandom_u32() >= draw_below)
		return XDP_PASS;
	count->sampled++;
	keep(ctx, count, wire_len);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
