/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/netflow9: templates, options, sampling, times, and datagrams meant to harm. */
#include "check.h"

#include "wire.h"

#define UPTIME_MS 500000U
#define EXPORT_NS (WIRE_NOW_S * NS_PER_S)

/* 27 bytes: addresses, ports, protocol, bytes, packets, times. */
static const uint16_t basic[][2] = { { 8, 4 }, { 12, 4 }, { 7, 2 },  { 11, 2 }, { 4, 1 },
				     { 1, 4 }, { 2, 2 },  { 22, 4 }, { 21, 4 }, { 0, 0 } };

static uint32_t sequence;

static void begin(struct wire *w)
{
	w->len = 0;
	put(w, 9, 2);
	put(w, 1, 2);
	put(w, UPTIME_MS, 4);
	put(w, WIRE_NOW_S, 4);
	put(w, sequence++, 4);
	put(w, 77, 4);
}

static void put_basic(struct wire *w, uint32_t bytes)
{
	put(w, 0xc6336401, 4);
	put(w, 0xcb007102, 4);
	put(w, 1234, 2);
	put(w, 53, 2);
	put(w, 17, 1);
	put(w, bytes, 4);
	put(w, 9, 2);
	put(w, UPTIME_MS - 3000, 4);
	put(w, UPTIME_MS - 1000, 4);
}

/* An options template: scopes, then options. */
static void put_options_template(struct wire *w, uint16_t id, const uint16_t (*scopes)[2],
				 const uint16_t (*options)[2])
{
	set_begin(w, 1);
	put(w, id, 2);
	put(w, count_fields(scopes) * 4, 2);
	put(w, count_fields(options) * 4, 2);
	put_fields(w, scopes);
	put_fields(w, options);
	set_end(w);
}

/* A datagram with one template, which the exporter keeps. */
static void learn(struct feed *feed, uint16_t id, const uint16_t (*fields)[2])
{
	struct wire w;

	begin(&w);
	put_template(&w, 0, id, fields);
	assert_int_equal(feed_wire(feed, &w), 0);
}

static void template_and_data_in_one_datagram(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, basic);
	set_begin(&w, 256);
	put_basic(&w, 100);
	put_basic(&w, 200);
	put_zeros(&w, 2); /* padding to 4 bytes */
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 2);
	const struct flow *flow = &feed.flows[1];
	assert_memory_equal(&flow->src.b[12], "\xc6\x33\x64\x01", 4);
	assert_memory_equal(&flow->dst.b[12], "\xcb\x00\x71\x02", 4);
	assert_int_equal(flow->sport, 1234);
	assert_int_equal(flow->dport, 53);
	assert_int_equal(flow->proto, 17);
	assert_int_equal(flow->bytes, 200);
	assert_int_equal(flow->packets, 9);
	assert_int_equal(flow->start_ns, EXPORT_NS - 3 * NS_PER_S);
	assert_int_equal(flow->end_ns, EXPORT_NS - NS_PER_S);
	assert_int_equal(flow->odid, 77);
	assert_int_equal(flow->has, FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_SPORT | FLOW_HAS_DPORT |
					    FLOW_HAS_PROTO | FLOW_HAS_BYTES | FLOW_HAS_PACKETS |
					    FLOW_HAS_START | FLOW_HAS_END);
	assert_int_equal(feed_troubles(&feed), 0);
	assert_int_equal(feed_stats(&feed)->templates, 1);
	feed_close(&feed);
}

static void several_templates_stand_in_one_set(void **state)
{
	static const uint16_t tiny[][2] = { { 1, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	set_begin(&w, 0);
	put(&w, 256, 2);
	put(&w, count_fields(basic), 2);
	put_fields(&w, basic);
	put(&w, 257, 2);
	put(&w, 1, 2);
	put_fields(&w, tiny);
	put_zeros(&w, 4); /* padding that looks like a template without id and fields */
	set_end(&w);
	set_begin(&w, 257);
	put(&w, 5, 4);
	put(&w, 6, 4);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 2);
	assert_int_equal(feed.flows[1].bytes, 6);
	assert_int_equal(feed.flows[1].has, FLOW_HAS_BYTES);
	assert_int_equal(feed_stats(&feed)->templates, 2);
	assert_int_equal(feed_troubles(&feed), 0);
	feed_close(&feed);
}

static void a_template_is_refreshed_and_redefined(void **state)
{
	static const uint16_t turned[][2] = { { 12, 4 }, { 8, 4 }, { 2, 8 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 300, basic);
	learn(&feed, 300, basic);
	assert_int_equal(feed_stats(&feed)->templates, 1);
	learn(&feed, 300, turned);
	assert_int_equal(feed_stats(&feed)->templates, 1);
	begin(&w);
	set_begin(&w, 300);
	put(&w, 0x01020304, 4);
	put(&w, 0x05060708, 4);
	put(&w, 0x1122334455667788, 8);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_memory_equal(&feed.flows[0].src.b[12], "\x05\x06\x07\x08", 4);
	assert_int_equal(feed.flows[0].packets, 0x1122334455667788);
	assert_int_equal(feed.flows[0].has, FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_PACKETS);
	feed_close(&feed);
}

static void integers_of_every_length_are_read(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	for (uint16_t len = 1; len <= 8; len++) {
		const uint16_t fields[][2] = { { 1, len }, { 2, len }, { 0, 0 } };
		uint64_t most = len == 8 ? UINT64_MAX : (1ULL << 8 * len) - 1;
		begin(&w);
		put_template(&w, 0, 256, fields);
		set_begin(&w, 256);
		put(&w, most, len);
		put(&w, 1, len);
		set_end(&w);
		assert_int_equal(feed_wire(&feed, &w), 1);
		assert_int_equal(feed.flows[0].bytes, most);
		assert_int_equal(feed.flows[0].packets, 1);
	}
	feed_close(&feed);
}

static void the_whole_exporter_names_its_rate(void **state)
{
	static const uint16_t system[][2] = { { 1, 4 }, { 0, 0 } };
	static const uint16_t sampling[][2] = { { 34, 4 }, { 35, 1 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 256, basic);
	begin(&w);
	put_options_template(&w, 400, system, sampling);
	set_begin(&w, 400);
	put(&w, 0, 4);
	put(&w, 512, 4);
	put(&w, 2, 1);
	put_zeros(&w, 3);
	set_end(&w);
	set_begin(&w, 256);
	put_basic(&w, 1);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed.flows[0].sampling, 512);
	assert_int_equal(feed.flows[0].sampling_source, SAMPLING_OPTIONS);
	assert_int_equal(feed_stats(&feed)->options, 1);
	assert_int_equal(feed_stats(&feed)->records, 1);
	assert_int_equal(feed_troubles(&feed), 0);
	feed_close(&feed);
}

static void each_sampler_has_its_own_rate(void **state)
{
	static const uint16_t system[][2] = { { 1, 4 }, { 0, 0 } };
	static const uint16_t sampler[][2] = { { 48, 1 }, { 49, 1 }, { 50, 4 }, { 0, 0 } };
	static const uint16_t data[][2] = { { 1, 4 }, { 48, 1 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 256, data);
	begin(&w);
	put_options_template(&w, 400, system, sampler);
	set_begin(&w, 400);
	for (uint64_t id = 1; id <= 2; id++) {
		put(&w, 0, 4);
		put(&w, id, 1);
		put(&w, 2, 1);
		put(&w, id * 1000, 4);
	}
	set_end(&w);
	set_begin(&w, 256);
	for (unsigned id = 1; id <= 3; id++) {
		put(&w, 40, 4);
		put(&w, id, 1);
	}
	put_zeros(&w, 1);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 3);
	assert_int_equal(feed.flows[0].sampling, 1000);
	assert_int_equal(feed.flows[1].sampling, 2000);
	assert_int_equal(feed.flows[2].sampling, 0);
	assert_int_equal(feed_stats(&feed)->unknown_sampling, 1);
	feed_close(&feed);
}

static void an_interface_has_a_rate_and_a_record_knows_better(void **state)
{
	static const uint16_t interface[][2] = { { 2, 4 }, { 0, 0 } };
	static const uint16_t sampling[][2] = { { 34, 4 }, { 0, 0 } };
	static const uint16_t data[][2] = { { 10, 4 }, { 34, 2 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 256, data);
	begin(&w);
	put_options_template(&w, 400, interface, sampling);
	set_begin(&w, 400);
	put(&w, 12, 4);
	put(&w, 100, 4);
	set_end(&w);
	set_begin(&w, 256);
	put(&w, 12, 4);
	put(&w, 0, 2);
	put(&w, 13, 4);
	put(&w, 0, 2);
	put(&w, 12, 4);
	put(&w, 77, 2);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 3);
	assert_int_equal(feed.flows[0].sampling, 100);
	assert_int_equal(feed.flows[0].sampling_source, SAMPLING_OPTIONS);
	assert_int_equal(feed.flows[1].sampling, 0);
	assert_int_equal(feed.flows[2].sampling, 77);
	assert_int_equal(feed.flows[2].sampling_source, SAMPLING_RECORD);
	feed_close(&feed);
}

static void the_only_sampler_speaks_for_records_that_name_none(void **state)
{
	static const uint16_t system[][2] = { { 1, 4 }, { 0, 0 } };
	static const uint16_t sampler[][2] = { { 48, 2 }, { 50, 2 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 256, basic);
	begin(&w);
	put_options_template(&w, 400, system, sampler);
	set_begin(&w, 400);
	put(&w, 0, 4);
	put(&w, 3, 2);
	put(&w, 2048, 2);
	set_end(&w);
	set_begin(&w, 256);
	put_basic(&w, 1);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed.flows[0].sampling, 2048);
	/* With a second one nobody can say which of them it was. */
	begin(&w);
	set_begin(&w, 400);
	put(&w, 0, 4);
	put(&w, 4, 2);
	put(&w, 1024, 2);
	set_end(&w);
	set_begin(&w, 256);
	put_basic(&w, 1);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed.flows[0].sampling, 0);
	feed_close(&feed);
}

static void an_options_template_may_have_no_scope_bytes(void **state)
{
	static const uint16_t system[][2] = { { 1, 0 }, { 0, 0 } };
	static const uint16_t sampling[][2] = { { 34, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_options_template(&w, 400, system, sampling);
	set_begin(&w, 400);
	put(&w, 64, 4);
	set_end(&w);
	feed_wire(&feed, &w);
	assert_int_equal(feed.state->exporters[0].options_rate, 64);
	feed_close(&feed);
}

static void data_wait_for_their_template(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	set_begin(&w, 256);
	put_basic(&w, 100);
	put_basic(&w, 200);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed_stats(&feed)->held, 1);
	assert_int_equal(feed_troubles(&feed), 0);
	uint64_t first_ns = feed.now_ns;
	feed.now_ns += 60 * NS_PER_S;
	/* The template's own datagram has another clock: times come from the data's header. */
	begin(&w);
	w.data[11] += 60;
	put_template(&w, 0, 256, basic);
	assert_int_equal(feed_wire(&feed, &w), 2);
	assert_int_equal(feed.flows[0].bytes, 100);
	assert_int_equal(feed.flows[0].end_ns, EXPORT_NS - NS_PER_S);
	assert_int_equal(feed.flows[0].received_ns, first_ns);
	assert_int_equal(feed_stats(&feed)->held_decoded, 1);
	assert_int_equal(feed_troubles(&feed), 0);
	feed_close(&feed);
}

static void sequence_counts_datagrams(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "netflow9");
	sequence = 10;
	learn(&feed, 256, basic);
	learn(&feed, 257, basic);
	assert_int_equal(feed_stats(&feed)->lost, 0);
	sequence = 15;
	learn(&feed, 256, basic);
	assert_int_equal(feed_stats(&feed)->lost, 3);
	feed_close(&feed);
}

static void zeros_at_the_end_are_padding(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, basic);
	set_begin(&w, 256);
	put_basic(&w, 1);
	set_end(&w);
	put_zeros(&w, 1000);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_troubles(&feed), 0);
	/* But a set of length 0 with something behind it is not. */
	w.data[w.len - 1] = 1;
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_LENGTH), 1);
	feed_close(&feed);
}

static void sets_of_impossible_length_end_the_walk(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 256, basic);
	for (uint16_t len = 1; len < 4; len++) {
		begin(&w);
		put(&w, 256, 2);
		put(&w, len, 2);
		put_basic(&w, 1);
		assert_int_equal(feed_wire(&feed, &w), 0);
	}
	assert_int_equal(feed_reason(&feed, REASON_LENGTH), 3);
	begin(&w);
	put(&w, 256, 2);
	put(&w, 0xffff, 2);
	put_basic(&w, 1);
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed_reason(&feed, REASON_SHORT), 1);
	/* Sets of an unknown kind are only stepped over. */
	begin(&w);
	set_begin(&w, 99);
	put_zeros(&w, 8);
	set_end(&w);
	set_begin(&w, 256);
	put_basic(&w, 1);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_VERSION), 1);
	feed_close(&feed);
}

static void templates_that_cannot_be_are_counted(void **state)
{
	static const uint16_t empty[][2] = { { 0, 0 } };
	static const uint16_t no_bytes[][2] = { { 8, 0 }, { 12, 0 }, { 0, 0 } };
	static const uint16_t huge[][2] = { { 1, 60000 }, { 2, 60000 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 255, basic);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 1);
	learn(&feed, 256, empty);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 2);
	learn(&feed, 256, no_bytes);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 3);
	learn(&feed, 256, huge);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 4);
	/* More fields than the set holds. */
	begin(&w);
	set_begin(&w, 0);
	put(&w, 256, 2);
	put(&w, 5000, 2);
	put_fields(&w, basic);
	set_end(&w);
	feed_wire(&feed, &w);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 5);
	/* Scopes whose length is no number of fields. */
	begin(&w);
	set_begin(&w, 1);
	put(&w, 256, 2);
	put(&w, 3, 2);
	put(&w, 4, 2);
	put_fields(&w, (const uint16_t[][2]){ { 34, 4 }, { 34, 4 }, { 0, 0 } });
	set_end(&w);
	feed_wire(&feed, &w);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 6);
	assert_int_equal(feed_stats(&feed)->templates, 0);
	feed_close(&feed);
}

static void a_redefinition_that_cannot_be_takes_the_old_one_along(void **state)
{
	static const uint16_t no_bytes[][2] = { { 8, 0 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	learn(&feed, 256, basic);
	learn(&feed, 256, no_bytes);
	begin(&w);
	set_begin(&w, 256);
	put_basic(&w, 1);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed_stats(&feed)->held, 1);
	feed_close(&feed);
}

static void every_cut_of_a_datagram_is_survived(void **state)
{
	static const uint16_t system[][2] = { { 1, 4 }, { 0, 0 } };
	static const uint16_t sampling[][2] = { { 34, 4 }, { 0, 0 } };
	struct wire w;

	(void)state;
	begin(&w);
	put_template(&w, 0, 256, basic);
	put_options_template(&w, 400, system, sampling);
	set_begin(&w, 400);
	put_zeros(&w, 8);
	set_end(&w);
	set_begin(&w, 256);
	put_basic(&w, 1);
	set_end(&w);
	for (size_t len = 0; len <= w.len; len++) {
		struct feed feed;
		feed_open(&feed, "netflow9");
		assert_int_equal(feed_bytes(&feed, w.data, len), len == w.len);
		assert_true(len == w.len || feed.result < 0 || feed.count == 0);
		feed_close(&feed);
	}
}

static void both_address_families_in_one_template(void **state)
{
	static const uint16_t both[][2] = { { 27, 16 }, { 28, 16 }, { 8, 4 }, { 12, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, both);
	set_begin(&w, 256);
	put_zeros(&w, 32); /* only IPv4 */
	put(&w, 0xc6336401, 4);
	put(&w, 0xcb007102, 4);
	put(&w, 0x20010db800000000, 8); /* only IPv6 */
	put(&w, 1, 8);
	put(&w, 0x20010db800000000, 8);
	put(&w, 2, 8);
	put_zeros(&w, 8);
	put_zeros(&w, 40); /* neither */
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 3);
	assert_true(ip_is_v4(&feed.flows[0].src));
	assert_int_equal(feed.flows[0].dst.b[15], 2);
	assert_false(ip_is_v4(&feed.flows[1].src));
	assert_int_equal(feed.flows[1].dst.b[15], 2);
	assert_true(ip_is_v4(&feed.flows[2].src));
	assert_int_equal(feed.flows[2].has, FLOW_HAS_SRC | FLOW_HAS_DST);
	feed_close(&feed);
}

static void of_two_filled_pairs_the_first_in_the_template_counts(void **state)
{
	static const uint16_t six[][2] = { { 28, 16 }, { 8, 4 }, { 27, 16 }, { 12, 4 }, { 0, 0 } };
	static const uint16_t four[][2] = { { 8, 4 }, { 27, 16 }, { 28, 16 }, { 12, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, six);
	put_template(&w, 0, 257, four);
	for (uint16_t id = 256; id <= 257; id++) {
		set_begin(&w, id);
		memset(w.data + w.len, 7, 40);
		w.len += 40;
		set_end(&w);
	}
	assert_int_equal(feed_wire(&feed, &w), 2);
	assert_false(ip_is_v4(&feed.flows[0].src));
	assert_true(ip_is_v4(&feed.flows[1].src));
	feed_close(&feed);
}

static void fields_of_odd_lengths_are_stepped_over(void **state)
{
	static const uint16_t odd[][2] = { { 1, 0 },   { 2, 9 },  { 8, 3 },
					   { 27, 15 }, { 12, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, odd);
	set_begin(&w, 256);
	memset(w.data + w.len, 0xff, 9 + 3 + 15);
	w.len += 9 + 3 + 15;
	put(&w, 0x01020304, 4);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed.flows[0].has, FLOW_HAS_DST);
	assert_memory_equal(&feed.flows[0].dst.b[12], "\1\2\3\4", 4);
	feed_close(&feed);
}

static void ports_of_one_protocol_fill_in_for_general_ones(void **state)
{
	static const uint16_t apart[][2] = { { 4, 1 },   { 180, 2 }, { 181, 2 },
					     { 182, 2 }, { 183, 2 }, { 0, 0 } };
	static const uint16_t general[][2] = { { 4, 1 }, { 182, 2 }, { 7, 2 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, apart);
	put_template(&w, 0, 257, general);
	set_begin(&w, 256);
	put(&w, 0x0600000000aaaabb, 8);
	put(&w, 0xbb, 1);
	put(&w, 0x11ccccdddd000000, 8);
	put(&w, 0, 1);
	set_end(&w);
	set_begin(&w, 257);
	put(&w, 0x0611112222, 5);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 3);
	assert_int_equal(feed.flows[0].sport, 0xaaaa);
	assert_int_equal(feed.flows[0].dport, 0xbbbb);
	assert_int_equal(feed.flows[1].sport, 0xcccc);
	assert_int_equal(feed.flows[1].dport, 0xdddd);
	assert_int_equal(feed.flows[2].sport, 0x2222);
	feed_close(&feed);
}

static void zeros_up_to_four_bytes_are_no_tiny_records(void **state)
{
	static const uint16_t tiny[][2] = { { 4, 1 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, tiny);
	set_begin(&w, 256);
	put(&w, 0x06110000, 4);
	put(&w, 0x01000000, 4);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 5);
	assert_int_equal(feed.flows[4].proto, 1);
	feed_close(&feed);
}

static void icmp_type_and_code_come_in_three_ways(void **state)
{
	static const uint16_t joined[][2] = { { 4, 1 }, { 32, 2 }, { 7, 2 }, { 11, 2 }, { 0, 0 } };
	static const uint16_t apart[][2] = { { 4, 1 }, { 178, 1 }, { 179, 1 }, { 0, 0 } };
	static const uint16_t ports[][2] = { { 4, 1 }, { 7, 2 }, { 11, 2 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, joined);
	put_template(&w, 0, 257, apart);
	put_template(&w, 0, 258, ports);
	set_begin(&w, 256);
	put(&w, 1, 1);
	put(&w, 0x0303, 2);
	put(&w, 17549, 2);
	put(&w, 0, 2);
	put(&w, 6, 1); /* not ICMP: the element means nothing */
	put(&w, 0, 2);
	put(&w, 80, 2);
	put(&w, 81, 2);
	set_end(&w);
	set_begin(&w, 257);
	put(&w, 58, 1);
	put(&w, 135, 1);
	put(&w, 0, 1);
	put(&w, 0, 1);
	set_end(&w);
	set_begin(&w, 258);
	put(&w, 1, 1);
	put(&w, 0, 2);
	put(&w, 0x0800, 2);
	put(&w, 58, 1); /* a bare type in the port: only the port is sure */
	put(&w, 0, 2);
	put(&w, 135, 2);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 5);
	assert_int_equal(feed.flows[0].icmp_type, 3);
	assert_int_equal(feed.flows[0].icmp_code, 3);
	assert_int_equal(feed.flows[0].sport, 0);
	assert_int_equal(feed.flows[0].dport, 0x0303);
	assert_int_equal(feed.flows[1].has & FLOW_HAS_ICMP, 0);
	assert_int_equal(feed.flows[1].dport, 81);
	assert_int_equal(feed.flows[2].icmp_type, 135);
	assert_int_equal(feed.flows[3].icmp_type, 8);
	assert_int_equal(feed.flows[3].dport, 0x0800);
	assert_int_equal(feed.flows[4].has & FLOW_HAS_ICMP, 0);
	assert_int_equal(feed.flows[4].dport, 135);
	feed_close(&feed);
}

static void icmp_elements_of_both_families_follow_the_protocol(void **state)
{
	static const uint16_t both[][2] = { { 4, 1 }, { 32, 2 }, { 139, 2 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, both);
	set_begin(&w, 256);
	put(&w, 0x0108000000, 5);
	put(&w, 0x3a00008000, 5);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 2);
	assert_int_equal(feed.flows[0].icmp_type, 8);
	assert_int_equal(feed.flows[1].icmp_type, 128);
	feed_close(&feed);
}

static void firewall_and_forwarding_say_what_was_dropped(void **state)
{
	static const uint16_t forwarding[][2] = { { 89, 1 }, { 0, 0 } };
	static const uint16_t firewall[][2] = { { 233, 1 }, { 85, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, forwarding);
	put_template(&w, 0, 257, firewall);
	set_begin(&w, 256);
	put(&w, 0x40, 1);
	put(&w, 0x80, 1);
	put(&w, 0x84, 1);
	put(&w, 0xc0, 1);
	set_end(&w);
	set_begin(&w, 257);
	put(&w, 3, 1);
	put(&w, 56, 4);
	put(&w, 1, 1);
	put(&w, 57, 4);
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 6);
	static const bool dropped[] = { false, true, true, false, true, false };
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(!!(feed.flows[i].has & FLOW_HAS_DROPPED), dropped[i]);
	assert_int_equal(feed.flows[5].bytes, 57);
	feed_close(&feed);
}

static void fragments_are_told_apart(void **state)
{
	static const uint16_t fields[][2] = { { 88, 2 }, { 197, 1 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "netflow9");
	begin(&w);
	put_template(&w, 0, 256, fields);
	set_begin(&w, 256);
	put(&w, 0x000020, 3); /* the first: more to come */
	put(&w, 0x00b900, 3); /* the last */
	put(&w, 0x000040, 3); /* must not be fragmented, and is not */
	put(&w, 0x100000, 3); /* far inside */
	put(&w, 0x400000, 3); /* flags beside the offset are no offset */
	set_end(&w);
	assert_int_equal(feed_wire(&feed, &w), 5);
	assert_int_equal(feed.flows[3].fragment, 2);
	assert_int_equal(feed.flows[4].fragment, 0);
	assert_int_equal(feed.flows[0].fragment, 1);
	assert_int_equal(feed.flows[1].fragment, 2);
	assert_int_equal(feed.flows[2].fragment, 0);
	feed_close(&feed);
}

static void probing_looks_at_the_first_set(void **state)
{
	const struct decoder *decoder = decoder_find("netflow9");
	struct wire w;

	(void)state;
	begin(&w);
	put_template(&w, 0, 256, basic);
	assert_true(decoder->probe(w.data, w.len) > 80);
	assert_true(decoder->probe(w.data, 30) < 50);
	assert_int_equal(decoder->probe(w.data, 19), 0);
	w.data[21] = 17;
	assert_true(decoder->probe(w.data, w.len) < 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(template_and_data_in_one_datagram),
		cmocka_unit_test(several_templates_stand_in_one_set),
		cmocka_unit_test(a_template_is_refreshed_and_redefined),
		cmocka_unit_test(integers_of_every_length_are_read),
		cmocka_unit_test(the_whole_exporter_names_its_rate),
		cmocka_unit_test(each_sampler_has_its_own_rate),
		cmocka_unit_test(an_interface_has_a_rate_and_a_record_knows_better),
		cmocka_unit_test(the_only_sampler_speaks_for_records_that_name_none),
		cmocka_unit_test(an_options_template_may_have_no_scope_bytes),
		cmocka_unit_test(data_wait_for_their_template),
		cmocka_unit_test(sequence_counts_datagrams),
		cmocka_unit_test(zeros_at_the_end_are_padding),
		cmocka_unit_test(sets_of_impossible_length_end_the_walk),
		cmocka_unit_test(templates_that_cannot_be_are_counted),
		cmocka_unit_test(a_redefinition_that_cannot_be_takes_the_old_one_along),
		cmocka_unit_test(every_cut_of_a_datagram_is_survived),
		cmocka_unit_test(both_address_families_in_one_template),
		cmocka_unit_test(of_two_filled_pairs_the_first_in_the_template_counts),
		cmocka_unit_test(fields_of_odd_lengths_are_stepped_over),
		cmocka_unit_test(ports_of_one_protocol_fill_in_for_general_ones),
		cmocka_unit_test(zeros_up_to_four_bytes_are_no_tiny_records),
		cmocka_unit_test(icmp_elements_of_both_families_follow_the_protocol),
		cmocka_unit_test(icmp_type_and_code_come_in_three_ways),
		cmocka_unit_test(firewall_and_forwarding_say_what_was_dropped),
		cmocka_unit_test(fragments_are_told_apart),
		cmocka_unit_test(probing_looks_at_the_first_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
