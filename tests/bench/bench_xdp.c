/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_xdp: what a packet costs in the XDP program, and how soon a new set of rules is in force.
 *
 * Not a test. BPF_PROG_TEST_RUN with many repetitions: CPU time of this thread,
 * ns a packet, all cases in turns, median with least and most of the rounds.
 * 100,000 IPv4 prefixes in 10/8 are protected; "random" draws the lower 24 bits
 * of the destination anew for each packet within the program; of IPv6 it is those
 * before the 64th, among 100,000 prefixes. Every packet of
 * the cases with rules is decided by the last rule, a rate limit for all of them.
 * Then wall time of xdp_engine_set(): 1,000 rules changed at once, and from the
 * call to the first packet that is judged by the new set.
 *
 *   meson compile -C build/release bench_xdp && build/release/tests/bench/bench_xdp [ROUNDS]
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actuate/xdp/engine.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/parse.h"

#define PREFIXES   100000U
#define GROUPS     5000U
#define ROUNDS     15
#define ROUNDS_MAX 101
#define REPEAT     200000
#define SETS       60
#define SWAPS      300
#define SPREAD     0x00ffffffU

/* What is measured. */
struct bench {
	const char *name;
	unsigned rules;
	bool protect;
	bool random;
	bool v6;
	bool many6;   /* 100,000 prefixes of IPv6, and none of IPv4 */
	bool sources; /* half of the rules have a source prefix */
	bool nearly;  /* each rule misses by one of two conditions, so that all words are read */
	bool late;    /* and not by ports, which are looked at first */
	struct xdp_engine *engine;
	int fd;
	double ns[ROUNDS_MAX];
};

static struct xdp_protected protect[PREFIXES + 1];
static struct xdp_protected protect6[PREFIXES];
static struct xdp_rule rules[FILTER_RULES];

static struct prefix v4_prefix(uint32_t address, unsigned len)
{
	uint8_t be[4];

	address &= len ? ~0U << (32 - len) : 0;
	be[0] = (uint8_t)(address >> 24);
	be[1] = (uint8_t)(address >> 16);
	be[2] = (uint8_t)(address >> 8);
	be[3] = (uint8_t)address;
	return (struct prefix){ .ip = ip_from_v4(be), .len = (uint8_t)(96 + len) };
}

/* All /24 of 10/8 and parts of them: 34,464 /25, so that half of them are told apart by a block. */
static void make_protected(void)
{
	for (uint32_t i = 0; i < PREFIXES; i++) {
		bool whole = i < 65536;
		uint32_t slash24 = whole ? i : (i - 65536) / 2;
		uint32_t half = whole ? 0 : (i - 65536) % 2 << 7;
		protect[i].prefix = v4_prefix(10U << 24 | slash24 << 8 | half, whole ? 24 : 25);
		protect[i].group = (uint16_t)(1 + slash24 % GROUPS);
	}
	protect[PREFIXES].prefix = (struct prefix){ .ip.b = { 0x20, 1, 0xd, 0xb8 }, .len = 48 };
	protect[PREFIXES].group = GROUPS + 1;
}

/* All /56 of 2001:db8:0::/40, and halves of 17,232 of them. */
static void make_protected6(void)
{
	for (uint32_t i = 0; i < PREFIXES; i++) {
		bool whole = i < 65536;
		uint32_t slash56 = whole ? i : (i - 65536) / 2;
		struct prefix p = { .ip.b = { 0x20, 1, 0xd, 0xb8, 0, (uint8_t)(slash56 >> 8),
					      (uint8_t)slash56 },
				    .len = whole ? 56 : 57 };
		p.ip.b[7] = (uint8_t)(whole ? 0 : (i - 65536) % 2 << 7);
		protect6[i] = (struct xdp_protected){ p, (uint16_t)(1 + slash56 % GROUPS) };
	}
}

/* Hosts under attack, some with a port or a length; the last one limits what is left. */
static void make_rules(unsigned count, bool sources, uint64_t id, uint64_t salt)
{
	struct prefix all = v4_prefix(10U << 24, 8);
	struct prefix all6 = { .ip.b = { 0x20, 1, 0xd, 0xb8 }, .len = 32 };

	for (unsigned i = 0; i < count; i++) {
		uint64_t r = hash_words(i, salt, 1);
		struct prefix host = v4_prefix(10U << 24 | (uint32_t)(r & SPREAD), 32);
		struct xdp_rule *rule = &rules[i];
		xdp_rule_init(rule, i + 2 < count ? &host : i + 1 < count ? &all6 : &all);
		rule->id = id + i;
		rule->priority = i;
		rule->expires_ns = clock_mono_ns() + 3600 * NS_PER_S;
		rule->action = FILTER_DROP;
		if (i + 2 >= count) {
			rule->action = FILTER_LIMIT;
			rule->rate_pps = 1000000;
			continue;
		}
		rule->proto = r >> 24 & 1 ? 17 : 6;
		rule->src_port.min = rule->src_port.max = (uint16_t)(r >> 25 & 1023);
		if (r >> 36 & 1)
			rule->length = (struct xdp_range){ (uint16_t)(r >> 37 & 511), 1500 };
		if (r >> 48 & 1)
			rule->dst_port.max = (uint16_t)(r >> 49 & 1023);
		if (sources && r >> 60 & 1)
			rule->src = v4_prefix((uint32_t)(r >> 8), 8 + (unsigned)(r >> 56 & 15));
	}
}

/* All for every destination, each but for one condition of two the packet's. */
static void make_near_misses(unsigned count, bool late)
{
	make_rules(count, false, 1, 7);
	for (unsigned i = 0; i + 1 < count; i++) {
		struct xdp_rule *rule = &rules[i];
		xdp_rule_init(rule, &rules[count - 1].dst);
		rule->id = 1 + i;
		rule->priority = i;
		rule->action = FILTER_DROP;
		if (late) {
			rule->length.min = i % 2 ? 65 : 0;
			rule->ttl.min = i % 2 ? 0 : 65;
		} else {
			rule->src_port.min = rule->src_port.max = i % 2 ? 1 : 123;
			rule->dst_port.min = rule->dst_port.max = i % 2 ? 5000 : 1;
		}
	}
}

static int set(struct xdp_engine *engine, unsigned count, bool protected)
{
	const struct xdp_wanted wanted = { protect, protected ? PREFIXES + 1 : 0, rules, count };

	return xdp_engine_set(engine, &wanted, NULL);
}

/* An Ethernet frame with a UDP packet of 64 bytes to 10.20.30.40 or 2001:db8::. */
static unsigned make_frame(uint8_t *frame, bool v6)
{
	memset(frame, 0, 128);
	uint8_t *ip = frame + 14;
	frame[12] = v6 ? 0x86 : 8;
	frame[13] = v6 ? 0xdd : 0;
	if (v6) {
		memcpy(ip, (uint8_t[]){ 0x60, 0, 0, 0, 0, 24, 17, 64, 0x20, 1, 0xd, 0xb9 }, 12);
		memcpy(ip + 24, (uint8_t[]){ 0x20, 1, 0xd, 0xb8 }, 4);
	} else {
		memcpy(ip, (uint8_t[]){ 0x45, 0, 0, 64, 0, 0, 0, 0, 64, 17, 0, 0 }, 12);
		memcpy(ip + 12, (uint8_t[]){ 192, 0, 2, 1, 10, 20, 30, 40 }, 8);
	}
	memcpy(ip + (v6 ? 40 : 20), (uint8_t[]){ 0, 123, 0x13, 0x88, 0, 44 }, 6);
	return 14 + 64;
}

/* Return: the verdict of the last packet, or -1. */
static int run(int fd, bool v6, int repeat)
{
	uint8_t frame[128];
	unsigned len = make_frame(frame, v6);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = len,
		    .repeat = repeat);

	return bpf_prog_test_run_opts(fd, &options) ? -1 : (int)options.retval;
}

/* A program that only drops: what everything else is more than. */
static int load_bare(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "bare", "GPL", insns, 2, NULL);
}

static int prepare(struct bench *b)
{
	const struct xdp_wanted six = { protect6, PREFIXES, rules, b->rules };
	const struct xdp_engine_config config = { .prefixes6_max = 2 * PREFIXES,
						  .test_spread = b->random ? SPREAD : 0,
						  .blocks_max = 32768,
						  .hosts_max = 1000,
						  .members_max = 1000,
						  .sampling = 1000,
						  .seed = 1 };
	char why[512];
	struct text error = text_fixed(why, sizeof(why));
	int err = xdp_engine_open(&config, &b->engine, &error);

	if (err) {
		printf("nothing measured: %s\n", why);
		return err;
	}
	b->fd = xdp_engine_fd(b->engine);
	if (b->nearly)
		make_near_misses(b->rules, b->late);
	else
		make_rules(b->rules, b->sources, 1, 7);
	if (b->many6)
		return xdp_engine_set(b->engine, &six, NULL);
	return set(b->engine, b->rules, b->protect);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void forget(void *self, const struct xdp_sample *sample)
{
	(void)self;
	(void)sample;
}

static int measure(struct bench *benches, size_t count, unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			struct bench *b = &benches[i];
			if (run(b->fd, b->v6, 1000) < 0)
				return -errno;
			uint64_t start = clock_cpu_ns();
			if (run(b->fd, b->v6, REPEAT) < 0)
				return -errno;
			b->ns[round] = (double)(clock_cpu_ns() - start) / REPEAT;
			if (b->engine)
				xdp_engine_samples(b->engine, forget, NULL, 1000000);
		}
	}
	printf("ns a packet                                              median   least    most  "
	       "over bare\n");
	for (size_t i = 0; i < count; i++) {
		struct bench *b = &benches[i];
		qsort(b->ns, rounds, sizeof(b->ns[0]), by_size);
		printf("%-55s %7.1f %7.1f %7.1f %10.1f\n", b->name, b->ns[rounds / 2], b->ns[0],
		       b->ns[rounds - 1], b->ns[rounds / 2] - benches[0].ns[rounds / 2]);
	}
	return 0;
}

static void show(const char *name, double *ms, unsigned count)
{
	qsort(ms, count, sizeof(ms[0]), by_size);
	printf("%-55s %7.2f %7.2f %7.2f %7.2f\n", name, ms[count / 2], ms[count * 9 / 10],
	       ms[count * 99 / 100], ms[count - 1]);
}

/* All of 1,000 rules are others than before; both generations have their base already. */
static int measure_change(struct xdp_engine *engine, bool sources, const char *name)
{
	double ms[SETS];

	for (unsigned i = 0; i < SETS + 2; i++) {
		make_rules(1000, sources, 1000000ULL * (i + 1), i);
		xdp_engine_settle(engine);
		uint64_t start = clock_mono_ns();
		int err = set(engine, 1000, true);
		if (err)
			return err;
		if (i >= 2)
			ms[i - 2] = (double)(clock_mono_ns() - start) / 1e6;
	}
	show(name, ms, SETS);
	return 0;
}

/* From the call to a packet that is judged by the new set: one drops all, the other nothing. */
static int measure_decision(struct xdp_engine *engine, bool settled, const char *name)
{
	double ms[SWAPS];

	make_rules(256, false, 500000000, 9);
	rules[255].rate_pps = 0;
	for (unsigned i = 0; i < SWAPS; i++) {
		rules[255].action = i % 2 ? FILTER_DROP : FILTER_PASS;
		if (settled)
			xdp_engine_settle(engine);
		uint64_t start = clock_mono_ns();
		int err = set(engine, 256, true);
		if (err)
			return err;
		while (run(xdp_engine_fd(engine), false, 1) != (i % 2 ? XDP_DROP : XDP_PASS)) {
			if (clock_mono_ns() - start > NS_PER_S)
				return -ETIMEDOUT;
		}
		ms[i] = (double)(clock_mono_ns() - start) / 1e6;
	}
	show(name, ms, SWAPS);
	return 0;
}

static int measure_sets(struct xdp_engine *engine)
{
	printf("ms                                                      median     90%%     99%%   "
	       " most\n");
	int err = measure_change(engine, false, "1,000 rules changed at once");
	if (!err)
		err = measure_change(engine, true, "1,000 rules changed at once, half by source");
	if (!err)
		err = measure_decision(engine, true, "decision to active, 256 rules");
	if (!err)
		err = measure_decision(engine, false, "the same, one set right after the other");
	return err;
}

int main(int argc, char **argv)
{
	static struct bench benches[] = {
		{ .name = "bare drop" },
		{ .name = "not protected: parsed, looked up, counted" },
		{ .name = "protected, no rules", .protect = true },
		{ .name = "16 rules, one destination", .rules = 16, .protect = true },
		{ .name = "256 rules, one destination", .rules = 256, .protect = true },
		{ .name = "1,024 rules, one destination", .rules = 1024, .protect = true },
		{ .name = "no rules, random destinations", .protect = true, .random = true },
		{ .name = "16 rules, random", .rules = 16, .protect = true, .random = true },
		{ .name = "256 rules, random", .rules = 256, .protect = true, .random = true },
		{ .name = "1,024 rules, random", .rules = 1024, .protect = true, .random = true },
		{ .name = "256 rules, half by source, random",
		  .rules = 256,
		  .protect = true,
		  .random = true,
		  .sources = true },
		{ .name = "16 rules, near misses by port",
		  .rules = 16,
		  .protect = true,
		  .random = true,
		  .nearly = true },
		{ .name = "1,024 rules, near misses by port",
		  .rules = 1024,
		  .protect = true,
		  .random = true,
		  .nearly = true },
		{ .name = "1,024 rules, near misses by length: the worst case",
		  .rules = 1024,
		  .protect = true,
		  .random = true,
		  .nearly = true,
		  .late = true },
		{ .name = "256 rules, IPv6, 100,000 prefixes, random",
		  .rules = 256,
		  .random = true,
		  .v6 = true,
		  .many6 = true },
		{ .name = "256 rules, IPv6", .rules = 256, .protect = true, .v6 = true },
	};
	const size_t count = sizeof(benches) / sizeof(benches[0]);
	uint64_t rounds = ROUNDS;
	int err = 0;

	if (argc > 1 && (parse_u64(argv[1], &rounds) || !rounds || rounds > ROUNDS_MAX))
		return 2;
	make_protected();
	make_protected6();
	if (xdp_engine_is_built())
		benches[0].fd = load_bare();
	for (size_t i = 1; i < count && !err; i++)
		err = prepare(&benches[i]);
	if (err)
		return 0; /* it was said why */
	err = measure(benches, count, (unsigned)rounds);
	if (!err)
		err = measure_sets(benches[5].engine);
	if (err)
		fprintf(stderr, "bench_xdp: %s\n", err_text(err));
	for (size_t i = 1; i < count; i++)
		xdp_engine_remove(benches[i].engine);
	return err != 0;
}
