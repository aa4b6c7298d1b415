/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/template and ingest/held: whose template it is, and every limit. */
#include "check.h"

#include "ingest/held.h"
#include "ingest/template.h"
#include "wire.h"

static const uint16_t bytes_first[][2] = { { 1, 4 }, { 2, 4 }, { 0, 0 } };
static const uint16_t packets_first[][2] = { { 2, 4 }, { 1, 4 }, { 0, 0 } };

static void begin(struct wire *w, uint32_t domain)
{
	w->len = 0;
	put(w, 10, 2);
	put(w, 0, 2);
	put(w, WIRE_NOW_S, 4);
	put(w, 0, 4);
	put(w, domain, 4);
}

static size_t finish(struct feed *feed, struct wire *w)
{
	w->data[2] = (uint8_t)(w->len >> 8);
	w->data[3] = (uint8_t)w->len;
	return feed_wire(feed, w);
}

static void learn(struct feed *feed, uint32_t domain, uint16_t id, const uint16_t (*fields)[2])
{
	struct wire w;

	begin(&w, domain);
	put_template(&w, 2, id, fields);
	finish(feed, &w);
}

/* Feed one record (1, 2) under a template id. Return: flows that came of it. */
static size_t data(struct feed *feed, uint32_t domain, uint16_t id)
{
	struct wire w;

	begin(&w, domain);
	set_begin(&w, id);
	put(&w, 1, 4);
	put(&w, 2, 4);
	set_end(&w);
	return finish(feed, &w);
}

static void withdraw(struct feed *feed, uint32_t domain, uint16_t id)
{
	struct wire w;

	begin(&w, domain);
	set_begin(&w, 2);
	put(&w, id, 2);
	put(&w, 0, 2);
	set_end(&w);
	finish(feed, &w);
}

static void a_template_serves_all_ports_of_an_exporter(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	feed.sport = 61853;
	learn(&feed, 7, 256, bytes_first);
	feed.sport = 65156;
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_int_equal(feed.flows[0].bytes, 1);
	/* The same definition from another port is the same template. */
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(feed_stats(&feed)->templates, 1);
	feed_close(&feed);
}

static void a_port_that_disagrees_gets_its_own_template(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	feed.sport = 1000;
	learn(&feed, 7, 256, bytes_first);
	feed.sport = 2000;
	learn(&feed, 7, 256, packets_first);
	assert_int_equal(feed_stats(&feed)->templates, 2);
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_int_equal(feed.flows[0].packets, 1);
	feed.sport = 1000;
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_int_equal(feed.flows[0].bytes, 1);
	feed.sport = 3000;
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_int_equal(feed.flows[0].bytes, 1);
	/* Each port changes and takes back its own. */
	feed.sport = 2000;
	withdraw(&feed, 7, 256);
	assert_int_equal(feed_stats(&feed)->templates, 1);
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_int_equal(feed.flows[0].bytes, 1);
	withdraw(&feed, 7, 256); /* not its own any more: the general one stays */
	assert_int_equal(feed_stats(&feed)->templates, 1);
	feed.sport = 1000;
	learn(&feed, 7, 256, packets_first);
	assert_int_equal(feed_stats(&feed)->templates, 1);
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_int_equal(feed.flows[0].packets, 1);
	feed_close(&feed);
}

static void exporters_and_domains_share_nothing(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(data(&feed, 8, 256), 0);
	feed.sender = 2;
	assert_int_equal(data(&feed, 7, 256), 0);
	feed.sender = 1;
	/* Nor do the two protocols. */
	struct wire w = { 0 };
	put(&w, 9, 2);
	put_zeros(&w, 14);
	put(&w, 7, 4);
	set_begin(&w, 256);
	put_zeros(&w, 8);
	set_end(&w);
	feed.decoder = decoder_find("netflow9");
	assert_int_equal(feed_wire(&feed, &w), 0);
	assert_int_equal(feed.state->exporter_count, 4);
	feed_close(&feed);
}

static void waiting_data_are_read_by_the_template_that_is_theirs(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	feed.sport = 1000;
	data(&feed, 7, 256);
	feed.sport = 2000;
	data(&feed, 7, 256);
	/* The general template takes both. */
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(feed.count, 2);
	assert_int_equal(feed_stats(&feed)->held_decoded, 2);
	/* One port's own template takes that port's data and no others. */
	learn(&feed, 7, 256, packets_first);
	feed.sport = 1000;
	learn(&feed, 7, 256, bytes_first);
	feed.sport = 2000;
	withdraw(&feed, 7, 256);
	assert_int_equal(data(&feed, 7, 256), 0);
	feed.sport = 1000;
	learn(&feed, 7, 256, packets_first);
	assert_int_equal(feed.count, 0);
	feed.sport = 2000;
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(feed.count, 1);
	assert_int_equal(feed.flows[0].bytes, 1);
	feed_close(&feed);
}

static void data_that_waited_long_are_marked_as_late(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	data(&feed, 7, 256);
	feed.now_ns += HELD_LATE_NS / 2 + 1;
	data(&feed, 7, 256);
	feed.now_ns += HELD_LATE_NS / 2;
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(feed.count, 2);
	assert_true(feed.flows[0].late);
	assert_false(feed.flows[1].late);
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_false(feed.flows[0].late);
	/* A clock that was set back says nothing about how long they waited. */
	data(&feed, 7, 257);
	feed.now_ns -= 10 * HELD_LATE_NS;
	learn(&feed, 7, 257, bytes_first);
	assert_int_equal(feed.count, 1);
	assert_false(feed.flows[0].late);
	feed_close(&feed);
}

static void a_full_table_turns_newcomers_away(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	for (uint16_t id = 0; id < 34; id++) {
		feed.now_ns += NS_PER_S;
		learn(&feed, 7, 256 + id, bytes_first);
	}
	assert_int_equal(feed_stats(&feed)->templates, 32);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_FULL), 2);
	assert_int_equal(data(&feed, 7, 256 + 31), 1);
	assert_int_equal(data(&feed, 7, 256 + 32), 0);
	/* Those that nobody used for long make room. */
	feed.now_ns += TEMPLATE_IDLE_NS + 1;
	data(&feed, 7, 256 + 31);
	learn(&feed, 7, 256 + 32, bytes_first);
	assert_int_equal(feed_stats(&feed)->templates, 32);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_FULL), 2);
	assert_int_equal(data(&feed, 7, 256 + 31), 1);
	/* One that is withdrawn makes room as well. */
	withdraw(&feed, 7, 256 + 32);
	learn(&feed, 7, 900, bytes_first);
	assert_int_equal(data(&feed, 7, 900), 1);
	feed_close(&feed);
}

static void one_address_does_not_take_the_whole_table(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	decode_state_free(feed.state);
	feed.config.max_templates = 256;
	feed.state = decode_state_new(&feed.config, 7);
	/* One with data stays, whatever comes under its address. */
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(data(&feed, 7, 256), 1);
	for (uint16_t id = 300; id < 1300; id++) {
		feed.now_ns++;
		learn(&feed, 7 + id % 3, id, bytes_first);
	}
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_FULL), 1001 - 64);
	assert_int_equal(data(&feed, 7, 256), 1);
	/* Four such addresses fill the table, and a fifth finds room all the same. */
	for (feed.sender = 2; feed.sender <= 4; feed.sender++) {
		for (uint16_t id = 300; id < 400; id++)
			learn(&feed, 7, id, bytes_first);
	}
	uint64_t known = 0;
	for (unsigned i = 0; i < feed.state->exporter_count; i++)
		known += feed.state->exporters[i].stats.templates;
	assert_int_equal(known, 256);
	feed.sender = 5;
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(data(&feed, 7, 256), 1);
	feed.sender = 1;
	assert_int_equal(data(&feed, 7, 256), 1);
	feed_close(&feed);
}

static void of_templates_with_data_the_longest_unused_goes(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	decode_state_free(feed.state);
	feed.config.max_templates = 256;
	feed.state = decode_state_new(&feed.config, 7);
	for (uint16_t id = 256; id < 256 + 64; id++) {
		learn(&feed, 7, id, bytes_first);
		feed.now_ns++;
		assert_int_equal(data(&feed, 7, id), 1);
	}
	data(&feed, 7, 256);
	learn(&feed, 7, 900, bytes_first);
	assert_int_equal(data(&feed, 7, 256), 1);
	assert_int_equal(data(&feed, 7, 257), 0);
	assert_int_equal(data(&feed, 7, 258), 1);
	assert_int_equal(data(&feed, 7, 900), 1);
	feed_close(&feed);
}

static void a_table_without_room_keeps_nothing(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	decode_state_free(feed.state);
	feed.config.max_templates = 0;
	feed.config.max_held_bytes = 0;
	feed.state = decode_state_new(&feed.config, 7);
	assert_non_null(feed.state);
	data(&feed, 7, 256);
	assert_int_equal(feed_reason(&feed, REASON_NO_TEMPLATE), 1);
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(feed_reason(&feed, REASON_TEMPLATE_FULL), 1);
	feed_close(&feed);
}

static void held_data_are_bounded_by_bytes(void **state)
{
	struct feed feed;
	uint64_t before;

	(void)state;
	feed_open(&feed, "ipfix");
	/* Each takes 16 bytes with its lead; 8,192 are there. */
	for (unsigned i = 0; i < 600; i++)
		assert_int_equal(data(&feed, 7, 256), 0);
	before = feed_reason(&feed, REASON_NO_TEMPLATE);
	assert_int_equal(before, 600 - 512);
	assert_int_equal(feed_stats(&feed)->held, 600);
	/* One that can never fit is given up at once, and the others stay. */
	struct wire w;
	begin(&w, 7);
	set_begin(&w, 300);
	put_zeros(&w, 3000);
	set_end(&w);
	decode_state_free(feed.state);
	feed.config.max_held_bytes = 1000;
	feed.state = decode_state_new(&feed.config, 7);
	data(&feed, 7, 256);
	finish(&feed, &w);
	assert_int_equal(feed_reason(&feed, REASON_NO_TEMPLATE), 1);
	learn(&feed, 7, 256, bytes_first);
	assert_int_equal(feed.count, 1);
	feed_close(&feed);
}

/* Each set's records came out whole and in order: (round, 0), (round, 1), … */
static void check_runs(const struct feed *feed, unsigned kind)
{
	for (size_t i = 0; i < feed->count; i++) {
		const struct flow *flow = &feed->flows[i];
		assert_int_equal(flow->bytes % 5, kind);
		if (i == 0 || flow->bytes != flow[-1].bytes)
			assert_int_equal(flow->packets, 0);
		else
			assert_int_equal(flow->packets, flow[-1].packets + 1);
		bool last = i + 1 == feed->count || flow[1].bytes != flow->bytes;
		if (last)
			assert_int_equal(flow->packets, flow->bytes * 7 % 40);
	}
}

static void held_data_go_around_the_ring(void **state)
{
	struct feed feed;
	struct wire w;
	uint32_t total = 0;
	uint32_t decoded = 0;

	(void)state;
	feed_open(&feed, "ipfix");
	/* Sets of many sizes: every record must come out as it went in, or be counted. */
	for (unsigned round = 0; round < 2000; round++) {
		unsigned records = 1 + round * 7 % 40;
		begin(&w, 7);
		set_begin(&w, 256 + round % 5);
		for (unsigned i = 0; i < records; i++) {
			put(&w, round, 4);
			put(&w, i, 4);
		}
		set_end(&w);
		finish(&feed, &w);
		total++;
		if (round % 23 != 22)
			continue;
		uint16_t id = 256 + round % 5;
		learn(&feed, 7, id, bytes_first);
		check_runs(&feed, round % 5);
		decoded = (uint32_t)feed_stats(&feed)->held_decoded;
		withdraw(&feed, 7, id);
	}
	template_give_up(feed.state->templates);
	assert_true(decoded > 0);
	assert_int_equal(feed_stats(&feed)->held, total);
	assert_int_equal(decoded + feed_reason(&feed, REASON_NO_TEMPLATE), total);
	feed_close(&feed);
}

static void held_data_are_bounded_by_count(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	decode_state_free(feed.state);
	feed.config.max_held_bytes = 1 << 20;
	feed.state = decode_state_new(&feed.config, 7);
	for (unsigned i = 0; i < HELD_SETS + 5; i++)
		data(&feed, 7, 256);
	assert_int_equal(feed_reason(&feed, REASON_NO_TEMPLATE), 5);
	feed_close(&feed);
}

static void held_data_are_bounded_by_age(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	data(&feed, 7, 256);
	feed.now_ns += HELD_AGE_NS / 2;
	data(&feed, 7, 257);
	feed.now_ns += HELD_AGE_NS / 2 + 1;
	data(&feed, 7, 258);
	assert_int_equal(feed_reason(&feed, REASON_NO_TEMPLATE), 1);
	learn(&feed, 7, 257, bytes_first);
	assert_int_equal(feed.count, 1);
	/* A clock that is set back gives nothing up. */
	feed.now_ns -= 10 * HELD_AGE_NS;
	data(&feed, 7, 259);
	assert_int_equal(feed_reason(&feed, REASON_NO_TEMPLATE), 1);
	template_give_up(feed.state->templates);
	assert_int_equal(feed_reason(&feed, REASON_NO_TEMPLATE), 3);
	feed_close(&feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_serves_all_ports_of_an_exporter),
		cmocka_unit_test(a_port_that_disagrees_gets_its_own_template),
		cmocka_unit_test(exporters_and_domains_share_nothing),
		cmocka_unit_test(waiting_data_are_read_by_the_template_that_is_theirs),
		cmocka_unit_test(a_full_table_turns_newcomers_away),
		cmocka_unit_test(a_table_without_room_keeps_nothing),
		cmocka_unit_test(data_that_waited_long_are_marked_as_late),
		cmocka_unit_test(one_address_does_not_take_the_whole_table),
		cmocka_unit_test(of_templates_with_data_the_longest_unused_goes),
		cmocka_unit_test(held_data_are_bounded_by_bytes),
		cmocka_unit_test(held_data_go_around_the_ring),
		cmocka_unit_test(held_data_are_bounded_by_count),
		cmocka_unit_test(held_data_are_bounded_by_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
