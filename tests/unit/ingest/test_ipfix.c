/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/ipfix: lengths, enterprise elements, withdrawal, times, selectors, frames. */
#include "check.h"

#include "wire.h"

#define EXPORT_NS (WIRE_NOW_S * NS_PER_S)
#define NTP_NOW   (WIRE_NOW_S + 2208988800U)
#define VARIABLE  65535

static uint32_t sequence;

/* A specifier of an enterprise element. */
static void put_enterprise(struct wire *w, uint16_t id, uint16_t len, uint32_t pen)
{
	put(w, id | 0x8000, 2);
	put(w, len, 2);
	put(w, pen, 4);
}

static void begin(struct wire *w)
{
	w->len = 0;
	put(w, 10, 2);
	put(w, 0, 2);
	put(w, WIRE_NOW_S, 4);
	put(w, sequence, 4);
	put(w, 77, 4);
}

/* Write the length of the message into its header and decode it. */
static size_t feed_message(struct feed *feed, struct wire *w)
{
	w->data[2] = (uint8_t)(w->len >> 8);
	w->data[3] = (uint8_t)w->len;
	return feed_wire(feed, w);
}

/* One template and one record of it in one message; the record's bytes follow the call. */
static void begin_with(struct wire *w, const uint16_t (*fields)[2])
{
	begin(w);
	put_template(w, 2, 256, fields);
	set_begin(w, 256);
}

static size_t feed_set(struct feed *feed, struct wire *w)
{
	set_end(w);
	return feed_message(feed, w);
}

static void variable_lengths_come_in_two_forms(void **state)
{
	static const uint16_t fields[][2] = { { 1, 2 },         { 371, VARIABLE }, { 2, 2 },
					      { 82, VARIABLE }, { 4, 1 },          { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	put(&w, 100, 2);
	put(&w, 3, 1); /* short form */
	put_bytes(&w, "abc", 3);
	put(&w, 10, 2);
	put(&w, 0, 1); /* empty */
	put(&w, 6, 1);
	put(&w, 200, 2);
	put(&w, 255, 1); /* long form, 300 bytes */
	put(&w, 300, 2);
	put_zeros(&w, 300);
	put(&w, 20, 2);
	put(&w, 255, 1); /* long form of a short length */
	put(&w, 1, 2);
	put(&w, 'x', 1);
	put(&w, 17, 1);
	assert_int_equal(feed_set(&feed, &w), 2);
	assert_int_equal(feed.flows[0].bytes, 100);
	assert_int_equal(feed.flows[0].packets, 10);
	assert_int_equal(feed.flows[0].proto, 6);
	assert_int_equal(feed.flows[1].bytes, 200);
	assert_int_equal(feed.flows[1].packets, 20);
	assert_int_equal(feed.flows[1].proto, 17);
	assert_int_equal(feed_troubles(&feed), 0);
	feed_close(&feed);
}

static void a_variable_length_past_the_set_is_counted(void **state)
{
	static const uint16_t fields[][2] = { { 1, 2 }, { 371, VARIABLE }, { 2, 2 }, { 0, 0 } };
	static const uint16_t claimed[] = { 3, 200, 255 };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	for (unsigned i = 0; i < 3; i++) {
		begin_with(&w, fields);
		put(&w, 100, 2);
		put(&w, claimed[i], 1);
		put(&w, 0xffff, 2);
		put(&w, 1, 2);
		assert_int_equal(feed_set(&feed, &w), 0);
		assert_int_equal(feed_reason(&feed, REASON_SHORT), i + 1);
	}
	feed_close(&feed);
}

static void structured_data_is_stepped_over(void **state)
{
	static const uint16_t fields[][2] = { { 1, 4 },          { 291, VARIABLE },
					      { 292, VARIABLE }, { 293, VARIABLE },
					      { 2, 4 },          { 0, 0 } };
	static const uint8_t basic_list[] = { 3, 0, 8, 0, 4, 192, 0, 2, 1 };
	static const uint8_t sub_template_list[] = { 3, 1, 1, 0, 0, 0, 1 };
	static const uint8_t multi_list[] = { 3, 1, 1, 0, 6, 9, 9 };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	for (uint64_t i = 1; i <= 2; i++) {
		put(&w, i, 4);
		put(&w, sizeof(basic_list), 1);
		put_bytes(&w, basic_list, sizeof(basic_list));
		put(&w, sizeof(sub_template_list), 1);
		put_bytes(&w, sub_template_list, sizeof(sub_template_list));
		put(&w, sizeof(multi_list), 1);
		put_bytes(&w, multi_list, sizeof(multi_list));
		put(&w, 10 * i, 4);
	}
	assert_int_equal(feed_set(&feed, &w), 2);
	assert_int_equal(feed.flows[1].bytes, 2);
	assert_int_equal(feed.flows[1].packets, 20);
	assert_int_equal(feed.flows[1].has, FLOW_HAS_BYTES | FLOW_HAS_PACKETS);
	feed_close(&feed);
}

static void enterprise_elements_are_stepped_over_but_reverse_ones(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin(&w);
	set_begin(&w, 2);
	put(&w, 256, 2);
	put(&w, 5, 2);
	put(&w, 1, 2);
	put(&w, 4, 2);
	put_enterprise(&w, 1, 4, 32473); /* no octetDeltaCount of ours */
	put_enterprise(&w, 1, 4, 29305);
	put_enterprise(&w, 86, 4, 29305);
	put_enterprise(&w, 4, 1, 29305); /* a reverse element that says nothing new */
	set_end(&w);
	set_begin(&w, 256);
	put(&w, 11, 4);
	put(&w, 22, 4);
	put(&w, 33, 4);
	put(&w, 44, 4);
	put(&w, 55, 1);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].bytes, 11);
	assert_int_equal(feed.flows[0].rev_bytes, 33);
	assert_int_equal(feed.flows[0].rev_packets, 44);
	assert_int_equal(feed.flows[0].has, FLOW_HAS_BYTES | FLOW_HAS_REVERSE);
	feed_close(&feed);
}

static void initiator_and_responder_are_one_flow(void **state)
{
	static const uint16_t fields[][2] = {
		{ 231, 4 }, { 232, 4 }, { 298, 4 }, { 299, 4 }, { 0, 0 }
	};
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	for (unsigned i = 1; i <= 4; i++)
		put(&w, i, 4);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].bytes, 1);
	assert_int_equal(feed.flows[0].rev_bytes, 2);
	assert_int_equal(feed.flows[0].packets, 3);
	assert_int_equal(feed.flows[0].rev_packets, 4);
	feed_close(&feed);
}

static void of_two_counts_the_better_one_wins(void **state)
{
	/* Behind the router, total, delta, delta again. */
	static const uint16_t fields[][2] = { { 23, 4 }, { 85, 4 }, { 1, 4 }, { 1, 4 },
					      { 24, 4 }, { 86, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	for (unsigned i = 1; i <= 6; i++)
		put(&w, i, 4);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].bytes, 3);
	assert_int_equal(feed.flows[0].packets, 6);
	feed_close(&feed);
}

/* The start that a template of one start element gives for @value. */
static uint64_t start_of(uint16_t element, uint64_t value, uint16_t len)
{
	const uint16_t fields[][2] = { { element, len }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	put(&w, value, len);
	assert_int_equal(feed_set(&feed, &w), 1);
	uint64_t start_ns = feed.flows[0].start_ns;
	assert_int_equal(feed.flows[0].has, start_ns ? FLOW_HAS_START : 0);
	feed_close(&feed);
	return start_ns;
}

static void times_come_in_all_units(void **state)
{
	uint64_t second = EXPORT_NS - NS_PER_S;
	uint64_t ntp = (uint64_t)(NTP_NOW - 1) << 32 | 0x80000000U;

	(void)state;
	assert_int_equal(start_of(150, WIRE_NOW_S - 1, 4), second);
	assert_int_equal(start_of(152, (WIRE_NOW_S - 1) * 1000ULL + 7, 8), second + 7 * NS_PER_MS);
	assert_int_equal(start_of(154, ntp, 8), second + 500 * NS_PER_MS);
	assert_int_equal(start_of(156, ntp, 8), second + 500 * NS_PER_MS);
	assert_int_equal(start_of(158, 1000000, 4), second);
	/* Plain counts where a timestamp should be. */
	assert_int_equal(start_of(154, (WIRE_NOW_S - 1) * 1000000ULL, 8), second);
	assert_int_equal(start_of(156, (WIRE_NOW_S - 1) * 1000000000ULL, 8), second);
	/* Nothing, and nonsense. */
	assert_int_equal(start_of(152, 0, 8), 0);
	assert_int_equal(start_of(152, UINT64_MAX, 8), 0);
	assert_int_equal(start_of(158, UINT32_MAX, 4), EXPORT_NS - UINT32_MAX * NS_PER_US);
	/* Milliseconds of uptime, with nobody to say since when. */
	assert_int_equal(start_of(22, 5000, 4), 0);
}

static void uptime_counts_from_the_start_in_the_record(void **state)
{
	static const uint16_t fields[][2] = { { 160, 8 }, { 22, 4 }, { 21, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	put(&w, (WIRE_NOW_S - 100) * 1000ULL, 8);
	put(&w, 90000, 4);
	put(&w, 95000, 4);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].start_ns, EXPORT_NS - 10 * NS_PER_S);
	assert_int_equal(feed.flows[0].end_ns, EXPORT_NS - 5 * NS_PER_S);
	feed_close(&feed);
}

/* An options template: the first @scopes fields are scopes. */
static void put_options_template(struct wire *w, uint16_t id, uint16_t scopes,
				 const uint16_t (*fields)[2])
{
	set_begin(w, 3);
	put(w, id, 2);
	put(w, count_fields(fields), 2);
	put(w, scopes, 2);
	put_fields(w, fields);
	set_end(w);
}

static void uptime_counts_from_the_start_in_options_data(void **state)
{
	static const uint16_t options[][2] = { { 144, 4 }, { 160, 8 }, { 0, 0 } };
	static const uint16_t fields[][2] = { { 22, 4 }, { 161, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin(&w);
	put_options_template(&w, 300, 1, options);
	set_begin(&w, 300);
	put(&w, 1, 4);
	put(&w, (WIRE_NOW_S - 100) * 1000ULL, 8);
	assert_int_equal(feed_set(&feed, &w), 0);
	begin_with(&w, fields);
	put(&w, 90000, 4);
	put(&w, 2000, 4);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].start_ns, EXPORT_NS - 10 * NS_PER_S);
	assert_int_equal(feed.flows[0].end_ns, EXPORT_NS - 8 * NS_PER_S);
	feed_close(&feed);
}

static void start_in_options_data_counts_in_the_same_message(void **state)
{
	static const uint16_t options[][2] = { { 144, 4 }, { 160, 8 }, { 0, 0 } };
	static const uint16_t fields[][2] = { { 22, 4 }, { 161, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin(&w);
	put_options_template(&w, 300, 1, options);
	set_begin(&w, 300);
	put(&w, 1, 4);
	put(&w, (WIRE_NOW_S - 100) * 1000ULL, 8);
	set_end(&w);
	put_template(&w, 2, 256, fields);
	set_begin(&w, 256);
	put(&w, 90000, 4);
	put(&w, 2000, 4);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].start_ns, EXPORT_NS - 10 * NS_PER_S);
	feed_close(&feed);
}

static void a_duration_makes_the_missing_end_or_start(void **state)
{
	static const uint16_t fields[][2] = { { 151, 4 }, { 161, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	put(&w, WIRE_NOW_S, 4);
	put(&w, 1500, 4);
	put(&w, 1, 4); /* began before 1970, if one believes it */
	put(&w, 1500, 4);
	assert_int_equal(feed_set(&feed, &w), 2);
	assert_int_equal(feed.flows[0].start_ns, EXPORT_NS - 1500 * NS_PER_MS);
	assert_int_equal(feed.flows[0].end_ns, EXPORT_NS);
	assert_int_equal(feed.flows[1].has, FLOW_HAS_END);
	feed_close(&feed);
}

/* The rate that one record with these elements and values names. */
static uint32_t rate_of(const uint16_t (*fields)[2], const uint64_t *values)
{
	struct feed feed;
	struct wire w;

	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	for (unsigned i = 0; i < count_fields(fields); i++)
		put(&w, values[i], fields[i][1]);
	assert_int_equal(feed_set(&feed, &w), 1);
	uint32_t rate = feed.flows[0].sampling;
	assert_int_equal(feed.flows[0].sampling_source, rate ? SAMPLING_RECORD : SAMPLING_UNKNOWN);
	feed_close(&feed);
	return rate;
}

static void records_name_their_rate_in_many_ways(void **state)
{
	static const uint16_t count[][2] = { { 305, 4 }, { 306, 4 }, { 0, 0 } };
	static const uint16_t count_only[][2] = { { 305, 4 }, { 0, 0 } };
	static const uint16_t n_of_m[][2] = { { 305, 4 }, { 309, 4 }, { 310, 4 }, { 0, 0 } };
	static const uint16_t probability[][2] = { { 311, 8 }, { 0, 0 } };
	static const uint16_t single[][2] = { { 311, 4 }, { 0, 0 } };
	static const uint16_t old[][2] = { { 34, 4 }, { 0, 0 } };

	(void)state;
	assert_int_equal(rate_of(count, (const uint64_t[]){ 1, 999 }), 1000);
	assert_int_equal(rate_of(count, (const uint64_t[]){ 10, 990 }), 100);
	assert_int_equal(rate_of(count, (const uint64_t[]){ 1, 0 }), 1);
	assert_int_equal(rate_of(count, (const uint64_t[]){ 0, 5 }), 0);
	assert_int_equal(rate_of(count, (const uint64_t[]){ 1, UINT32_MAX }), UINT32_MAX);
	assert_int_equal(rate_of(count_only, (const uint64_t[]){ 4096 }), 4096);
	assert_int_equal(rate_of(n_of_m, (const uint64_t[]){ 1, 1, 256 }), 256);
	assert_int_equal(rate_of(n_of_m, (const uint64_t[]){ 1, 2, 512 }), 256);
	assert_int_equal(rate_of(probability, (const uint64_t[]){ 0x3f50624dd2f1a9fc }), 1000);
	assert_int_equal(rate_of(probability, (const uint64_t[]){ 0x7ff8000000000000 }), 0);
	assert_int_equal(rate_of(probability, (const uint64_t[]){ 0xbff0000000000000 }), 0);
	assert_int_equal(rate_of(probability, (const uint64_t[]){ 1 }), 0);
	assert_int_equal(rate_of(single, (const uint64_t[]){ 0x3c23d70a }), 100);
	assert_int_equal(rate_of(old, (const uint64_t[]){ 0 }), 0);
}

static void selectors_are_announced_and_named(void **state)
{
	static const uint16_t options[][2] = {
		{ 302, 8 }, { 304, 2 }, { 305, 4 }, { 306, 4 }, { 0, 0 }
	};
	static const uint16_t fields[][2] = { { 1, 4 }, { 302, 1 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin(&w);
	put_options_template(&w, 300, 1, options);
	set_begin(&w, 300);
	for (uint64_t i = 1; i <= 2; i++) {
		put(&w, i, 8);
		put(&w, 1, 2);
		put(&w, 1, 4);
		put(&w, i * 100 - 1, 4);
	}
	assert_int_equal(feed_set(&feed, &w), 0);
	begin_with(&w, fields);
	put(&w, 40, 4);
	put(&w, 2, 1);
	put(&w, 40, 4);
	put(&w, 1, 1);
	assert_int_equal(feed_set(&feed, &w), 2);
	assert_int_equal(feed.flows[0].sampling, 200);
	assert_int_equal(feed.flows[1].sampling, 100);
	assert_int_equal(feed.flows[1].sampling_source, SAMPLING_OPTIONS);
	feed_close(&feed);
}

static void sampler_rates_are_bounded(void **state)
{
	static const uint16_t options[][2] = { { 302, 4 }, { 34, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin(&w);
	put_options_template(&w, 300, 1, options);
	set_begin(&w, 300);
	for (unsigned i = 0; i < EXPORTER_SAMPLERS + 3; i++) {
		put(&w, i, 4);
		put(&w, 10, 4);
	}
	assert_int_equal(feed_set(&feed, &w), 0);
	assert_int_equal(feed.state->exporters[0].sampler_count, EXPORTER_SAMPLERS);
	assert_int_equal(feed.state->exporters[0].stats.samplers_turned_away, 3);
	feed_close(&feed);
}

static void a_template_is_withdrawn(void **state)
{
	static const uint16_t fields[][2] = { { 1, 4 }, { 0, 0 } };
	static const uint16_t options[][2] = { { 144, 4 }, { 34, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin(&w);
	put_template(&w, 2, 256, fields);
	put_template(&w, 2, 257, fields);
	put_template(&w, 2, 258, fields);
	put_options_template(&w, 300, 1, options);
	feed_message(&feed, &w);
	assert_int_equal(feed_stats(&feed)->templates, 4);
	begin(&w);
	set_begin(&w, 2);
	put(&w, 257, 2);
	put(&w, 0, 2);
	feed_set(&feed, &w);
	assert_int_equal(feed_stats(&feed)->templates, 3);
	begin(&w);
	set_begin(&w, 2);
	put(&w, 2, 2);
	put(&w, 0, 2);
	feed_set(&feed, &w);
	assert_int_equal(feed_stats(&feed)->templates, 1);
	begin(&w);
	set_begin(&w, 3);
	put(&w, 3, 2);
	put(&w, 0, 2);
	feed_set(&feed, &w);
	assert_int_equal(feed_stats(&feed)->templates, 0);
	assert_int_equal(feed_troubles(&feed), 0);
	/* Taking back what is not there is no trouble either. */
	begin(&w);
	set_begin(&w, 2);
	put(&w, 999, 2);
	put(&w, 0, 2);
	feed_set(&feed, &w);
	assert_int_equal(feed_troubles(&feed), 0);
	/* The data now wait. */
	begin(&w);
	set_begin(&w, 257);
	put(&w, 1, 4);
	assert_int_equal(feed_set(&feed, &w), 0);
	assert_int_equal(feed_stats(&feed)->held, 1);
	feed_close(&feed);
}

static void options_templates_that_cannot_be_are_counted(void **state)
{
	static const uint16_t fields[][2] = { { 144, 4 }, { 34, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin(&w);
	put_options_template(&w, 300, 3, fields); /* three scopes among two fields */
	feed_message(&feed, &w);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 1);
	begin(&w);
	set_begin(&w, 3); /* ends before the number of scopes */
	put(&w, 300, 2);
	put(&w, 2, 2);
	feed_set(&feed, &w);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 2);
	begin(&w);
	set_begin(&w, 2); /* an enterprise number cut off */
	put(&w, 300, 2);
	put(&w, 1, 2);
	put(&w, 0x8001, 2);
	put(&w, 4, 2);
	feed_set(&feed, &w);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 3);
	assert_int_equal(feed_stats(&feed)->templates, 0);
	feed_close(&feed);
}

static void too_many_variable_fields_are_turned_away(void **state)
{
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	for (unsigned fields = 64; fields <= 65; fields++) {
		begin(&w);
		set_begin(&w, 2);
		put(&w, 256, 2);
		put(&w, fields, 2);
		for (unsigned i = 0; i < fields; i++) {
			put(&w, 371, 2);
			put(&w, VARIABLE, 2);
		}
		set_end(&w);
		set_begin(&w, 256);
		put(&w, 1, 1);
		put_zeros(&w, fields);
		set_end(&w);
		assert_int_equal(feed_message(&feed, &w), fields == 64);
	}
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_BAD), 1);
	feed_close(&feed);
}

static void message_length_and_datagram_length_disagree(void **state)
{
	static const uint16_t fields[][2] = { { 1, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	put(&w, 1, 4);
	set_end(&w);
	size_t len = w.len;
	feed_message(&feed, &w);
	/* A second message behind the first is not read. */
	put_bytes(&w, w.data, len);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_LENGTH), 1);
	/* A set that begins inside the message may reach over its end. */
	w.len = len;
	w.data[3] = (uint8_t)(len - 2);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_LENGTH), 2);
	/* The message is longer than the datagram. */
	w.data[3] = (uint8_t)(len + 2);
	assert_int_equal(feed_wire(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_SHORT), 1);
	/* Shorter than its own header. */
	w.data[3] = 3;
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed_reason(&feed, REASON_LENGTH), 3);
	feed_close(&feed);
}

static void sequence_counts_data_records(void **state)
{
	static const uint16_t fields[][2] = { { 1, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	sequence = 1000;
	begin_with(&w, fields);
	put(&w, 1, 4);
	put(&w, 2, 4);
	feed_set(&feed, &w);
	sequence = 1002;
	begin_with(&w, fields);
	put(&w, 1, 4);
	feed_set(&feed, &w);
	assert_int_equal(feed_stats(&feed)->lost, 0);
	sequence = 1010;
	begin_with(&w, fields);
	put(&w, 1, 4);
	feed_set(&feed, &w);
	assert_int_equal(feed_stats(&feed)->lost, 7);
	/* After data that wait nobody knows how many records went by. */
	sequence = 1011;
	begin(&w);
	set_begin(&w, 999);
	put(&w, 1, 4);
	feed_set(&feed, &w);
	sequence = 1050;
	begin_with(&w, fields);
	put(&w, 1, 4);
	feed_set(&feed, &w);
	assert_int_equal(feed_stats(&feed)->lost, 7);
	assert_int_equal(feed_stats(&feed)->restarts, 0);
	feed_close(&feed);
}

/* Ethernet, IPv4, UDP: 192.0.2.9 port 4000 to 192.0.2.8 port 53, 100 bytes of IP. */
static const uint8_t frame[] = {
	2, 0,  0,  0, 0, 2,   2, 0, 0, 0,   0, 1, 8, 0,    0x45, 0, 0,  100, 0,  0, 0,
	0, 64, 17, 0, 0, 192, 0, 2, 9, 192, 0, 2, 8, 0x0f, 0xa0, 0, 53, 0,   80, 0, 0,
};

static void a_sampled_frame_is_read_as_a_packet(void **state)
{
	static const uint16_t variable[][2] = {
		{ 10, 4 }, { 312, 2 }, { 315, VARIABLE }, { 0, 0 }
	};
	static const uint16_t fixed[][2] = { { 315, sizeof(frame) }, { 10, 4 }, { 0, 0 } };
	static const uint16_t from_ip[][2] = { { 313, VARIABLE }, { 1, 2 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, variable);
	put(&w, 5, 4);
	put(&w, 114, 2);
	put(&w, sizeof(frame), 1);
	put_bytes(&w, frame, sizeof(frame));
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].dst.b[15], 8);
	assert_int_equal(feed.flows[0].sport, 4000);
	assert_int_equal(feed.flows[0].bytes, 100);
	assert_int_equal(feed.flows[0].packets, 1);
	assert_int_equal(feed.flows[0].in_if, 5);
	assert_int_equal(feed.flows[0].source, FLOW_IPFIX);
	assert_int_equal(feed.flows[0].received_ns, feed.now_ns);
	assert_true(feed.flows[0].has & FLOW_HAS_IN_IF);
	begin_with(&w, fixed);
	put_bytes(&w, frame, sizeof(frame));
	put(&w, 6, 4);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].dport, 53);
	assert_int_equal(feed.flows[0].in_if, 6);
	/* What the exporter counted itself wins. */
	begin_with(&w, from_ip);
	put(&w, sizeof(frame) - 14, 1);
	put_bytes(&w, frame + 14, sizeof(frame) - 14);
	put(&w, 999, 2);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].bytes, 999);
	assert_int_equal(feed.flows[0].proto, 17);
	/* A packet that does not say its length: what is at hand, never less. */
	begin_with(&w, variable);
	put(&w, 5, 4);
	put(&w, 10, 2);
	put(&w, sizeof(frame), 1);
	put_bytes(&w, frame, sizeof(frame));
	w.data[w.len - sizeof(frame) + 17] = 0;
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].bytes, sizeof(frame) - 14);
	/* Bytes that are no packet still make a record. */
	begin_with(&w, from_ip);
	put(&w, 3, 1);
	put_bytes(&w, "abc", 3);
	put(&w, 7, 2);
	assert_int_equal(feed_set(&feed, &w), 1);
	assert_int_equal(feed.flows[0].has, FLOW_HAS_BYTES);
	feed_close(&feed);
}

static void zeros_behind_the_sets_are_counted(void **state)
{
	static const uint16_t fields[][2] = { { 1, 4 }, { 0, 0 } };
	struct feed feed;
	struct wire w;

	(void)state;
	feed_open(&feed, "ipfix");
	begin_with(&w, fields);
	put(&w, 1, 4);
	set_end(&w);
	put_zeros(&w, 8);
	assert_int_equal(feed_message(&feed, &w), 1);
	assert_int_equal(feed_reason(&feed, REASON_LENGTH), 1);
	feed_close(&feed);
}

static void probing_compares_the_length(void **state)
{
	const struct decoder *decoder = decoder_find("ipfix");
	struct wire w;

	(void)state;
	begin(&w);
	w.data[3] = (uint8_t)w.len;
	assert_true(decoder->probe(w.data, w.len) > 90);
	w.data[3] = 99;
	assert_true(decoder->probe(w.data, w.len) < 50);
	assert_int_equal(decoder->probe(w.data, 15), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variable_lengths_come_in_two_forms),
		cmocka_unit_test(a_variable_length_past_the_set_is_counted),
		cmocka_unit_test(structured_data_is_stepped_over),
		cmocka_unit_test(enterprise_elements_are_stepped_over_but_reverse_ones),
		cmocka_unit_test(initiator_and_responder_are_one_flow),
		cmocka_unit_test(of_two_counts_the_better_one_wins),
		cmocka_unit_test(times_come_in_all_units),
		cmocka_unit_test(uptime_counts_from_the_start_in_the_record),
		cmocka_unit_test(uptime_counts_from_the_start_in_options_data),
		cmocka_unit_test(start_in_options_data_counts_in_the_same_message),
		cmocka_unit_test(a_duration_makes_the_missing_end_or_start),
		cmocka_unit_test(records_name_their_rate_in_many_ways),
		cmocka_unit_test(selectors_are_announced_and_named),
		cmocka_unit_test(sampler_rates_are_bounded),
		cmocka_unit_test(a_template_is_withdrawn),
		cmocka_unit_test(options_templates_that_cannot_be_are_counted),
		cmocka_unit_test(too_many_variable_fields_are_turned_away),
		cmocka_unit_test(message_length_and_datagram_length_disagree),
		cmocka_unit_test(sequence_counts_data_records),
		cmocka_unit_test(a_sampled_frame_is_read_as_a_packet),
		cmocka_unit_test(zeros_behind_the_sets_are_counted),
		cmocka_unit_test(probing_compares_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
