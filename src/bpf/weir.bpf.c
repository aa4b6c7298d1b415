/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * weir: packets to protected destinations in, passed or dropped by the rules in force.
 *
 * Runs in the driver (XDP), or behind it. Whatever it does not understand
 * passes, and is counted. The cost does not depend on the number of rules: each
 * field of a packet selects a row of bits, one a rule (xdp_abi.h). A rule past
 * its expiry does not match, whether or not anybody is left who could take it
 * away. With the header of the kernel's own interface: loads on Linux 5.18 and
 * later.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/xdp_abi.h"

/* Only for tests: the time is test_now, and test_told says what was decided. Set before loading. */
const volatile bool test_clock = false;
/* Only for measuring: these bits of an IPv4 destination are drawn anew for each packet. */
const volatile __u32 test_spread = 0;
volatile __u64 test_now = 0;
volatile struct xdp_told test_told = { 0 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdp_control);
} control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct xdp_tables);
} tables SEC(".maps");

/* IPv4, by the upper 16 bits of an address; the second half is generation 1. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * 65536);
	__type(key, __u32);
	__type(value, struct xdp_block);
} dst24 SEC(".maps");

/* 2 * block + generation. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2); /* set before loading */
	__type(key, __u32);
	__type(value, struct xdp_block);
} dst8 SEC(".maps");

/* IPv6; value: class. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2); /* set before loading */
	__type(key, struct xdp_lpm_key);
	__type(value, __u32);
} dst6 SEC(".maps");

/* Source prefixes of rules; value: row. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4 * FILTER_RULES);
	__type(key, struct xdp_lpm_key);
	__type(value, __u32);
} sources SEC(".maps");

/* Members of source sets that are one host; value: set. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading */
	__type(key, struct xdp_host_key);
	__type(value, __u32);
} set_hosts SEC(".maps");

/* Members that are prefixes; value: set. The tag is without generation. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading */
	__type(key, struct xdp_lpm_key);
	__type(value, __u32);
} set_prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FILTER_SLOTS);
	__type(key, __u32);
	__type(value, struct xdp_slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdp_cpu);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* set before loading */
} drops SEC(".maps");

#include "bpf/weir_parse.h"
#include "bpf/weir_decide.h"

static __always_inline int give(struct xdp_cpu *cpu, __u32 reason)
{
	if (reason < FILTER_REASONS)
		cpu->packets[reason]++;
	if (test_clock)
		test_told.reason = reason;
	return reason == FILTER_BY_DROP || reason == FILTER_ABOVE_RATE ? XDP_DROP : XDP_PASS;
}

static __always_inline void spread(struct xdp_cpu *cpu, struct packet *p)
{
	cpu->random = cpu->random * 6364136223846793005ULL + 1442695040888963407ULL;
	__u32 drawn = (__u32)(cpu->random >> 32) & test_spread;
	p->dst_host ^= drawn;
	if (p->v6)
		p->dst[1] ^= bpf_htonl(drawn); /* what follows the first 32 bits */
}

SEC("xdp.frags")
int weir(struct xdp_md *ctx)
{
	__u32 zero = 0;
	void *at = (void *)(long)ctx->data;
	const void *end = (void *)(long)ctx->data_end;
	struct xdp_cpu *cpu = bpf_map_lookup_elem(&cpus, &zero);
	const struct xdp_control *steer = bpf_map_lookup_elem(&control, &zero);
	struct packet p = { 0 };
	__u32 reason;

	if (!cpu || !steer)
		return XDP_PASS;
	__u32 generation = *(const volatile __u32 *)&steer->generation & 1;
	struct xdp_tables *t = bpf_map_lookup_elem(&tables, &generation);
	if (!t)
		return XDP_PASS;
	__u32 type = skip_ethernet(&at, end);
	if (type == TYPE_IPV4)
		reason = read_v4(ctx, at, end, &p);
	else if (type == TYPE_IPV6)
		reason = read_v6(ctx, at, end, &p);
	else
		return give(cpu, type == TYPE_NONE ? FILTER_BAD_SHORT : FILTER_NOT_IP);
	if (reason != FILTER_VERDICTS)
		return give(cpu, reason);
	if (test_spread)
		spread(cpu, &p);
	__u32 class = p.v6 ? class_of_v6(&p, generation) : class_of_v4(t, &p, generation);
	if (!class)
		return give(cpu, FILTER_UNPROTECTED);
	if (p.v6)
		skip_extensions(at, end, &p);
	read_l4(at, end, &p);
	if (p.odd && p.odd < FILTER_REASONS)
		cpu->packets[p.odd]++;
	if (is_neighbour(&p))
		return give(cpu, FILTER_NEIGHBOUR);
	return give(cpu, decide(ctx, t, cpu, &p, class & (FILTER_CLASSES - 1), generation,
				steer->draw_below));
}

char LICENSE[] SEC("license") = "GPL";
