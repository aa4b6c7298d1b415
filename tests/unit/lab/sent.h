/* SPDX-License-Identifier: Apache-2.0 */
/* sent: what an encoder sent, kept to be decoded, and packets to give to it. */
#pragma once

#include "ingest/wire.h"
#include "lab/encoder.h"

#define SENT_MAX 4096

/** One datagram. */
struct sent_datagram {
	uint64_t time_ns;
	uint16_t port;
	size_t len;
	size_t wire_len;
	uint8_t data[1500];
};

/** All of them, in order. */
struct sent {
	struct sent_datagram *datagrams;
	size_t count;
};

static inline void sent_take(void *self, const struct lab_datagram *given)
{
	struct sent *sent = self;

	assert_true(sent->count < SENT_MAX);
	assert_true(given->len <= sizeof(sent->datagrams->data));
	if (sent->count)
		assert_true(given->time_ns >= sent->datagrams[sent->count - 1].time_ns);
	struct sent_datagram *datagram = &sent->datagrams[sent->count++];
	datagram->time_ns = given->time_ns;
	datagram->port = given->port;
	datagram->len = given->len;
	datagram->wire_len = given->wire_len;
	memcpy(datagram->data, given->data, given->len);
}

static inline void sent_open(struct sent *sent)
{
	sent->count = 0;
	sent->datagrams = calloc(SENT_MAX, sizeof(*sent->datagrams));
	assert_non_null(sent->datagrams);
}

static inline void sent_close(struct sent *sent)
{
	free(sent->datagrams);
}

static inline struct lab_sink sent_sink(struct sent *sent)
{
	return (struct lab_sink){ .datagram = sent_take, .self = sent };
}

/** Decode datagram @i. Return: its flows, which are in @feed. */
static inline size_t sent_feed(const struct sent *sent, size_t i, struct feed *feed)
{
	feed->now_ns = sent->datagrams[i].time_ns;
	return feed_bytes(feed, sent->datagrams[i].data, sent->datagrams[i].len);
}

/** When the tests' exporters do what they do. */
#define SENT_NOW_NS (WIRE_NOW_S * NS_PER_S)

static inline struct lab_exporter sent_exporter(void)
{
	return (struct lab_exporter){
		.address = ip_from_v4((const uint8_t[]){ 192, 0, 2, 1 }),
		.sampling = 1000,
		.active_timeout_ms = 60000,
		.inactive_timeout_ms = 15000,
		.cache_flows = 1000,
		.boot_ns = SENT_NOW_NS - 1000 * NS_PER_S,
		.template_every_ns = 60 * NS_PER_S,
	};
}

/** Packet @n of family @v4: TCP, UDP, ICMP in turn; every value depends on @n. */
static inline struct lab_packet sent_packet(unsigned n, bool v4, uint64_t time_ns)
{
	static const uint8_t protocols[] = { 6, 17, 1 };
	const uint8_t low = (uint8_t)(n % 250);
	struct lab_packet packet = {
		.time_ns = time_ns,
		.in_if = 1 + n % 3,
		.out_if = 100 + n % 5,
		.sport = (uint16_t)(1024 + n),
		.dport = (uint16_t)(443 + n % 7),
		.length = (uint16_t)(120 + n % 1000),
		.proto = protocols[n % 3],
		.ttl = (uint8_t)(40 + n % 20),
	};

	if (v4) {
		packet.src = ip_from_v4((const uint8_t[]){ 203, 0, 113, low });
		packet.dst = ip_from_v4((const uint8_t[]){ 198, 18, 1, low });
	} else {
		packet.src = ip_from_v6((const uint8_t[16]){ 0x24, 0, [14] = 113, [15] = low });
		packet.dst = ip_from_v6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = low });
	}
	if (packet.proto == 6)
		packet.tcp_flags = 0x18;
	if (packet.proto == 1) {
		packet.proto = v4 ? 1 : 58;
		packet.sport = packet.dport = v4 ? 0x0301 : 0x0104;
	}
	return packet;
}

/** Addresses, ports, protocol and interfaces of @flow are those of @packet. */
static inline void sent_same(const struct flow *flow, const struct lab_packet *packet)
{
	bool icmp = packet->proto == 1 || packet->proto == 58;

	assert_true(ip_equal(&flow->src, &packet->src));
	assert_true(ip_equal(&flow->dst, &packet->dst));
	assert_int_equal(flow->proto, packet->proto);
	assert_int_equal(flow->in_if, packet->in_if);
	assert_int_equal(flow->out_if, packet->out_if);
	if (icmp) {
		assert_true(flow->has & FLOW_HAS_ICMP);
		assert_int_equal(flow->icmp_type, packet->dport >> 8);
		assert_int_equal(flow->icmp_code, packet->dport & 255);
		return;
	}
	assert_int_equal(flow->sport, packet->sport);
	assert_int_equal(flow->dport, packet->dport);
	assert_int_equal(flow->tcp_flags, packet->tcp_flags);
}
