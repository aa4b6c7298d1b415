/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/encode_netflow9 and encode_ipfix: our decoders read what was put in. */
#include "check.h"

#include "lab/flow_export.h"
#include "lab/sent.h"

struct fixture {
	const struct lab_encoder *encoder;
	struct sent sent;
	struct feed feed;
	void *state;
};

static const struct lab_encoder *const encoders[] = { &lab_encoder_netflow9, &lab_encoder_ipfix };

static void begin(struct fixture *f, const struct lab_encoder *encoder,
		  const struct lab_exporter *exporter)
{
	f->encoder = encoder;
	sent_open(&f->sent);
	feed_open(&f->feed, encoder->mode);
	struct lab_sink sink = sent_sink(&f->sent);
	assert_int_equal(encoder->open(exporter, &sink, &f->state), 0);
}

static void end(struct fixture *f)
{
	feed_close(&f->feed);
	sent_close(&f->sent);
}

static void go_on(struct fixture *f, uint64_t from_ms, uint64_t until_ms)
{
	for (uint64_t ms = from_ms; ms <= until_ms; ms += 100)
		f->encoder->time(f->state, SENT_NOW_NS + ms * NS_PER_MS, 0, 0);
}

/* The exporter's clock has ms; the decoder sees it through seconds in v9's header. */
static void same_time(uint64_t got_ns, uint64_t want_ns, uint64_t slack_ns)
{
	assert_true(got_ns + slack_ns >= want_ns && got_ns <= want_ns + slack_ns);
}

static void compare(const struct fixture *f, const struct flow *flow, unsigned n, bool v4)
{
	struct lab_packet packet = sent_packet(n, v4, SENT_NOW_NS + n * NS_PER_MS);

	sent_same(flow, &packet);
	assert_int_equal(flow->packets, 2);
	assert_int_equal(flow->bytes, packet.length + 100U);
	assert_int_equal(flow->sampling, 1000);
	assert_int_equal(flow->sampling_source, SAMPLING_OPTIONS);
	assert_false(flow->egress);
	assert_int_equal(flow->tos, 0);
	assert_int_equal(flow->end_ns - flow->start_ns, 7 * NS_PER_S);
	same_time(flow->start_ns, packet.time_ns,
		  f->encoder == &lab_encoder_ipfix ? NS_PER_MS : NS_PER_S);
}

/* 500 flows of two packets, 7 s apart. */
static void send_flows(struct fixture *f, bool v4)
{
	for (unsigned part = 0; part < 2; part++) {
		for (unsigned n = 0; n < 500; n++) {
			uint64_t ms = part * 7000 + n;
			struct lab_packet packet = sent_packet(n, v4, SENT_NOW_NS + ms * NS_PER_MS);
			if (part)
				packet.length = 100;
			f->encoder->packet(f->state, &packet);
		}
		go_on(f, part * 7000 + 500, part * 7000 + 6900);
	}
	go_on(f, 14000, 40000);
	f->encoder->close(f->state);
}

static void every_field_comes_back(const struct lab_encoder *encoder, bool v4)
{
	struct lab_exporter exporter = sent_exporter();
	struct fixture f;
	unsigned n = 0;

	begin(&f, encoder, &exporter);
	send_flows(&f, v4);
	for (size_t i = 0; i < f.sent.count; i++) {
		size_t count = sent_feed(&f.sent, i, &f.feed);
		assert_true(f.sent.datagrams[i].len <= EXPORT_MAX);
		assert_int_equal(f.sent.datagrams[i].port, encoder->port);
		for (size_t k = 0; k < count; k++)
			compare(&f, &f.feed.flows[k], n++, v4);
	}
	assert_int_equal(n, 500);
	assert_int_equal(feed_troubles(&f.feed), 0);
	struct exporter_stats *stats = feed_stats(&f.feed);
	assert_int_equal(stats->lost, 0);
	assert_int_equal(stats->options, 1);
	assert_int_equal(stats->restarts, 0);
	assert_int_equal(stats->received, encoder == &lab_encoder_ipfix ? 501 : f.sent.count);
	end(&f);
}

static void both_protocols_and_families_come_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		every_field_comes_back(encoders[i / 2], i % 2);
}

static void timeouts_are_kept(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		struct lab_exporter exporter = sent_exporter();
		uint64_t at_s[3] = { 0 };
		unsigned n = 0;
		struct fixture f;

		begin(&f, encoders[e], &exporter);
		for (uint64_t ms = 0; ms < 90000; ms += 100) {
			struct lab_packet goes_on = sent_packet(1, true, SENT_NOW_NS);
			struct lab_packet single = sent_packet(4, true, SENT_NOW_NS);
			goes_on.time_ns += ms * NS_PER_MS;
			f.encoder->packet(f.state, &goes_on);
			if (ms == 0)
				f.encoder->packet(f.state, &single);
			f.encoder->time(f.state, goes_on.time_ns, 0, 0);
		}
		f.encoder->close(f.state);
		for (size_t i = 0; i < f.sent.count; i++)
			for (size_t k = sent_feed(&f.sent, i, &f.feed); k > 0; k--)
				at_s[n++] = (f.sent.datagrams[i].time_ns - SENT_NOW_NS) / NS_PER_S;
		/* Each after a second in its datagram; then what close() found. */
		assert_int_equal(n, 3);
		assert_int_equal(at_s[0], 15 + 1);
		assert_int_equal(at_s[1], 60 + 1);
		assert_int_equal(at_s[2], 89);
		assert_int_equal(feed_stats(&f.feed)->lost, 0);
		end(&f);
	}
}

static void templates_come_again(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		struct lab_exporter exporter = sent_exporter();
		struct fixture f;

		begin(&f, encoders[e], &exporter);
		go_on(&f, 0, 180000);
		f.encoder->close(f.state);
		assert_int_equal(f.sent.count, 4);
		for (size_t i = 0; i < 4; i++) {
			same_time(f.sent.datagrams[i].time_ns, SENT_NOW_NS + i * 60 * NS_PER_S, 0);
			sent_feed(&f.sent, i, &f.feed);
		}
		assert_int_equal(feed_stats(&f.feed)->options, 4);
		assert_int_equal(feed_stats(&f.feed)->lost, 0);
		assert_int_equal(feed_troubles(&f.feed), 0);
		end(&f);
	}
}

/* The same packets, the same bytes. */
static void bytes_are_the_same_again(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 2; e++) {
		struct lab_exporter exporter = sent_exporter();
		struct fixture a;
		struct fixture b;

		begin(&a, encoders[e], &exporter);
		send_flows(&a, true);
		begin(&b, encoders[e], &exporter);
		send_flows(&b, true);
		assert_int_equal(a.sent.count, b.sent.count);
		for (size_t i = 0; i < a.sent.count; i++) {
			const struct sent_datagram *one = &a.sent.datagrams[i];
			assert_int_equal(one->len, b.sent.datagrams[i].len);
			assert_memory_equal(one->data, b.sent.datagrams[i].data, one->len);
		}
		end(&a);
		end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_protocols_and_families_come_back),
		cmocka_unit_test(timeouts_are_kept),
		cmocka_unit_test(templates_come_again),
		cmocka_unit_test(bytes_are_the_same_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
