/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bpf/sample.bpf.c in the kernel, on packets that are only handed to it. */
#include "check.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <math.h>
#include <string.h>

#include "bpf/abi.h"
#include "bpf/sample.skel.h"

#define RING_BYTES (1U << 20)
/* What one sample takes of the ring, with its header, in steps of 8 bytes. */
#define SLOT_BYTES ((sizeof(struct sampled_packet) + 8 + 7) / 8 * 8)

/* What came out of the ring. */
struct seen {
	unsigned count;
	struct sampled_packet last;
};

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Skips the test where this process may not load programs. */
static struct sample_bpf *load(uint32_t sampling)
{
	libbpf_set_print(quiet);
	struct sample_bpf *program = sample_bpf__open();
	assert_non_null(program);
	program->rodata->draw_below = (1ULL << 32) / sampling;
	assert_int_equal(bpf_map__set_max_entries(program->maps.samples, RING_BYTES), 0);
	int err = sample_bpf__load(program);
	if (err == -EPERM || err == -ENOSYS) {
		sample_bpf__destroy(program);
		print_message("# BPF needs CAP_BPF and CAP_NET_ADMIN\n");
		skip();
	}
	assert_int_equal(err, 0);
	return program;
}

static void run(const struct sample_bpf *program, const uint8_t *data, uint32_t len,
		uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = data, .data_size_in = len,
		    .repeat = (int)repeat);

	assert_int_equal(
		bpf_prog_test_run_opts(bpf_program__fd(program->progs.sample_packet), &options), 0);
	assert_int_equal(options.retval, XDP_PASS);
}

static int take(void *self, void *data, size_t size)
{
	struct seen *seen = self;

	assert_int_equal(size, sizeof(struct sampled_packet));
	memcpy(&seen->last, data, sizeof(seen->last));
	seen->count++;
	return 0;
}

static struct seen drain(const struct sample_bpf *program)
{
	struct seen seen = { 0 };
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(program->maps.samples), take, &seen, NULL);

	assert_non_null(ring);
	assert_true(ring_buffer__consume(ring) >= 0);
	ring_buffer__free(ring);
	return seen;
}

static struct sample_counters count(const struct sample_bpf *program)
{
	struct sample_counters each[256];
	struct sample_counters sum = { 0 };
	uint32_t zero = 0;
	int cpus = libbpf_num_possible_cpus();

	assert_in_range(cpus, 1, 256);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(program->maps.counters), &zero, each), 0);
	for (int i = 0; i < cpus; i++) {
		sum.packets += each[i].packets;
		sum.bytes += each[i].bytes;
		sum.sampled += each[i].sampled;
		sum.full += each[i].full;
	}
	return sum;
}

static const uint8_t *bytes(void)
{
	static uint8_t data[2048];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	return data;
}

/* Short ones whole, long ones their first bytes; the length is always that of the packet. */
static void a_sample_is_the_packet_and_its_length(void **state)
{
	static const uint32_t lengths[] = { 14, 15, 60, 127, 128, 129, 590, 1514 };
	struct sample_bpf *program = load(1);

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint32_t len = lengths[i];
		uint32_t kept = len < SAMPLE_SNAP ? len : SAMPLE_SNAP;
		run(program, bytes(), len, 1);
		struct seen seen = drain(program);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.last.wire_len, len);
		assert_int_equal(seen.last.len, kept);
		assert_memory_equal(seen.last.data, bytes(), kept);
	}
	sample_bpf__destroy(program);
}

static void everything_is_counted_and_a_share_drawn(void **state)
{
	static const uint32_t rates[] = { 2, 10, 100 };
	const uint32_t packets = 20000;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct sample_bpf *program = load(rates[i]);
		run(program, bytes(), 100, packets);
		struct sample_counters sum = count(program);
		struct seen seen = drain(program);
		double mean = (double)packets / rates[i];
		/* Binomial: five deviations either way are one failure in two million. */
		double bound = 5 * sqrt(mean * (1 - 1.0 / rates[i]));
		assert_int_equal(sum.packets, packets);
		assert_int_equal(sum.bytes, packets * 100ULL);
		assert_true(fabs((double)sum.sampled - mean) <= bound);
		assert_int_equal(seen.count, sum.sampled - sum.full);
		sample_bpf__destroy(program);
	}
}

/* What does not fit is counted, and the packet passes all the same. */
static void a_full_ring_is_counted(void **state)
{
	struct sample_bpf *program = load(1);
	const uint32_t packets = 20000;

	(void)state;
	run(program, bytes(), 100, packets);
	struct sample_counters sum = count(program);
	struct seen seen = drain(program);
	assert_int_equal(sum.sampled, packets);
	assert_true(sum.full > 0);
	assert_int_equal(seen.count + sum.full, packets);
	assert_in_range(seen.count, RING_BYTES / SLOT_BYTES - 1, RING_BYTES / SLOT_BYTES);
	/* There is room again. */
	run(program, bytes(), 100, 1);
	assert_int_equal(drain(program).count, 1);
	sample_bpf__destroy(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_the_packet_and_its_length),
		cmocka_unit_test(everything_is_counted_and_a_share_drawn),
		cmocka_unit_test(a_full_ring_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
