/* SPDX-License-Identifier: Apache-2.0 */
/* What holds over time: expiry, rates, samples, and sets that take the place of others. */
#include "check.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "lab.h"

static struct frame_spec udp(void)
{
	return (struct frame_spec){ .src = ip_of("192.0.2.9"),
				    .dst = ip_of("10.1.2.3"),
				    .proto = IPPROTO_UDP,
				    .ttl = 64,
				    .sport = 123,
				    .dport = 5000,
				    .length = 1000 };
}

static void open_lab(struct lab *lab, const struct xdp_engine_config *config)
{
	lab_open(lab, config);
	lab_protect(lab, "10.1.2.0/24", 7);
}

/* To the nanosecond; the next rule then decides. */
static void an_expired_rule_does_not_match(void **state)
{
	const struct xdp_engine_config config = { 0 };
	struct frame_spec spec = udp();
	struct lab lab;

	(void)state;
	open_lab(&lab, &config);
	lab_rule(&lab, "10.1.2.0/24")->expires_ns = LAB_NOW_NS + 1000;
	lab_rule(&lab, "10.1.2.3/32")->action = FILTER_COUNT;
	lab_set(&lab);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	lab.now_ns = LAB_NOW_NS + 999;
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	lab.now_ns++;
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_COUNT);
	assert_int_equal(lab_counted(&lab, FILTER_EXPIRED), 1);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_COUNT);
	assert_int_equal(lab_counted(&lab, FILTER_EXPIRED), 1);
	/* A new set may prolong it. */
	lab.rules[0].expires_ns += NS_PER_S;
	lab_set(&lab);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	lab_close(&lab);
}

/* All that a set can have, one over the other. */
static void a_thousand_expired_rules_are_passed_over(void **state)
{
	static struct xdp_rule rules[FILTER_RULES];
	const struct xdp_engine_config config = { 0 };
	const struct prefix dst = prefix_of("10.1.2.0/24");
	struct frame_spec spec = udp();
	struct lab lab;

	(void)state;
	open_lab(&lab, &config);
	for (uint32_t i = 0; i < FILTER_RULES; i++) {
		xdp_rule_init(&rules[i], &dst);
		rules[i].id = i + 1;
		rules[i].priority = i;
		rules[i].action = FILTER_DROP;
		rules[i].expires_ns = i + 1 < FILTER_RULES ? LAB_NOW_NS : 0;
	}
	const struct xdp_wanted wanted = { lab.protect, 1, rules, FILTER_RULES };
	assert_int_equal(xdp_engine_set(lab.engine, &wanted, NULL), 0);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	assert_int_equal(xdp_engine_test_told(lab.engine).rule, FILTER_RULES);
	assert_int_equal(lab_counted(&lab, FILTER_EXPIRED), FILTER_RULES - 1);
	lab_close(&lab);
}

static unsigned passing(struct lab *lab, const struct frame_spec *spec, unsigned count)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < count; i++)
		passed += lab_send(lab, spec) == FILTER_BELOW_RATE;
	return passed;
}

/* The share of a CPU: half of two. */
static void a_rate_limit_lets_its_rate_pass(void **state)
{
	const struct xdp_engine_config config = { .cpus = 2 };
	struct frame_spec spec = udp();
	struct lab lab;

	(void)state;
	open_lab(&lab, &config);
	struct xdp_rule *rule = lab_rule(&lab, "10.1.2.0/24");
	rule->action = FILTER_LIMIT;
	rule->rate_pps = 1000;
	lab_set(&lab);
	assert_int_equal(passing(&lab, &spec, 100), 50);
	lab.now_ns += NS_PER_S / 100;
	assert_int_equal(passing(&lab, &spec, 100), 5);
	lab.now_ns += NS_PER_S * 100;
	assert_int_equal(passing(&lab, &spec, 100), 50);
	/* A set with the same rule does not fill the bucket; another rule has its own. */
	lab_set(&lab);
	assert_int_equal(passing(&lab, &spec, 100), 0);
	rule->id = 2;
	lab_set(&lab);
	assert_int_equal(passing(&lab, &spec, 100), 50);
	/* Bits: 16 Mbit/s are 100,000 bytes of a tenth of a second and CPU. */
	rule->id = 3;
	rule->rate_pps = 0;
	rule->rate_bps = 16000000;
	lab_set(&lab);
	assert_int_equal(passing(&lab, &spec, 200), 100);
	rule->id = 4;
	rule->rate_pps = 200;
	lab_set(&lab);
	assert_int_equal(passing(&lab, &spec, 200), 10);
	lab_close(&lab);
}

static void keep_sample(void *self, const struct xdp_sample *sample)
{
	memcpy(self, sample, sizeof(*sample));
}

static void count_sample(void *self, const struct xdp_sample *sample)
{
	(void)sample;
	++*(unsigned *)self;
}

static void dropped_packets_are_sampled(void **state)
{
	const struct xdp_engine_config config = { .sampling = 1, .ring_bytes = 65536 };
	struct frame_spec spec = udp();
	uint8_t frame[FRAME_MAX];
	struct xdp_sample sample = { 0 };
	unsigned count = 0;
	struct lab lab;

	(void)state;
	open_lab(&lab, &config);
	lab_rule(&lab, "10.1.2.3/32")->id = 4711;
	lab_set(&lab);
	size_t len = frame_make(&spec, frame);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	assert_int_equal(xdp_engine_samples(lab.engine, keep_sample, &sample, 10), 1);
	assert_int_equal(sample.rule, 4711);
	assert_int_equal(sample.group, 7);
	assert_int_equal(sample.reason, FILTER_BY_DROP);
	assert_int_equal(sample.wire_len, len);
	assert_int_equal(sample.len, FILTER_SNAP);
	assert_true(sample.if_index > 0);
	assert_memory_equal(sample.data, frame, FILTER_SNAP);
	spec.dst = ip_of("10.1.2.4");
	assert_int_equal(lab_send(&lab, &spec), FILTER_NO_RULE);
	assert_int_equal(xdp_engine_samples(lab.engine, keep_sample, &sample, 10), 0);
	spec = udp();
	for (int i = 0; i < 1000; i++)
		assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	uint64_t lost = lab_counted(&lab, FILTER_RING_FULL);
	assert_true(lost > 0);
	assert_int_equal(xdp_engine_samples(lab.engine, count_sample, &count, 5), 5);
	assert_true(xdp_engine_samples(lab.engine, count_sample, &count, 10000) > 0);
	assert_int_equal(count + lost, 1000);
	lab_close(&lab);
}

/* The same seed draws the same packets. */
static void one_of_so_many_is_drawn(void **state)
{
	struct xdp_engine_config config = { .sampling = 10, .seed = 5 };
	struct frame_spec spec = udp();
	unsigned counts[2] = { 0 };

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct lab lab;
		open_lab(&lab, &config);
		lab_rule(&lab, "10.1.2.3/32");
		lab_set(&lab);
		for (int i = 0; i < 3000; i++)
			assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
		xdp_engine_samples(lab.engine, count_sample, &counts[run], 10000);
		lab_close(&lab);
	}
	/* Five deviations either way. */
	assert_in_range(counts[0], 300 - 82, 300 + 82);
	assert_int_equal(counts[0], counts[1]);
}

/* Too much is refused, and what was in force stays, whole. */
static void what_does_not_fit_changes_nothing(void **state)
{
	static struct xdp_rule many[FILTER_RULES + 1];
	const struct xdp_engine_config config = { .blocks_max = 1, .prefixes6_max = 1 };
	struct frame_spec spec = udp();
	struct lab lab;

	(void)state;
	open_lab(&lab, &config);
	lab_rule(&lab, "10.1.2.3/32");
	lab_set(&lab);
	const struct xdp_wanted too_many = { lab.protect, 1, many, FILTER_RULES + 1 };
	assert_int_equal(xdp_engine_set(lab.engine, &too_many, NULL), -WEIR_EFULL);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	/* Two hosts of two /24 need two blocks, of rules or of what is protected. */
	lab_protect(&lab, "10.1.3.0/24", 7);
	lab_rule(&lab, "10.1.3.3/32");
	const struct xdp_wanted two = { lab.protect, 2, lab.rules, 2 };
	assert_int_equal(xdp_engine_set(lab.engine, &two, NULL), -WEIR_EFULL);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	lab_protect(&lab, "10.1.4.0/25", 7);
	lab_protect(&lab, "10.1.5.0/25", 7);
	const struct xdp_wanted halves = { lab.protect, 4, lab.rules, 1 };
	assert_int_equal(xdp_engine_set(lab.engine, &halves, NULL), -WEIR_EFULL);
	assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
	lab.protect[1].group = 0;
	const struct xdp_wanted no_group = { lab.protect, 2, lab.rules, 1 };
	assert_int_equal(xdp_engine_set(lab.engine, &no_group, NULL), -EINVAL);
	/* And after all that it still works. */
	lab.protect_count = 1;
	lab.rule_count = 1;
	for (int i = 0; i < 3; i++) {
		lab.rules[0].action = i == 1 ? FILTER_COUNT : FILTER_DROP;
		lab_set(&lab);
		assert_int_equal(lab_send(&lab, &spec), i == 1 ? FILTER_BY_COUNT : FILTER_BY_DROP);
	}
	spec.dst = ip_of("10.1.3.3");
	assert_int_equal(lab_send(&lab, &spec), FILTER_UNPROTECTED);
	lab_close(&lab);
}

/* Packets that come while sets are swapped. */
struct traffic {
	struct lab *lab;
	atomic_bool stop;
	unsigned seen[2];
	unsigned mixed;
};

/* Beside who swaps, not in turn with it. */
static void go_elsewhere(void)
{
	cpu_set_t set;
	int here = sched_getcpu();

	CPU_ZERO(&set);
	for (int cpu = 0; cpu < 64; cpu++) {
		if (cpu != here)
			CPU_SET((size_t)cpu, &set);
	}
	sched_setaffinity(0, sizeof(set), &set);
}

static void *send_packets(void *self)
{
	struct traffic *t = self;
	struct frame_spec spec = udp();
	uint8_t frame[FRAME_MAX];
	size_t len = frame_make(&spec, frame);

	go_elsewhere();
	while (!atomic_load(&t->stop)) {
		struct xdp_told told;
		bool dropped = lab_run(t->lab, frame, len, &told);
		unsigned set = told.group - 1;
		if (set > 1 || told.rule / 10000 != set || told.rule % 10000 != 500 ||
		    dropped != (set == 0))
			t->mixed++;
		else
			t->seen[set]++;
	}
	return NULL;
}

/* Rules of set @which: only number 500 is about the packet, at a place that differs. */
static void make_set(struct xdp_rule *rules, unsigned which)
{
	const struct prefix here = prefix_of("10.1.2.3/32");
	const struct prefix there = prefix_of("10.1.2.4/32");

	for (uint32_t i = 0; i < FILTER_RULES; i++) {
		xdp_rule_init(&rules[i], i == 500 ? &here : &there);
		rules[i].id = which * 10000 + i;
		rules[i].priority = which ? FILTER_RULES - i : i;
		rules[i].action = which ? FILTER_PASS : FILTER_DROP;
		rules[i].src_port.max = (uint16_t)(1000 + i * (which + 1));
	}
}

static void no_packet_sees_two_sets(void **state)
{
	static struct xdp_rule rules[2][FILTER_RULES];
	const struct xdp_engine_config config = { 0 };
	struct xdp_protected protect[2] = { { prefix_of("10.1.2.0/24"), 1 },
					    { prefix_of("10.1.2.0/24"), 2 } };
	struct lab lab;
	struct traffic traffic = { .lab = &lab };
	pthread_t thread;

	(void)state;
	lab_open(&lab, &config);
	for (unsigned which = 0; which < 2; which++)
		make_set(rules[which], which);
	for (unsigned i = 0; i < 60; i++) {
		const struct xdp_wanted wanted = { &protect[i % 2], 1, rules[i % 2], FILTER_RULES };
		assert_int_equal(xdp_engine_set(lab.engine, &wanted, NULL), 0);
		if (i == 0)
			assert_int_equal(pthread_create(&thread, NULL, send_packets, &traffic), 0);
	}
	atomic_store(&traffic.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(traffic.mixed, 0);
	assert_true(traffic.seen[0] > 100 && traffic.seen[1] > 100);
	lab_close(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expired_rule_does_not_match),
		cmocka_unit_test(a_thousand_expired_rules_are_passed_over),
		cmocka_unit_test(a_rate_limit_lets_its_rate_pass),
		cmocka_unit_test(dropped_packets_are_sampled),
		cmocka_unit_test(one_of_so_many_is_drawn),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(no_packet_sees_two_sets),
	};

	lab_need_bpf();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
