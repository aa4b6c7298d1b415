/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/batch: slots that are used again show nothing of the flow before. */
#include "check.h"

#include "ingest/batch.h"
#include "wire.h"

/* src, dst, sport, dport, protocol, packets, bytes: a template without anything rare. */
static const uint16_t plain_fields[][2] = { { 8, 4 }, { 12, 4 }, { 7, 2 }, { 11, 2 },
					    { 4, 1 }, { 2, 4 },  { 1, 4 }, { 0, 0 } };
static const uint16_t icmp_fields[][2] = { { 8, 4 },   { 12, 4 }, { 4, 1 },  { 32, 2 },
					   { 52, 1 },  { 58, 2 }, { 15, 4 }, { 150, 4 },
					   { 151, 4 }, { 16, 4 }, { 0, 0 } };

/* An IPv4 packet of protocol 47 with an IPv4 packet inside: 20 + 4 + 20 + 4 bytes. */
static const uint8_t gre_packet[48] = {
	0x45, 0, 0, 48, 0, 0, 0, 0, 64, 47, 0, 0, 192, 0, 2,   7, 198, 51, 100, 7, 0, 0,  8, 0,
	0x45, 0, 0, 24, 0, 0, 0, 0, 64, 17, 0, 0, 203, 0, 113, 1, 203, 0,  113, 2, 0, 53, 0, 99,
};

static void message_begin(struct wire *w)
{
	*w = (struct wire){ 0 };
	put(w, 10, 2);
	put(w, 0, 2);
	put(w, WIRE_NOW_S, 4);
	put(w, 0, 4);
	put(w, 1, 4);
}

static void message_end(struct wire *w)
{
	w->data[2] = (uint8_t)(w->len >> 8);
	w->data[3] = (uint8_t)w->len;
}

/* Templates: 256 plain, 257 ICMP, 258 a biflow (RFC 5103), 259 a piece of the packet. */
static void teach(struct feed *feed)
{
	struct wire w;

	message_begin(&w);
	put_template(&w, 2, 256, plain_fields);
	put_template(&w, 2, 257, icmp_fields);
	set_begin(&w, 2);
	put(&w, 258, 2);
	put(&w, 4, 2);
	put(&w, 8 << 16 | 4, 4);
	put(&w, 12 << 16 | 4, 4);
	for (unsigned id = 1; id <= 2; id++) {
		put(&w, (0x8000 | id) << 16 | 8, 4);
		put(&w, 29305, 4);
	}
	set_end(&w);
	set_begin(&w, 2);
	put(&w, 259, 2);
	put(&w, 1, 2);
	put(&w, 313 << 16 | sizeof(gre_packet), 4);
	set_end(&w);
	message_end(&w);
	assert_int_equal(feed_wire(feed, &w), 0);
	assert_int_equal(feed_troubles(feed), 0);
}

static size_t feed_plain(struct feed *feed, unsigned count)
{
	struct wire w;

	message_begin(&w);
	set_begin(&w, 256);
	for (unsigned i = 0; i < count; i++) {
		put(&w, 0xc0000201 + i, 4);
		put(&w, 0xcb007101 + i, 4);
		put(&w, 50000, 2);
		put(&w, 443, 2);
		put(&w, 6, 1);
		put(&w, 3, 4);
		put(&w, 300, 4);
	}
	set_end(&w);
	message_end(&w);
	return feed_wire(feed, &w);
}

/* One flow with everything that is rare in each of the first slots of the batch. */
static void feed_rare(struct feed *feed, unsigned count)
{
	struct wire w;

	message_begin(&w);
	for (unsigned i = 0; i < count; i++) {
		set_begin(&w, (uint16_t)(257 + i % 3));
		if (i % 3 == 0) {
			put(&w, 0xc0000263, 4);
			put(&w, 0xcb007163, 4);
			put(&w, 1, 1);
			put(&w, 0x0303, 2);
			put(&w, 61, 1);
			put(&w, 99, 2);
			put(&w, 0xc0000201, 4);
			put(&w, WIRE_NOW_S - 90, 4);
			put(&w, WIRE_NOW_S - 60, 4);
			put(&w, 64500, 4);
		} else if (i % 3 == 1) {
			put(&w, 0xc0000264, 4);
			put(&w, 0xcb007164, 4);
			put(&w, 0x1111111111111111, 8);
			put(&w, 0x2222222222222222, 8);
		} else {
			put_bytes(&w, gre_packet, sizeof(gre_packet));
		}
		set_end(&w);
	}
	message_end(&w);
	assert_int_equal(feed_wire(feed, &w), count);
	assert_true(feed->flows[0].has & FLOW_HAS_ICMP);
	assert_true(feed->flows[0].next_hop.b[15] == 1 && feed->flows[0].vlan == 99);
	assert_true(feed->flows[0].begin_age_ms && feed->flows[0].src_as);
	assert_true(feed->flows[1].rev_packets == 0x2222222222222222);
	assert_true(feed->flows[2].has & FLOW_HAS_INNER);
	assert_int_equal(feed->flows[2].inner.dport, 99);
}

/* Member by member and the cold part by its bytes. */
static void assert_same_flow(const struct flow *a, const struct flow *b)
{
	struct text left = text_heap();
	struct text right = text_heap();

	flow_to_json(a, &left);
	flow_to_json(b, &right);
	assert_string_equal(text_string(&left), text_string(&right));
	assert_int_equal(a->begin_age_ms, b->begin_age_ms);
	assert_int_equal(a->vantage, b->vantage);
	assert_true(ip_equal(&a->next_hop, &b->next_hop) && ip_equal(&a->agent, &b->agent));
	assert_int_equal(a->ttl | a->vlan << 8, b->ttl | b->vlan << 8);
	assert_int_equal(a->icmp_type << 8 | a->icmp_code, b->icmp_type << 8 | b->icmp_code);
	assert_memory_equal(&a->rev_bytes, &b->rev_bytes,
			    sizeof(*a) - offsetof(struct flow, rev_bytes));
	text_done(&left);
	text_done(&right);
}

static void plain_flows_show_nothing_of_rare_ones(void **state)
{
	struct feed fresh;
	struct feed used;

	(void)state;
	feed_open(&fresh, "ipfix");
	feed_open(&used, "ipfix");
	teach(&fresh);
	teach(&used);
	assert_int_equal(feed_plain(&fresh, 9), 9);
	for (int round = 0; round < 3; round++) {
		feed_rare(&used, 9);
		assert_int_equal(feed_plain(&used, 9), 9);
		for (unsigned i = 0; i < 9; i++)
			assert_same_flow(&used.flows[i], &fresh.flows[i]);
	}
	feed_close(&used);
	feed_close(&fresh);
}

static void full_batches_are_cleaned_too(void **state)
{
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	teach(&feed);
	feed_rare(&feed, DECODE_BATCH + 2);
	assert_int_equal(feed_plain(&feed, DECODE_BATCH + 30), DECODE_BATCH + 30);
	for (unsigned i = 0; i < feed.count; i++) {
		const struct flow *flow = &feed.flows[i];
		assert_int_equal(flow->src.b[15], i + 1);
		assert_int_equal(flow->rev_bytes | flow->rev_packets | flow->inner.proto, 0);
		assert_false(flow->has & (FLOW_HAS_REVERSE | FLOW_HAS_INNER | FLOW_HAS_ICMP));
	}
	feed_close(&feed);
}

static void keep_last(void *self, struct flow *flows, size_t count)
{
	*(struct flow *)self = flows[count - 1];
}

/* A decoder may write to a flow and then give it up. */
static void given_up_flow_leaves_nothing(void **state)
{
	struct flow last;
	const struct flow_sink sink = { .flows = keep_last, .self = &last };
	const struct datagram datagram = { .received_ns = 1, .sport = 7 };
	struct feed feed;

	(void)state;
	feed_open(&feed, "ipfix");
	struct exporter *exporter = exporter_of(feed.state, &datagram, FLOW_IPFIX, 1);
	assert_non_null(exporter);
	feed.state->sink = &sink;
	struct flow *flow = flow_begin(feed.state, exporter, &datagram);
	memset(flow, 0xff, sizeof(*flow));
	flow = flow_begin(feed.state, exporter, &datagram);
	assert_int_equal(flow->inner.sport | flow->rev_bytes, 0);
	flow_commit(feed.state, exporter, 10, SAMPLING_HEADER);
	flow_flush(feed.state);
	assert_int_equal(last.sampling, 10);
	assert_int_equal(last.exporter_port, 7);
	assert_int_equal(last.bytes | last.ttl | last.inner.proto | last.rev_packets, 0);
	feed_close(&feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_flows_show_nothing_of_rare_ones),
		cmocka_unit_test(full_batches_are_cleaned_too),
		cmocka_unit_test(given_up_flow_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
