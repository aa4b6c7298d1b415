/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/encode_sflow: our decoder reads from its datagrams what was put in. */
#include "check.h"

#include "lab/sent.h"

#define TICK_NS (100 * NS_PER_MS)

struct fixture {
	struct sent sent;
	struct feed feed;
	void *encoder;
};

static void begin(struct fixture *f, const struct lab_exporter *exporter)
{
	sent_open(&f->sent);
	feed_open(&f->feed, "sflow5");
	struct lab_sink sink = sent_sink(&f->sent);
	assert_int_equal(lab_encoder_sflow.open(exporter, &sink, &f->encoder), 0);
}

static void end(struct fixture *f)
{
	feed_close(&f->feed);
	sent_close(&f->sent);
}

static void compare(const struct flow *flow, const struct lab_packet *packet)
{
	size_t frame = packet->length + 18U < 64 ? 64 : packet->length + 18U;

	sent_same(flow, packet);
	assert_int_equal(flow->bytes, frame);
	assert_int_equal(flow->packets, 1);
	assert_int_equal(flow->sampling, 1000);
	assert_int_equal(flow->sampling_source, SAMPLING_HEADER);
	assert_int_equal(flow->ttl, packet->ttl);
	assert_int_equal(flow->fragment, packet->fragment);
	assert_true(flow->has & FLOW_HAS_AGENT);
}

static void every_field_comes_back(bool v4)
{
	struct lab_exporter exporter = sent_exporter();
	struct fixture f;
	unsigned n = 0;

	begin(&f, &exporter);
	for (unsigned i = 0; i < 1000; i++) {
		struct lab_packet packet = sent_packet(i, v4, SENT_NOW_NS + i * NS_PER_MS);
		lab_encoder_sflow.packet(f.encoder, &packet);
	}
	lab_encoder_sflow.close(f.encoder);
	for (size_t i = 0; i < f.sent.count; i++) {
		size_t count = sent_feed(&f.sent, i, &f.feed);
		assert_true(count >= 7 && count <= 8);
		for (size_t k = 0; k < count; k++, n++) {
			struct lab_packet packet = sent_packet(n, v4, 0);
			compare(&f.feed.flows[k], &packet);
		}
		assert_int_equal(f.sent.datagrams[i].port, 6343);
	}
	assert_int_equal(n, 1000);
	assert_int_equal(feed_troubles(&f.feed), 0);
	struct exporter_stats *stats = feed_stats(&f.feed);
	assert_int_equal(stats->lost, 0);
	assert_int_equal(stats->received, f.sent.count);
	assert_int_equal(stats->samples_expected, 1000);
	assert_int_equal(stats->samples_received, 1000);
	assert_int_equal(stats->drops, 0);
	end(&f);
}

static void ipv4_comes_back(void **state)
{
	(void)state;
	every_field_comes_back(true);
}

static void ipv6_comes_back(void **state)
{
	(void)state;
	every_field_comes_back(false);
}

/* Short ones, SYNs with options, parts of packets, and what has no ports. */
static void odd_packets_come_back(void **state)
{
	struct lab_exporter exporter = sent_exporter();
	struct lab_packet packets[7];

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		packets[i] = sent_packet(i / 3 * 3, i != 6, SENT_NOW_NS);
	packets[0].length = 40;
	packets[1].length = 60;
	packets[1].tcp_flags = 2;
	packets[2].proto = 17;
	packets[2].fragment = 1;
	packets[2].length = 1500;
	packets[2].tcp_flags = 0;
	for (unsigned i = 3; i < 7; i++)
		packets[i].tcp_flags = packets[i].sport = packets[i].dport = 0;
	packets[3].proto = packets[6].proto = 17;
	packets[3].fragment = packets[6].fragment = 2;
	packets[4].proto = 47;
	packets[5].proto = 17;
	packets[5].length = 28;

	struct fixture f;
	begin(&f, &exporter);
	for (unsigned i = 0; i < 7; i++)
		lab_encoder_sflow.packet(f.encoder, &packets[i]);
	lab_encoder_sflow.close(f.encoder);
	assert_int_equal(f.sent.count, 1);
	assert_int_equal(sent_feed(&f.sent, 0, &f.feed), 7);
	for (unsigned i = 0; i < 7; i++)
		compare(&f.feed.flows[i], &packets[i]);
	assert_int_equal(feed_troubles(&f.feed), 0);
	end(&f);
}

static void no_sample_waits_longer_than_a_second(void **state)
{
	struct lab_exporter exporter = sent_exporter();
	struct fixture f;

	(void)state;
	begin(&f, &exporter);
	struct lab_packet packet = sent_packet(0, true, SENT_NOW_NS);
	lab_encoder_sflow.packet(f.encoder, &packet);
	lab_encoder_sflow.time(f.encoder, SENT_NOW_NS + 9 * TICK_NS, 1000, 100000);
	assert_int_equal(f.sent.count, 0);
	lab_encoder_sflow.time(f.encoder, SENT_NOW_NS + 10 * TICK_NS, 1000, 100000);
	assert_int_equal(f.sent.count, 1);
	packet.time_ns = SENT_NOW_NS + 11 * TICK_NS;
	lab_encoder_sflow.packet(f.encoder, &packet);
	packet.time_ns = SENT_NOW_NS + 21 * TICK_NS;
	lab_encoder_sflow.packet(f.encoder, &packet);
	assert_int_equal(f.sent.count, 2);
	lab_encoder_sflow.close(f.encoder);
	assert_int_equal(f.sent.count, 3);
	end(&f);
}

/* 90 s with 1,040 packets passing for each sample, of 500 bytes. */
static void run_long(struct fixture *f)
{
	unsigned n = 0;

	for (uint64_t tick = 1; tick <= 900; tick++) {
		uint64_t now_ns = SENT_NOW_NS + tick * TICK_NS;
		for (unsigned i = 0; i < 30; i++) {
			struct lab_packet packet = sent_packet(n++, true, now_ns);
			packet.in_if = 1 + i % 2;
			packet.out_if = 2 - i % 2;
			packet.length = 500;
			lab_encoder_sflow.packet(f->encoder, &packet);
		}
		lab_encoder_sflow.time(f->encoder, now_ns, 30 * 1040, 30 * 1040 * 500);
	}
	lab_encoder_sflow.close(f->encoder);
}

static void pools_and_counters_are_what_passed(void **state)
{
	struct lab_exporter exporter = sent_exporter();
	struct fixture f;

	(void)state;
	begin(&f, &exporter);
	run_long(&f);
	for (size_t i = 0; i < f.sent.count; i++)
		sent_feed(&f.sent, i, &f.feed);
	struct exporter_stats *stats = feed_stats(&f.feed);
	assert_int_equal(feed_troubles(&f.feed), 0);
	assert_int_equal(stats->lost, 0);
	assert_int_equal(stats->counter_samples, 4 * 2);
	assert_in_range(stats->sample_pool, 27000 * 1038, 27000 * 1041);
	/* Of the three spans of 20 s that have counters at both ends. */
	assert_in_range(stats->counted_in, 18000 * 1038, 18000 * 1042);
	assert_in_range(stats->counted_out, 18000 * 1038, 18000 * 1042);
	assert_in_range(stats->counted_estimate, 18000 * 990, 18000 * 1010);
	end(&f);
}

static void another_rate_is_announced_from_its_moment_on(void **state)
{
	struct lab_exporter exporter = sent_exporter();
	struct fixture f;

	(void)state;
	exporter.sampling_announced = 500;
	exporter.announced_from_ns = SENT_NOW_NS + 8;
	begin(&f, &exporter);
	for (unsigned i = 0; i < 16; i++) {
		struct lab_packet packet = sent_packet(i, true, SENT_NOW_NS + i);
		lab_encoder_sflow.packet(f.encoder, &packet);
	}
	lab_encoder_sflow.close(f.encoder);
	assert_int_equal(f.sent.count, 2);
	/* Header, then type, length, sequence and source of the first sample. */
	assert_int_equal(be32_at(f.sent.datagrams[0].data + 28 + 16), 1000);
	assert_int_equal(be32_at(f.sent.datagrams[1].data + 28 + 16), 500);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_comes_back),
		cmocka_unit_test(ipv6_comes_back),
		cmocka_unit_test(odd_packets_come_back),
		cmocka_unit_test(no_sample_waits_longer_than_a_second),
		cmocka_unit_test(pools_and_counters_are_what_passed),
		cmocka_unit_test(another_rate_is_announced_from_its_moment_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
