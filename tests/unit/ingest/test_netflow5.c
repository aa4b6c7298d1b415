/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/netflow5: fields, times, counts against lengths, sampling, sequence. */
#include "check.h"

#include "wire.h"

#define UPTIME_MS 500000U

static void put_header(struct wire *w, uint16_t count, uint32_t sequence)
{
	w->len = 0;
	put(w, 5, 2);
	put(w, count, 2);
	put(w, UPTIME_MS, 4);
	put(w, WIRE_NOW_S, 4);
	put(w, 250000000, 4);
	put(w, sequence, 4);
	put(w, 0x0203, 2);
	put(w, 0, 2);
}

static void put_record(struct wire *w, uint32_t first_ms, uint32_t last_ms)
{
	put(w, 0xc6336401, 4); /* 198.51.100.1 */
	put(w, 0xcb007102, 4); /* 203.0.113.2 */
	put(w, 0xc00002fe, 4); /* 192.0.2.254 */
	put(w, 7, 2);
	put(w, 8, 2);
	put(w, 3, 4);
	put(w, 4000000000, 4);
	put(w, first_ms, 4);
	put(w, last_ms, 4);
	put(w, 12345, 2);
	put(w, 443, 2);
	put(w, 0, 1);
	put(w, 0x12, 1);
	put(w, 6, 1);
	put(w, 0xb8, 1);
	put(w, 64500, 2);
	put(w, 64501, 2);
	put(w, 0x1810, 2);
	put(w, 0, 2);
}

static void every_field_arrives(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 1, 9);
	put_record(&w, UPTIME_MS - 2000, UPTIME_MS - 1000);
	assert_int_equal(feed_wire(&feed, &w), 1);
	const struct flow *flow = &feed.flows[0];
	assert_memory_equal(&flow->src.b[12], "\xc6\x33\x64\x01", 4);
	assert_memory_equal(&flow->dst.b[12], "\xcb\x00\x71\x02", 4);
	assert_memory_equal(&flow->next_hop.b[12], "\xc0\x00\x02\xfe", 4);
	assert_int_equal(flow->in_if, 7);
	assert_int_equal(flow->out_if, 8);
	assert_int_equal(flow->packets, 3);
	assert_int_equal(flow->bytes, 4000000000);
	assert_int_equal(flow->sport, 12345);
	assert_int_equal(flow->dport, 443);
	assert_int_equal(flow->tcp_flags, 0x12);
	assert_int_equal(flow->proto, 6);
	assert_int_equal(flow->tos, 0xb8);
	assert_int_equal(flow->src_as, 64500);
	assert_int_equal(flow->dst_as, 64501);
	assert_int_equal(flow->odid, 0x0203);
	assert_int_equal(flow->exporter_port, 50000);
	assert_int_equal(flow->source, FLOW_NETFLOW5);
	assert_int_equal(flow->start_ns, WIRE_NOW_S * NS_PER_S + 250 * NS_PER_MS - 2 * NS_PER_S);
	assert_int_equal(flow->end_ns, flow->start_ns + NS_PER_S);
	assert_int_equal(flow->has & FLOW_HAS_ICMP, 0);
	assert_int_equal(feed_troubles(&feed), 0);
	assert_int_equal(feed_stats(&feed)->clock_offset_ns, -250 * (int64_t)NS_PER_MS);
	feed_close(&feed);
}

static void uptime_wraps_within_a_flow(void **state)
{
	struct feed feed;
	struct wire w;
	uint64_t export_ns = WIRE_NOW_S * NS_PER_S + 250 * NS_PER_MS;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 2, 0);
	w.data[4] = 0;
	w.data[5] = 0;
	w.data[6] = 0;
	w.data[7] = 100;                /* the counter wrapped 100 ms ago */
	put_record(&w, 0xfffffc18, 50); /* began 1000 ms before the wrap */
	put_record(&w, 150, 200);       /* written while the header was on its way */
	assert_int_equal(feed_wire(&feed, &w), 2);
	assert_int_equal(feed.flows[0].start_ns, export_ns - 1100 * NS_PER_MS);
	assert_int_equal(feed.flows[0].end_ns, export_ns - 50 * NS_PER_MS);
	assert_int_equal(feed.flows[1].start_ns, export_ns + 50 * NS_PER_MS);
	assert_int_equal(feed.flows[1].end_ns, export_ns + 100 * NS_PER_MS);
	feed_close(&feed);
}

static void nonsense_nanoseconds_are_left_out(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 1, 0);
	memset(w.data + 12, 0xff, 4);
	put_record(&w, UPTIME_MS, UPTIME_MS);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed.flows[0].end_ns, WIRE_NOW_S * NS_PER_S);
	feed_close(&feed);
}

static void a_time_before_1970_is_not_said(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 1, 0);
	memset(w.data + 8, 0, 8);
	put_record(&w, UPTIME_MS - 1, UPTIME_MS + 1);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed.flows[0].has & FLOW_HAS_START, 0);
	assert_int_equal(feed.flows[0].start_ns, 0);
	feed_close(&feed);
}

static void counts_that_contradict_the_length_are_counted(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	/* Says more than is there: cut short on the way. */
	put_header(&w, 3, 0);
	put_record(&w, 0, 0);
	put_record(&w, 0, 0);
	assert_int_equal(feed_wire(&feed, &w), 2);
	assert_int_equal(feed_reason(&feed, REASON_COUNT), 1);
	/* Says less: bytes are left over. */
	put_header(&w, 1, 3);
	put_record(&w, 0, 0);
	put_record(&w, 0, 0);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_COUNT), 2);
	/* A record cut in the middle. */
	put_header(&w, 2, 4);
	put_record(&w, 0, 0);
	put_zeros(&w, 47);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_COUNT), 3);
	/* None, and a number nobody sends: nothing is used. */
	put_header(&w, 0, 6);
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed.result, -REASON_COUNT - 1);
	put_header(&w, 55000, 6);
	put_record(&w, 0, 0);
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed.result, -REASON_COUNT - 1);
	assert_int_equal(feed_reason(&feed, REASON_COUNT), 5);
	feed_close(&feed);
}

static void short_headers_and_other_versions_are_counted(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 1, 0);
	for (size_t len = 0; len < 24; len++)
		assert_int_equal(feed_bytes(&feed, w.data, len), 0);
	assert_int_equal(feed_reason(&feed, REASON_SHORT), 24);
	w.data[1] = 7;
	put_record(&w, 0, 0);
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed.result, -REASON_VERSION - 1);
	feed_close(&feed);
}

static void the_header_names_the_sampling_rate(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 1, 0);
	put_record(&w, 0, 0);
	feed_wire(&feed, &w);
	assert_int_equal(feed.flows[0].sampling, 0);
	assert_int_equal(feed.flows[0].sampling_source, SAMPLING_UNKNOWN);
	assert_int_equal(feed_stats(&feed)->unknown_sampling, 1);
	/* Mode 1 and rate 1000; then the same without a mode, as routers send it. */
	w.data[22] = 0x40 | 1000 >> 8;
	w.data[23] = 1000 & 0xff;
	feed_wire(&feed, &w);
	assert_int_equal(feed.flows[0].sampling, 1000);
	assert_int_equal(feed.flows[0].sampling_source, SAMPLING_HEADER);
	w.data[22] = 1000 >> 8;
	feed_wire(&feed, &w);
	assert_int_equal(feed.flows[0].sampling, 1000);
	feed_close(&feed);
}

static void the_sequence_counts_flows(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 2, 0xffffffff);
	put_record(&w, 0, 0);
	put_record(&w, 0, 0);
	feed_wire(&feed, &w);
	put_header(&w, 1, 1);
	put_record(&w, 0, 0);
	feed_wire(&feed, &w);
	assert_int_equal(feed_stats(&feed)->lost, 0);
	put_header(&w, 1, 32);
	put_record(&w, 0, 0);
	feed_wire(&feed, &w);
	assert_int_equal(feed_stats(&feed)->lost, 30);
	feed_close(&feed);
}

static void icmp_is_read_from_the_port(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow5");
	put_header(&w, 1, 0);
	put_record(&w, 0, 0);
	w.data[24 + 34] = 3;
	w.data[24 + 35] = 1;
	w.data[24 + 38] = 1;
	feed_wire(&feed, &w);
	assert_int_equal(feed.flows[0].has & FLOW_HAS_ICMP, FLOW_HAS_ICMP);
	assert_int_equal(feed.flows[0].icmp_type, 3);
	assert_int_equal(feed.flows[0].icmp_code, 1);
	assert_int_equal(feed.flows[0].dport, 0x0301);
	feed_close(&feed);
}

static void probing_asks_for_a_whole_number_of_records(void **state)
{
	const struct decoder *decoder = decoder_find("netflow5");
	struct wire w;

	(void)state;
	put_header(&w, 1, 0);
	put_record(&w, 0, 0);
	assert_true(decoder->probe(w.data, w.len) > 90);
	assert_true(decoder->probe(w.data, w.len - 1) < 50);
	assert_int_equal(decoder->probe(w.data, 23), 0);
	w.data[1] = 9;
	assert_int_equal(decoder->probe(w.data, w.len), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_arrives),
		cmocka_unit_test(uptime_wraps_within_a_flow),
		cmocka_unit_test(nonsense_nanoseconds_are_left_out),
		cmocka_unit_test(a_time_before_1970_is_not_said),
		cmocka_unit_test(counts_that_contradict_the_length_are_counted),
		cmocka_unit_test(short_headers_and_other_versions_are_counted),
		cmocka_unit_test(the_header_names_the_sampling_rate),
		cmocka_unit_test(the_sequence_counts_flows),
		cmocka_unit_test(icmp_is_read_from_the_port),
		cmocka_unit_test(probing_asks_for_a_whole_number_of_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
