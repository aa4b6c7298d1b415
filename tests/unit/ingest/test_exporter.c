/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/exporter_table: shares of addresses, whose entry is re-used, what stays of it. */
#include "check.h"

#include "ingest/template.h"
#include "wire.h"

#define LIMIT 64

static const uint16_t fields[][2] = { { 1, 4 }, { 0, 0 } };

static void open_with(struct feed *feed, const struct config_exporter *list, size_t count)
{
	feed_open(feed, "netflow9");
	decode_state_free(feed->state);
	feed->config.max_exporters = LIMIT;
	feed->config.max_templates = 1024;
	feed->config.exporters = list;
	feed->config.exporter_count = count;
	feed->state = decode_state_new(&feed->config, 7);
	assert_non_null(feed->state);
}

static void begin(struct wire *w, uint32_t domain)
{
	w->len = 0;
	put(w, 9, 2);
	put_zeros(w, 14);
	put(w, domain, 4);
}

/* A header and nothing else, as anybody can send it. */
static void header(struct feed *feed, uint8_t sender, uint32_t domain)
{
	struct wire w;

	begin(&w, domain);
	feed->sender = sender;
	feed->now_ns++;
	assert_int_equal(feed_wire(feed, &w), 0);
}

/* Template and one record. Return: flows that came of it. */
static size_t record(struct feed *feed, uint8_t sender, uint32_t domain)
{
	struct wire w;

	begin(&w, domain);
	put_template(&w, 0, 256, fields);
	set_begin(&w, 256);
	put(&w, 5, 4);
	set_end(&w);
	feed->sender = sender;
	feed->now_ns++;
	return feed_wire(feed, &w);
}

/* Data without their template. */
static void early(struct feed *feed, uint8_t sender, uint32_t domain)
{
	struct wire w;

	begin(&w, domain);
	set_begin(&w, 256);
	put(&w, 5, 4);
	set_end(&w);
	feed->sender = sender;
	feed->now_ns++;
	feed_wire(feed, &w);
}

static const struct exporter_stats *stats_of(const struct feed *feed, uint8_t sender,
					     uint32_t domain)
{
	struct ip address = ip_from_v4((const uint8_t[]){ 192, 0, 2, sender });

	for (unsigned i = 0; i < feed->state->exporter_count; i++) {
		const struct exporter_stats *stats = &feed->state->exporters[i].stats;
		if (ip_equal(&stats->key.address, &address) && stats->key.odid == domain)
			return stats;
	}
	return NULL;
}

static unsigned entries_of(const struct feed *feed, uint8_t sender)
{
	unsigned count = 0;

	for (uint32_t domain = 0; domain < 5000; domain++)
		count += stats_of(feed, sender, domain) != NULL;
	return count;
}

static void headers_alone_do_not_keep_others_out(void **state)
{
	struct feed feed;

	(void)state;
	open_with(&feed, NULL, 0);
	assert_int_equal(record(&feed, 100, 1), 1);
	for (uint32_t i = 0; i < 2000; i++)
		header(&feed, (uint8_t)(1 + i % 8), i);
	assert_int_equal(feed.state->exporter_count, LIMIT);
	/* Who has given a record stays, and newcomers find room. */
	assert_int_equal(stats_of(&feed, 100, 1)->records, 1);
	for (uint8_t i = 101; i < 121; i++)
		assert_int_equal(record(&feed, i, 1), 1);
	for (uint32_t i = 0; i < 2000; i++)
		header(&feed, (uint8_t)(1 + i % 8), i);
	for (uint8_t i = 101; i < 121; i++)
		assert_int_equal(record(&feed, i, 1), 1);
	assert_int_equal(stats_of(&feed, 110, 1)->records, 2);
	assert_int_equal(feed_reason(&feed, REASON_EXPORTER_FULL), 0);
	assert_true(feed.state->gone.exporters > 3000);
	feed_close(&feed);
}

static void one_address_has_a_quarter_at_most(void **state)
{
	struct feed feed;

	(void)state;
	open_with(&feed, NULL, 0);
	for (uint32_t i = 0; i < 500; i++)
		header(&feed, 1, i);
	assert_int_equal(entries_of(&feed, 1), LIMIT / 4);
	assert_int_equal(feed.state->exporter_count, LIMIT / 4);
	/* Entries that have given records are not re-used by their own address. */
	for (uint32_t i = 1000; i < 1040; i++)
		record(&feed, 2, i);
	assert_int_equal(entries_of(&feed, 2), LIMIT / 4);
	assert_non_null(stats_of(&feed, 2, 1000));
	assert_int_equal(feed_reason(&feed, REASON_EXPORTER_FULL), 40 - LIMIT / 4);
	feed_close(&feed);
}

static void many_make_room_for_one_who_has_none(void **state)
{
	struct feed feed;

	(void)state;
	open_with(&feed, NULL, 0);
	decode_state_free(feed.state);
	feed.config.max_exporters = 100;
	feed.state = decode_state_new(&feed.config, 7);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(record(&feed, (uint8_t)(1 + i % 4), i), 1);
	assert_int_equal(feed.state->exporter_count, 100);
	assert_int_equal(record(&feed, 9, 0), 1);
	/* Two entries are not one: no room for the second. */
	assert_int_equal(record(&feed, 9, 1), 0);
	assert_int_equal(feed_reason(&feed, REASON_EXPORTER_FULL), 1);
	feed_close(&feed);
}

static void the_operators_list_comes_first(void **state)
{
	struct config_exporter mine = { .name = "mine" };
	struct feed feed;

	(void)state;
	mine.address = ip_from_v4((const uint8_t[]){ 192, 0, 2, 200 });
	open_with(&feed, &mine, 1);
	for (uint8_t i = 1; i <= LIMIT; i++)
		assert_int_equal(record(&feed, i, 1), 1);
	/* All have given records: no room for a stranger, but for whom the list names. */
	assert_int_equal(record(&feed, 150, 1), 0);
	assert_int_equal(feed_reason(&feed, REASON_EXPORTER_FULL), 1);
	header(&feed, 200, 1);
	assert_non_null(stats_of(&feed, 200, 1));
	/* A stranger never takes the place of one on the list, records or not. */
	for (uint8_t i = 151; i < 190; i++)
		record(&feed, i, 1);
	assert_non_null(stats_of(&feed, 200, 1));
	feed_close(&feed);
}

static void the_silent_make_room(void **state)
{
	struct feed feed;

	(void)state;
	open_with(&feed, NULL, 0);
	for (uint8_t i = 1; i <= LIMIT; i++)
		record(&feed, i, 1);
	feed.now_ns += EXPORTER_IDLE_NS;
	for (uint8_t i = 2; i <= LIMIT; i++)
		record(&feed, i, 1);
	feed.now_ns += LIMIT;
	/* Looks at a part each time: within a few datagrams it is found. */
	for (unsigned tries = 0; tries < LIMIT / 16; tries++)
		record(&feed, 100, 1);
	assert_non_null(stats_of(&feed, 100, 1));
	assert_null(stats_of(&feed, 1, 1));
	assert_int_equal(feed.state->gone.exporters, 1);
	feed_close(&feed);
}

static void an_entry_begins_anew_for_another(void **state)
{
	struct feed feed;

	(void)state;
	open_with(&feed, NULL, 0);
	early(&feed, 1, 0);
	uint32_t generation = stats_of(&feed, 1, 0)->generation;
	struct wire w;
	begin(&w, 0);
	put_template(&w, 0, 300, fields);
	put(&w, 256, 2);
	put(&w, 90, 2); /* a set that does not fit */
	feed_wire(&feed, &w);
	assert_int_equal(stats_of(&feed, 1, 0)->templates, 1);
	for (uint32_t i = 1; i < 20; i++)
		header(&feed, 1, i);
	assert_null(stats_of(&feed, 1, 0));
	assert_int_equal(feed.state->exporters[0].stats.generation, generation + 1);
	assert_int_equal(feed.state->exporters[0].stats.templates, 0);
	assert_int_equal(feed.state->exporters[0].stats.held, 0);
	/* What it counted stays, what waited for it is given up, and nobody else gets it. */
	assert_int_equal(feed.state->undecodable[REASON_SHORT], 1);
	assert_int_equal(feed.state->undecodable[REASON_NO_TEMPLATE], 1);
	uint32_t heir = feed.state->exporters[0].stats.key.odid;
	assert_int_equal(record(&feed, 1, heir), 1);
	assert_int_equal(record(&feed, 1, 0), 1);
	assert_int_equal(feed.flows[0].bytes, 5);
	decode_state_finish(feed.state);
	assert_int_equal(feed_reason(&feed, REASON_NO_TEMPLATE), 1);
	feed_close(&feed);
}

static void each_exporter_is_a_vantage_of_its_own(void **state)
{
	struct feed feed;
	uint32_t vantages[3];

	(void)state;
	open_with(&feed, NULL, 0);
	for (unsigned i = 0; i < 3; i++) {
		/* Two addresses, and another domain of the second. */
		assert_int_equal(record(&feed, i ? 2 : 1, i == 2), 1);
		vantages[i] = feed.flows[0].vantage;
		assert_int_equal(record(&feed, i ? 2 : 1, i == 2), 1);
		assert_int_equal(feed.flows[0].vantage, vantages[i]);
	}
	assert_int_not_equal(vantages[0], vantages[1]);
	assert_int_not_equal(vantages[1], vantages[2]);
	assert_int_not_equal(vantages[0], vantages[2]);
	feed_close(&feed);
}

/* Whatever comes in whatever order: everybody in the table is found again, and only once. */
static void the_table_stays_whole_under_churn(void **state)
{
	struct feed feed;
	uint32_t random = 1;

	(void)state;
	open_with(&feed, NULL, 0);
	for (unsigned i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		uint8_t sender = (uint8_t)(1 + (random >> 24) % 12);
		uint32_t domain = (random >> 8) % 40;
		if (random >> 16 & 7)
			header(&feed, sender, domain);
		else if (random >> 20 & 1)
			early(&feed, sender, domain);
		else
			record(&feed, sender, domain);
		feed.now_ns += NS_PER_S;
	}
	unsigned known = 0;
	for (uint8_t sender = 1; sender <= 12; sender++) {
		unsigned entries = entries_of(&feed, sender);
		assert_true(entries <= LIMIT / 4);
		known += entries;
	}
	assert_int_equal(known, feed.state->exporter_count);
	for (unsigned i = 0; i < feed.state->exporter_count; i++) {
		const struct exporter_stats *stats = &feed.state->exporters[i].stats;
		uint64_t before = stats->datagrams;
		uint64_t gone = feed.state->gone.exporters;
		uint8_t address[16];
		memcpy(address, &stats->key.address, sizeof(address));
		header(&feed, address[15], stats->key.odid);
		assert_int_equal(stats->datagrams, before + 1);
		assert_int_equal(feed.state->gone.exporters, gone);
	}
	feed_close(&feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_alone_do_not_keep_others_out),
		cmocka_unit_test(one_address_has_a_quarter_at_most),
		cmocka_unit_test(many_make_room_for_one_who_has_none),
		cmocka_unit_test(the_operators_list_comes_first),
		cmocka_unit_test(the_silent_make_room),
		cmocka_unit_test(an_entry_begins_anew_for_another),
		cmocka_unit_test(each_exporter_is_a_vantage_of_its_own),
		cmocka_unit_test(the_table_stays_whole_under_churn),
	};

	return cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
