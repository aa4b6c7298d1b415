/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/sflow5: samples in both forms, records, counters, sequences, hostile lengths. */
#include "check.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "ingest/state.h"

/* A datagram under construction. */
struct wire {
	uint8_t data[4096];
	size_t len;
};

/* What the sink was given. */
struct got {
	struct flow flows[16];
	size_t flow_count;
	struct interface_counters counters[4];
	size_t counter_count;
};

struct fixture {
	struct config config;
	struct decode_state *state;
	struct got got;
};

static void put8s(struct wire *wire, const void *data, size_t len)
{
	assert_true(wire->len + len <= sizeof(wire->data));
	memcpy(wire->data + wire->len, data, len);
	wire->len += len;
}

static void put32(struct wire *wire, uint32_t value)
{
	uint32_t be = htobe32(value);

	put8s(wire, &be, sizeof(be));
}

static void put64(struct wire *wire, uint64_t value)
{
	put32(wire, (uint32_t)(value >> 32));
	put32(wire, (uint32_t)value);
}

/* Type and a length to be filled in by item_end(). */
static size_t item_begin(struct wire *wire, uint32_t type)
{
	put32(wire, type);
	put32(wire, 0);
	return wire->len;
}

static void item_end(struct wire *wire, size_t begin)
{
	uint32_t len = htobe32((uint32_t)(wire->len - begin));

	memcpy(wire->data + begin - 4, &len, sizeof(len));
}

static struct wire datagram_of(uint32_t sub_agent, uint32_t sequence, uint32_t samples)
{
	struct wire wire = { .len = 0 };

	put32(&wire, 5);
	put32(&wire, 1);
	put8s(&wire, "\xc0\x00\x02\x07", 4); /* 192.0.2.7 */
	put32(&wire, sub_agent);
	put32(&wire, sequence);
	put32(&wire, 1000000 + sequence);
	put32(&wire, samples);
	return wire;
}

static size_t sample_begin(struct wire *wire, uint32_t sequence, uint32_t pool, uint32_t drops,
			   uint32_t records)
{
	size_t begin = item_begin(wire, 1);

	put32(wire, sequence);
	put32(wire, 3); /* interface 3 */
	put32(wire, 512);
	put32(wire, pool);
	put32(wire, drops);
	put32(wire, 3);
	put32(wire, 4);
	put32(wire, records);
	return begin;
}

/* 192.0.2.1 port 53 to 198.51.100.2 port 54321, 60 bytes, cut to 28; 18 bytes of Ethernet. */
static void put_header_record(struct wire *wire, uint32_t frame_len)
{
	static const uint8_t frame[] = { 2,    0,  0,    0,    0, 1,   2,   0,  0,   0,
					 0,    2,  0x81, 0,    0, 100, 8,   0, /* VLAN 100 */
					 0x45, 0,  0,    60,   0, 1,   0,   0,  64,  17,
					 0,    0,  192,  0,    2, 1,   198, 51, 100, 2,
					 0,    53, 0xd4, 0x31, 0, 40,  0,   0 };
	size_t begin = item_begin(wire, 1);

	put32(wire, 1);
	put32(wire, frame_len);
	put32(wire, 4);
	put32(wire, sizeof(frame));
	put8s(wire, frame, sizeof(frame));
	put8s(wire, "\0\0", -sizeof(frame) & 3);
	item_end(wire, begin);
}

static void put_ipv4_record(struct wire *wire)
{
	size_t begin = item_begin(wire, 3);

	put32(wire, 1344);
	put32(wire, 6);
	put8s(wire, "\xc0\x00\x02\x09\xc6\x33\x64\x08", 8);
	put32(wire, 443);
	put32(wire, 50000);
	put32(wire, 0x12);
	put32(wire, 0x20);
	item_end(wire, begin);
}

static void take_flows(void *self, struct flow *flows, size_t count)
{
	struct got *got = self;

	for (size_t i = 0; i < count; i++) {
		assert_true(got->flow_count < 16);
		got->flows[got->flow_count++] = flows[i];
	}
}

static void take_interface(void *self, const struct interface_counters *counters)
{
	struct got *got = self;

	assert_true(got->counter_count < 4);
	got->counters[got->counter_count++] = *counters;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->config.max_exporters = 4;
	f->config.max_templates = 1;
	f->state = decode_state_new(&f->config, 1);
	assert_non_null(f->state);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	decode_state_free(f->state);
	free(f);
	return 0;
}

/* Decodes exactly these bytes, so that ASan sees a read behind them; the sink starts empty. */
static int decode_from(struct fixture *f, const uint8_t *data, size_t len, const char *source)
{
	uint8_t *exact = malloc(len ? len : 1);
	const struct flow_sink sink = { take_flows, take_interface, &f->got };
	struct datagram datagram = { .data = exact, .len = len, .received_ns = 77 };

	assert_non_null(exact);
	memcpy(exact, data, len);
	assert_int_equal(ip_parse(source, &datagram.src), 0);
	f->got = (struct got){ .flow_count = 0 };
	int records = decode_datagram(f->state, decoder_find("sflow5"), &datagram, &sink);
	free(exact);
	assert_int_equal(records, f->got.flow_count);
	return records;
}

static int decode(struct fixture *f, const struct wire *wire)
{
	return decode_from(f, wire->data, wire->len, "203.0.113.1");
}

static const struct exporter_stats *stats(const struct fixture *f)
{
	assert_true(f->state->exporter_count > 0);
	return &f->state->exporters[0].stats;
}

static void assert_ip(const struct ip *ip, const char *text)
{
	char got[IP_TEXT_MAX];

	assert_string_equal(ip_format(ip, got), text);
}

static void a_sampled_header_becomes_a_flow(void **state)
{
	struct fixture *f = *state;
	struct wire wire = datagram_of(9, 1, 1);
	size_t begin = sample_begin(&wire, 1, 1000, 0, 1);

	put_header_record(&wire, 82);
	item_end(&wire, begin);
	assert_int_equal(decode(f, &wire), 1);
	const struct flow *flow = &f->got.flows[0];
	assert_ip(&flow->src, "192.0.2.1");
	assert_ip(&flow->dst, "198.51.100.2");
	assert_ip(&flow->agent, "192.0.2.7");
	assert_ip(&flow->exporter, "203.0.113.1");
	assert_int_equal(flow->sport, 53);
	assert_int_equal(flow->dport, 54321);
	assert_int_equal(flow->bytes, 82); /* the frame, as the agent says */
	assert_int_equal(flow->packets, 1);
	assert_int_equal(flow->sampling, 512);
	assert_int_equal(flow->sampling_source, SAMPLING_HEADER);
	assert_int_equal(flow->odid, 9);
	assert_int_equal(flow->in_if, 3);
	assert_int_equal(flow->out_if, 4);
	assert_int_equal(flow->vlan, 100);
	assert_int_equal(flow->start_ns, 77);
	assert_int_equal(flow->end_ns, 77);
	assert_int_equal(flow->source, FLOW_SFLOW5);
	assert_int_equal(flow->class, CLASS_UDP_ANSWER);
	assert_int_equal(flow->has & (FLOW_HAS_AGENT | FLOW_HAS_START | FLOW_HAS_IN_IF),
			 FLOW_HAS_AGENT | FLOW_HAS_START | FLOW_HAS_IN_IF);
}

static void the_header_wins_over_sampled_ipv4_in_all_but_the_length(void **state)
{
	struct fixture *f = *state;

	for (int header_first = 0; header_first < 2; header_first++) {
		struct wire wire = datagram_of(0, (uint32_t)header_first, 1);
		size_t begin = sample_begin(&wire, 1, 1000, 0, 2);

		if (header_first)
			put_header_record(&wire, 82);
		put_ipv4_record(&wire);
		if (!header_first)
			put_header_record(&wire, 82);
		item_end(&wire, begin);
		assert_int_equal(decode(f, &wire), 1);
		assert_int_equal(f->got.flows[0].bytes, 1344);
		assert_int_equal(f->got.flows[0].proto, 17);
		assert_ip(&f->got.flows[0].src, "192.0.2.1");
		assert_int_equal(f->got.flows[0].has & FLOW_HAS_TCP_FLAGS, 0);
	}
}

static void sampled_ip_records_become_flows(void **state)
{
	struct fixture *f = *state;
	struct wire wire = datagram_of(0, 1, 2);
	size_t begin = sample_begin(&wire, 1, 1000, 0, 1);

	put_ipv4_record(&wire);
	item_end(&wire, begin);
	begin = sample_begin(&wire, 2, 2000, 0, 1);
	size_t record = item_begin(&wire, 4);
	put32(&wire, 100);
	put32(&wire, 58);
	put8s(&wire, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	put8s(&wire, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	put32(&wire, 7);
	put32(&wire, 8);
	put32(&wire, 9);
	put32(&wire, 0);
	item_end(&wire, record);
	item_end(&wire, begin);
	assert_int_equal(decode(f, &wire), 2);
	const struct flow *v4 = &f->got.flows[0];
	assert_ip(&v4->src, "192.0.2.9");
	assert_ip(&v4->dst, "198.51.100.8");
	assert_int_equal(v4->sport, 443);
	assert_int_equal(v4->dport, 50000);
	assert_int_equal(v4->tcp_flags, 0x12);
	assert_int_equal(v4->tos, 0x20);
	assert_int_equal(v4->bytes, 1344);
	assert_int_equal(v4->class, CLASS_SYNACK);
	const struct flow *v6 = &f->got.flows[1];
	assert_ip(&v6->dst, "2001:db8::2");
	assert_int_equal(v6->proto, 58);
	assert_int_equal(v6->has & (FLOW_HAS_SPORT | FLOW_HAS_TCP_FLAGS), 0);
	assert_int_equal(v6->sport, 0);
}

static void extended_records_add_to_the_flow(void **state)
{
	struct fixture *f = *state;
	struct wire wire = datagram_of(0, 1, 1);
	size_t begin = sample_begin(&wire, 1, 1000, 0, 6);

	size_t record = item_begin(&wire, 1003);
	put32(&wire, 1);
	put8s(&wire, "\xc0\x00\x02\xfe", 4);
	put32(&wire, 64500); /* own */
	put32(&wire, 64501); /* source */
	put32(&wire, 64502); /* source peer */
	put32(&wire, 2);     /* segments */
	put32(&wire, 2);
	put32(&wire, 2);
	put32(&wire, 64510);
	put32(&wire, 64511);
	put32(&wire, 1);
	put32(&wire, 1);
	put32(&wire, 64512);
	put32(&wire, 0);
	put32(&wire, 100);
	item_end(&wire, record);
	record = item_begin(&wire, 1002);
	put32(&wire, 1);
	put8s(&wire, "\xc0\x00\x02\xfd", 4);
	put32(&wire, 24);
	put32(&wire, 16);
	item_end(&wire, record);
	record = item_begin(&wire, 1001);
	put32(&wire, 200);
	put32(&wire, 0);
	put32(&wire, 201);
	put32(&wire, 0);
	item_end(&wire, record);
	put_ipv4_record(&wire);
	record = item_begin(&wire, 4413 << 12 | 1); /* of an enterprise */
	put8s(&wire, "abcde", 5);
	item_end(&wire, record);
	put8s(&wire, "\0\0\0", 3);
	record = item_begin(&wire, 1036);
	put32(&wire, 1);
	item_end(&wire, record);
	item_end(&wire, begin);
	assert_int_equal(decode(f, &wire), 1);
	const struct flow *flow = &f->got.flows[0];
	assert_int_equal(flow->src_as, 64501);
	assert_int_equal(flow->dst_as, 64512);
	assert_ip(&flow->next_hop, "192.0.2.253"); /* the router knows better than the gateway */
	assert_int_equal(flow->vlan, 200);
}

static void expanded_samples_have_wide_interfaces(void **state)
{
	static const struct {
		uint32_t in_format, in_value, out_format, out_value, has;
	} cases[] = {
		{ 0, 0x40000001, 0, 2, FLOW_HAS_IN_IF | FLOW_HAS_OUT_IF },
		{ 0, 1, 1, 258, FLOW_HAS_IN_IF | FLOW_HAS_DROPPED },
		{ 0, 1, 2, 7, FLOW_HAS_IN_IF },
		{ 0, 0, 0, 0x3fffffff, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire wire = datagram_of(0, (uint32_t)i, 1);
		size_t begin = item_begin(&wire, 3);

		put32(&wire, 1);
		put32(&wire, 0);
		put32(&wire, 3);
		put32(&wire, 4096);
		put32(&wire, 0);
		put32(&wire, 0);
		put32(&wire, cases[i].in_format);
		put32(&wire, cases[i].in_value);
		put32(&wire, cases[i].out_format);
		put32(&wire, cases[i].out_value);
		put32(&wire, 1);
		put_ipv4_record(&wire);
		item_end(&wire, begin);
		assert_int_equal(decode(f, &wire), 1);
		const struct flow *flow = &f->got.flows[0];
		assert_int_equal(flow->sampling, 4096);
		assert_int_equal(flow->has & (FLOW_HAS_IN_IF | FLOW_HAS_OUT_IF | FLOW_HAS_DROPPED),
				 cases[i].has);
		if (cases[i].has & FLOW_HAS_IN_IF)
			assert_int_equal(flow->in_if, cases[i].in_value);
	}
}

static void a_discarded_packet_is_marked_in_the_plain_form_too(void **state)
{
	struct fixture *f = *state;
	struct wire wire = datagram_of(0, 1, 1);
	size_t begin = sample_begin(&wire, 1, 1000, 0, 1);
	uint32_t output = htobe32(0x40000000U | 258);

	put_ipv4_record(&wire);
	item_end(&wire, begin);
	memcpy(wire.data + begin + 24, &output, sizeof(output));
	assert_int_equal(decode(f, &wire), 1);
	assert_int_equal(f->got.flows[0].has & (FLOW_HAS_OUT_IF | FLOW_HAS_DROPPED),
			 FLOW_HAS_DROPPED);
}

static void counters_go_to_the_sink(void **state)
{
	struct fixture *f = *state;

	for (uint32_t expanded = 0; expanded < 2; expanded++) {
		struct wire wire = datagram_of(0, expanded, 1);
		size_t begin = item_begin(&wire, expanded ? 4 : 2);

		put32(&wire, 1);
		put32(&wire, expanded ? 0 : 3);
		if (expanded)
			put32(&wire, 3);
		put32(&wire, 2);
		size_t record = item_begin(&wire, 2); /* Ethernet counters */
		put32(&wire, 0);
		item_end(&wire, record);
		record = item_begin(&wire, 1);
		put32(&wire, 3);
		put32(&wire, 6);
		put64(&wire, 10000000000);
		put32(&wire, 1);
		put32(&wire, 3);
		put64(&wire, 1ULL << 40);
		put32(&wire, 10);
		put32(&wire, 20);
		put32(&wire, UINT32_MAX); /* not counted by this agent */
		put32(&wire, 1);
		put32(&wire, 2);
		put32(&wire, 3);
		put64(&wire, 1ULL << 41);
		put32(&wire, 100);
		put32(&wire, 200);
		put32(&wire, 300);
		put32(&wire, 1);
		put32(&wire, 2);
		put32(&wire, 0);
		item_end(&wire, record);
		item_end(&wire, begin);
		assert_int_equal(decode(f, &wire), 0);
		assert_int_equal(f->got.counter_count, 1);
		const struct interface_counters *c = &f->got.counters[0];
		assert_int_equal(c->if_index, 3);
		assert_int_equal(c->if_speed_bps, 10000000000);
		assert_int_equal(c->in_octets, 1ULL << 40);
		assert_int_equal(c->in_packets, 30);
		assert_int_equal(c->out_octets, 1ULL << 41);
		assert_int_equal(c->out_packets, 600);
		assert_int_equal(stats(f)->counter_samples, expanded + 1);
	}
}

/* Return: flows. */
static int try_sample(struct fixture *f, uint32_t datagram, uint32_t sequence, uint32_t pool,
		      uint32_t drops)
{
	struct wire wire = datagram_of(0, datagram, 1);
	size_t begin = sample_begin(&wire, sequence, pool, drops, 1);

	put_ipv4_record(&wire);
	item_end(&wire, begin);
	return decode(f, &wire);
}

static void decode_sample(struct fixture *f, uint32_t datagram, uint32_t sequence, uint32_t pool,
			  uint32_t drops)
{
	assert_int_equal(try_sample(f, datagram, sequence, pool, drops), 1);
}

/* Generic counters of interface @index. */
static void decode_counters(struct fixture *f, uint32_t datagram, uint32_t index, uint32_t in,
			    uint32_t out)
{
	struct wire wire = datagram_of(0, datagram, 1);
	size_t begin = item_begin(&wire, 2);

	put32(&wire, 1);
	put32(&wire, index);
	put32(&wire, 1);
	size_t record = item_begin(&wire, 1);
	put32(&wire, index);
	for (int i = 0; i < 7; i++)
		put32(&wire, 0);
	put32(&wire, in);
	for (int i = 0; i < 7; i++)
		put32(&wire, 0);
	put32(&wire, out);
	for (int i = 0; i < 5; i++)
		put32(&wire, 0);
	item_end(&wire, record);
	item_end(&wire, begin);
	f->got.counter_count = 0;
	assert_int_equal(decode(f, &wire), 0);
	assert_int_equal(f->got.counter_count, 1);
	assert_int_equal(f->got.counters[0].in_packets, in);
	assert_int_equal(f->got.counters[0].out_packets, out);
}

static void samples_are_held_against_counters(void **state)
{
	struct fixture *f = *state;
	const uint32_t index = 3;
	const uint32_t rate = 512;

	decode_sample(f, 1, 1, 0, 0);
	decode_counters(f, 2, index, 1000, 50);
	assert_int_equal(stats(f)->counted_in, 0);
	for (uint32_t i = 2; i < 12; i++)
		decode_sample(f, 1 + i, i, 0, 0);
	decode_counters(f, 13, index + 1, 77, 77); /* no samples of that one */
	decode_counters(f, 14, index, 6000, 70);
	assert_int_equal(stats(f)->counted_in, 5000);
	assert_int_equal(stats(f)->counted_out, 20);
	assert_int_equal(stats(f)->counted_estimate, 10 * rate);
	/* It began again: nothing to compare with, once. */
	decode_counters(f, 15, index, 10, 1);
	decode_counters(f, 16, index, 20, 2);
	assert_int_equal(stats(f)->counted_in, 5010);
	assert_int_equal(stats(f)->counted_estimate, 10 * rate);
}

static void lost_and_repeated_samples_are_counted(void **state)
{
	struct fixture *f = *state;

	decode_sample(f, 1, 10, 1000, 0);
	decode_sample(f, 2, 11, 2000, 0);
	decode_sample(f, 5, 16, 7000, 0);
	assert_int_equal(stats(f)->samples_expected, 7);
	assert_int_equal(stats(f)->samples_received, 3);
	decode_sample(f, 4, 14, 5000, 0);
	assert_int_equal(try_sample(f, 4, 14, 5000, 0), 0);
	assert_int_equal(stats(f)->samples_expected, 7);
	assert_int_equal(stats(f)->samples_received, 4);
	assert_int_equal(stats(f)->reordered, 1);
	assert_int_equal(stats(f)->repeated, 1);
	/* The pool is not measured by what came twice. */
	assert_int_equal(stats(f)->pool_samples, 3);
}

static void the_pool_is_followed_over_wraps_and_restarts(void **state)
{
	struct fixture *f = *state;

	decode_sample(f, 1, 10, UINT32_MAX - 99, 5); /* a start to count from */
	assert_int_equal(stats(f)->sample_pool, 0);
	assert_int_equal(stats(f)->pool_samples, 0);
	decode_sample(f, 2, 11, 412, 7);
	assert_int_equal(stats(f)->sample_pool, 512);
	assert_int_equal(stats(f)->pool_samples, 1);
	assert_int_equal(stats(f)->drops, 2);
	decode_sample(f, 4, 13, 1436, 7);
	decode_sample(f, 3, 12, 924, 7); /* late */
	assert_int_equal(stats(f)->sample_pool, 1536);
	assert_int_equal(stats(f)->pool_samples, 3);
	assert_int_equal(stats(f)->lost, 0);
	decode_sample(f, 5, 5000, 900000, 7);
	uint64_t pool = stats(f)->sample_pool;
	decode_sample(f, 6, 1, 100, 0); /* the data source began again */
	assert_int_equal(stats(f)->sample_pool, pool);
	assert_int_equal(stats(f)->drops, 2);
}

static void a_pool_that_is_not_kept_measures_nothing(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 1; i < 5; i++)
		decode_sample(f, i, i, 0, 0);
	assert_int_equal(stats(f)->sample_pool, 0);
	assert_int_equal(stats(f)->pool_samples, 0);
}

static void datagrams_are_counted_for_each_agent_and_sub_agent(void **state)
{
	struct fixture *f = *state;
	struct wire first = datagram_of(0, 100, 0);
	struct wire gap = datagram_of(0, 103, 0);
	struct wire other = datagram_of(1, 5000, 0);
	struct wire relayed = datagram_of(0, 9, 0);
	struct wire anew = datagram_of(0, 1, 0);

	assert_int_equal(decode(f, &first), 0);
	assert_int_equal(decode(f, &gap), 0);
	assert_int_equal(stats(f)->lost, 2);
	assert_int_equal(decode(f, &other), 0);
	relayed.data[11] = 99; /* the agent's last byte */
	assert_int_equal(decode(f, &relayed), 0);
	assert_int_equal(f->state->exporter_count, 3);
	assert_int_equal(stats(f)->lost, 2);
	assert_int_equal(stats(f)->restarts, 0);
	/* Uptime goes back to near zero: a restart, though the sequence is only a little back. */
	memset(anew.data + 20, 0, 4);
	assert_int_equal(decode(f, &anew), 0);
	assert_int_equal(stats(f)->restarts, 1);
	assert_int_equal(stats(f)->lost, 2);
	assert_int_equal(stats(f)->datagrams, 3);
}

static void samples_that_make_no_flow_are_counted(void **state)
{
	struct fixture *f = *state;
	struct wire wire = datagram_of(0, 1, 6);

	size_t begin = sample_begin(&wire, 1, 0, 0, 1); /* router data alone */
	size_t record = item_begin(&wire, 1002);
	put32(&wire, 0);
	put32(&wire, 0);
	put32(&wire, 0);
	item_end(&wire, record);
	item_end(&wire, begin);
	begin = sample_begin(&wire, 2, 0, 0, 1); /* ARP */
	record = item_begin(&wire, 1);
	put32(&wire, 1);
	put32(&wire, 64);
	put32(&wire, 4);
	put32(&wire, 16);
	put8s(&wire, "\2\0\0\0\0\1\2\0\0\0\0\2\x08\x06\0\1", 16);
	item_end(&wire, record);
	item_end(&wire, begin);
	begin = sample_begin(&wire, 3, 0, 0, 1); /* token ring */
	record = item_begin(&wire, 1);
	put32(&wire, 3);
	put32(&wire, 64);
	put32(&wire, 4);
	put32(&wire, 4);
	put32(&wire, 0);
	item_end(&wire, record);
	item_end(&wire, begin);
	begin = item_begin(&wire, 5); /* discarded packets */
	put32(&wire, 0);
	item_end(&wire, begin);
	begin = item_begin(&wire, 4413 << 12 | 2);
	put32(&wire, 0);
	item_end(&wire, begin);
	begin = sample_begin(&wire, 4, 0, 0, 1); /* a header longer than its record */
	record = item_begin(&wire, 1);
	put32(&wire, 1);
	put32(&wire, 64);
	put32(&wire, 4);
	put32(&wire, UINT32_MAX);
	put32(&wire, 0);
	item_end(&wire, record);
	item_end(&wire, begin);
	assert_int_equal(decode(f, &wire), 0);
	assert_int_equal(stats(f)->undecodable[REASON_FIELD], 1);
	assert_int_equal(stats(f)->undecodable[REASON_NOT_IP], 1);
	assert_int_equal(stats(f)->undecodable[REASON_LINK_TYPE], 1);
	assert_int_equal(stats(f)->undecodable[REASON_VERSION], 1);
	assert_int_equal(stats(f)->undecodable[REASON_LENGTH], 1);
	assert_int_equal(stats(f)->discard_samples, 1);
	assert_int_equal(stats(f)->records, 0);
}

static void hostile_counts_and_lengths_are_counted(void **state)
{
	struct fixture *f = *state;
	struct wire promises = datagram_of(0, 1, UINT32_MAX);
	struct wire too_long = datagram_of(0, 2, 2);
	struct wire trailing = datagram_of(0, 3, 0);
	struct wire version = datagram_of(0, 4, 0);

	assert_int_equal(decode(f, &promises), 0);
	assert_int_equal(stats(f)->undecodable[REASON_COUNT], 1);
	size_t begin = sample_begin(&too_long, 1, 0, 0, 1);
	put_ipv4_record(&too_long);
	item_end(&too_long, begin);
	put32(&too_long, 1);
	put32(&too_long, 0xfffffffd);
	assert_int_equal(decode(f, &too_long), 1); /* what came before is used */
	assert_int_equal(stats(f)->undecodable[REASON_SHORT], 1);
	put64(&trailing, 0);
	assert_int_equal(decode(f, &trailing), 0);
	assert_int_equal(stats(f)->undecodable[REASON_COUNT], 2);
	version.data[3] = 4;
	assert_int_equal(decode(f, &version), 0);
	assert_int_equal(f->state->undecodable[REASON_VERSION], 1);
	version.data[3] = 5;
	version.data[7] = 3; /* address type */
	assert_int_equal(decode(f, &version), 0);
	assert_int_equal(f->state->undecodable[REASON_VERSION], 2);
}

static void every_cut_of_a_datagram_is_safe(void **state)
{
	struct fixture *f = *state;
	struct wire wire = datagram_of(0, 1, 2);
	size_t begin = sample_begin(&wire, 1, 0, 0, 2);
	unsigned full = 0;

	put_header_record(&wire, 82);
	put_ipv4_record(&wire);
	item_end(&wire, begin);
	size_t first_ends = wire.len;
	begin = sample_begin(&wire, 1, 0, 0, 1);
	put_ipv4_record(&wire);
	item_end(&wire, begin);
	for (size_t len = 0; len <= wire.len; len++) {
		int flows = decode_from(f, wire.data, len, "203.0.113.1");
		assert_int_equal(flows, (len >= first_ends) + (len == wire.len));
		full += flows == 2;
	}
	assert_int_equal(full, 1);
	assert_int_equal(f->state->undecodable[REASON_SHORT], 28);
}

static void the_probe_knows_its_own(void **state)
{
	struct wire wire = datagram_of(0, 1, 1);
	struct wire empty = datagram_of(0, 1, 0);
	struct wire v5 = { .data = { 0, 5, 0, 1 }, .len = 72 };
	struct wire liar = datagram_of(0, 1, 1000);
	const struct decoder *decoder = decoder_find("sflow5");

	(void)state;
	size_t begin = sample_begin(&wire, 1, 0, 0, 1);
	put_ipv4_record(&wire);
	item_end(&wire, begin);
	assert_true(decoder->probe(wire.data, wire.len) >= 90);
	assert_true(decoder->probe(empty.data, empty.len) >= 50);
	assert_true(decoder->probe(liar.data, liar.len) < 50);
	assert_int_equal(decoder->probe(v5.data, v5.len), 0);
	assert_int_equal(decoder->probe(wire.data, 27), 0);
	assert_int_equal(decoder->probe(wire.data, 0), 0);
	assert_ptr_equal(decoder_probe(wire.data, wire.len), decoder_find("sflow5"));
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sampled_header_becomes_a_flow),
		TEST(the_header_wins_over_sampled_ipv4_in_all_but_the_length),
		TEST(sampled_ip_records_become_flows),
		TEST(extended_records_add_to_the_flow),
		TEST(expanded_samples_have_wide_interfaces),
		TEST(a_discarded_packet_is_marked_in_the_plain_form_too),
		TEST(counters_go_to_the_sink),
		TEST(samples_are_held_against_counters),
		TEST(lost_and_repeated_samples_are_counted),
		TEST(the_pool_is_followed_over_wraps_and_restarts),
		TEST(a_pool_that_is_not_kept_measures_nothing),
		TEST(datagrams_are_counted_for_each_agent_and_sub_agent),
		TEST(samples_that_make_no_flow_are_counted),
		TEST(hostile_counts_and_lengths_are_counted),
		TEST(every_cut_of_a_datagram_is_safe),
		TEST(the_probe_knows_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
