/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/fault, and of what encoders make of it; and of the capture that is written. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lab/fault.h"
#include "lab/flow_export.h"
#include "lab/pcap_out.h"
#include "lab/sent.h"

#define SECOND(s) (SENT_NOW_NS + (uint64_t)(s)*NS_PER_S)

struct run {
	struct sent sent;
	struct feed feed;
	struct lab_loss loss;
	uint64_t seed; /* 0: nothing is lost */
	unsigned flows;
	uint64_t age_max_ns;
};

/* 200 s: 20 packets a second, each of a flow of its own. */
static void run(struct run *r, const struct lab_encoder *encoder,
		const struct lab_exporter *exporter)
{
	struct lab_sink sink = sent_sink(&r->sent);
	void *state;

	sent_open(&r->sent);
	if (r->seed)
		sink = lab_fault_loss(&sink, SECOND(50), SECOND(150), 300, r->seed, &r->loss);
	assert_int_equal(encoder->open(exporter, &sink, &state), 0);
	for (unsigned tick = 0; tick < 2000; tick++) {
		uint64_t now_ns = SENT_NOW_NS + tick * 100 * NS_PER_MS;
		for (unsigned i = 0; i < 2; i++) {
			struct lab_packet packet = sent_packet(tick * 2 + i, true, now_ns);
			packet.tcp_flags = 0x10;
			encoder->packet(state, &packet);
		}
		encoder->time(state, now_ns, 2000, 2000 * 500);
	}
	encoder->close(state);
}

static void decode(struct run *r, const char *decoder)
{
	feed_open(&r->feed, decoder);
	for (size_t i = 0; i < r->sent.count; i++) {
		size_t count = sent_feed(&r->sent, i, &r->feed);
		for (size_t k = 0; k < count; k++) {
			const struct flow *flow = &r->feed.flows[k];
			r->flows++;
			if (r->feed.now_ns - flow->end_ns > r->age_max_ns)
				r->age_max_ns = r->feed.now_ns - flow->end_ns;
		}
	}
}

static void close_run(struct run *r)
{
	feed_close(&r->feed);
	sent_close(&r->sent);
}

static void a_third_is_lost_in_its_time_only(void **state)
{
	struct lab_exporter exporter = sent_exporter();
	struct run r = { .seed = 3 };
	struct run again = { .seed = 3 };
	struct run other = { .seed = 4 };

	(void)state;
	run(&r, &lab_encoder_sflow, &exporter);
	run(&again, &lab_encoder_sflow, &exporter);
	run(&other, &lab_encoder_sflow, &exporter);
	/* 20 samples a second in datagrams of 8: about 250 in these 100 s. */
	assert_in_range(r.loss.dropped, 55, 95);
	assert_int_equal(r.loss.passed, r.sent.count);
	assert_int_equal(again.loss.dropped, r.loss.dropped);
	assert_memory_equal(again.sent.datagrams, r.sent.datagrams,
			    r.sent.count * sizeof(*r.sent.datagrams));
	assert_true(other.sent.count != r.sent.count ||
		    memcmp(other.sent.datagrams, r.sent.datagrams,
			   r.sent.count * sizeof(*r.sent.datagrams)) != 0);
	decode(&r, "sflow5");
	assert_int_equal(feed_stats(&r.feed)->lost, r.loss.dropped);
	sent_close(&again.sent);
	sent_close(&other.sent);
	close_run(&r);
}

static void a_clock_is_off(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		const struct lab_encoder *encoder = e ? &lab_encoder_ipfix : &lab_encoder_netflow9;
		struct lab_exporter right = sent_exporter();
		struct lab_exporter wrong = sent_exporter();
		struct run a = { 0 };
		struct run b = { 0 };

		lab_fault_clock(&wrong, -120 * (int64_t)NS_PER_S);
		run(&a, encoder, &right);
		run(&b, encoder, &wrong);
		assert_int_equal(a.sent.count, b.sent.count);
		size_t at = e ? 4 : 8;
		assert_int_equal(be32_at(a.sent.datagrams[5].data + at) - 120,
				 be32_at(b.sent.datagrams[5].data + at));
		decode(&a, encoder->mode);
		decode(&b, encoder->mode);
		assert_int_equal(a.flows, 4000);
		assert_int_equal(b.flows, 4000);
		assert_int_equal((a.age_max_ns + 120 * NS_PER_S) / NS_PER_S,
				 b.age_max_ns / NS_PER_S);
		close_run(&a);
		close_run(&b);
	}
}

static void another_rate_is_announced_at_once(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		const struct lab_encoder *encoder = e ? &lab_encoder_ipfix : &lab_encoder_netflow9;
		struct lab_exporter exporter = sent_exporter();
		struct run r = { 0 };
		uint64_t at_s[4] = { 0 };
		uint32_t rates[4] = { 0 };
		unsigned with = 0;

		lab_fault_rate(&exporter, SECOND(90), 10);
		assert_int_equal(exporter.sampling_announced, 10000);
		run(&r, encoder, &exporter);
		for (size_t i = 0; i < r.sent.count; i++) {
			const struct sent_datagram *datagram = &r.sent.datagrams[i];
			const uint8_t *end = datagram->data + datagram->len;
			if (be16_at(datagram->data + (e ? 16 : 20)) >= 4)
				continue;
			at_s[with] = (datagram->time_ns - SENT_NOW_NS) / NS_PER_S;
			rates[with++] = e ? be32_at(end - 4) + 1 : be32_at(end - 8);
		}
		assert_int_equal(with, 4);
		assert_memory_equal(at_s, ((uint64_t[]){ 0, 60, 90, 150 }), sizeof(at_s));
		assert_memory_equal(rates, ((uint32_t[]){ 1000, 1000, 10000, 10000 }),
				    sizeof(rates));
		decode(&r, encoder->mode);
		assert_int_equal(feed_stats(&r.feed)->options, 4);
		assert_int_equal(feed_stats(&r.feed)->lost, 0);
		close_run(&r);
	}
}

static void templates_are_withheld_after_a_restart(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		const struct lab_encoder *encoder = e ? &lab_encoder_ipfix : &lab_encoder_netflow9;
		struct lab_exporter exporter = sent_exporter();
		struct run r = { 0 };
		unsigned with = 0;

		lab_fault_templates(&exporter, SECOND(30), SECOND(120));
		run(&r, encoder, &exporter);
		for (size_t i = 0; i < r.sent.count; i++) {
			const struct sent_datagram *datagram = &r.sent.datagrams[i];
			unsigned id = be16_at(datagram->data + (e ? 16 : 20));
			uint64_t ns = datagram->time_ns;
			bool after = ns >= SECOND(30);

			with += id < 4;
			assert_false(id < 4 && after && ns < SECOND(120));
			if (id >= 4)
				assert_int_equal(id, EXPORT_TEMPLATE_V4 + (after ? 64 : 0));
		}
		assert_int_equal(with, 3);
		decode(&r, encoder->mode);
		assert_true(feed_stats(&r.feed)->restarts == 1);
		close_run(&r);
	}
}

static void a_long_flow_is_one_record(void **state)
{
	const struct lab_long_flow traits = {
		.src = sent_packet(1, true, 0).src,
		.dst = sent_packet(2, true, 0).dst,
		.end_ns = SECOND(10),
		.duration_ns = 1800 * NS_PER_S,
		.bits_per_s = 100000000,
		.length = 1500,
		.in_if = 1,
		.out_if = 100,
	};

	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		const struct lab_encoder *encoder = e ? &lab_encoder_ipfix : &lab_encoder_netflow9;
		struct lab_exporter exporter = sent_exporter();
		struct lab_flow record = lab_fault_long_flow(&traits, 1000);
		struct run r = { 0 };
		void *encoding;

		sent_open(&r.sent);
		struct lab_sink sink = sent_sink(&r.sent);
		assert_int_equal(encoder->open(&exporter, &sink, &encoding), 0);
		flow_export_flow(encoding, &record, SECOND(11));
		encoder->close(encoding);
		decode(&r, encoder->mode);
		assert_int_equal(r.flows, 1);
		assert_int_equal(r.feed.flows[0].packets, 15000);
		assert_int_equal(r.feed.flows[0].bytes, 22500000);
		assert_int_equal(r.feed.flows[0].end_ns - r.feed.flows[0].start_ns,
				 1800 * NS_PER_S);
		close_run(&r);
	}
}

/* Two datagrams and a bare packet, by their bytes. */
static void a_capture_holds_frames(void **state)
{
	const struct ip collector = ip_from_v4((const uint8_t[]){ 192, 0, 2, 254 });
	const struct ip exporter = ip_from_v4((const uint8_t[]){ 192, 0, 2, 1 });
	char path[] = "/tmp/weir-lab-XXXXXX";
	struct lab_pcap_out *out;
	uint8_t read[256];

	(void)state;
	assert_true(lab_pcap_out_open("/no/such/folder", &collector, &out) == -ENOENT);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(lab_pcap_out_open(path, &collector, &out), 0);
	struct lab_sink sink = lab_pcap_out_sink(out);
	const struct lab_datagram whole = {
		SENT_NOW_NS + 5, &exporter, (const uint8_t *)"abc", 3, 3, 2055
	};
	const struct lab_datagram packet = {
		SENT_NOW_NS + 6, NULL, (const uint8_t *)"\x60", 1, 900, 0
	};
	sink.datagram(sink.self, &whole);
	sink.datagram(sink.self, &packet);
	assert_int_equal(lab_pcap_out_datagrams(out), 2);
	assert_int_equal(lab_pcap_out_close(out), 0);
	assert_int_equal(pread(fd, read, sizeof(read), 0), 24 + 16 + 42 + 3 + 16 + 14 + 1);
	assert_int_equal(be32_at(read), 0xa1b23c4d);
	assert_int_equal(be32_at(read + 28), 5);
	assert_int_equal(be32_at(read + 32), 45);
	const uint8_t *ip = read + 24 + 16 + 14;
	assert_int_equal(be16_at(ip + 2), 31);
	assert_memory_equal(ip + 12, "\xc0\x00\x02\x01\xc0\x00\x02\xfe", 8);
	assert_int_equal(be16_at(ip + 22), 2055);
	assert_int_equal(be16_at(ip + 24), 11);
	uint32_t sum = 0;
	for (unsigned i = 0; i < 20; i += 2)
		sum += be16_at(ip + i);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	const uint8_t *second = ip + 31;
	assert_int_equal(be32_at(second + 8), 15);
	assert_int_equal(be32_at(second + 12), 914);
	assert_int_equal(be16_at(second + 28), 0x86dd);
	close(fd);
	unlink(path);
}

static void an_error_of_writing_is_told(void **state)
{
	const struct ip collector = ip_from_v4((const uint8_t[]){ 192, 0, 2, 254 });
	struct lab_pcap_out *out;

	(void)state;
	assert_int_equal(lab_pcap_out_open("/dev/full", &collector, &out), 0);
	assert_int_equal(lab_pcap_out_error(out), 0);
	assert_int_equal(lab_pcap_out_close(out), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_third_is_lost_in_its_time_only),
		cmocka_unit_test(a_clock_is_off),
		cmocka_unit_test(another_rate_is_announced_at_once),
		cmocka_unit_test(templates_are_withheld_after_a_restart),
		cmocka_unit_test(a_long_flow_is_one_record),
		cmocka_unit_test(a_capture_holds_frames),
		cmocka_unit_test(an_error_of_writing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
