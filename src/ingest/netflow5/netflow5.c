/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netflow5: NetFlow version 5 datagrams in, flows out.
 *
 * The layout is Cisco's ("NetFlow Export Datagram Format", version 5); all
 * numbers are big-endian.
 *
 *   header, 24 bytes              record, 48 bytes
 *    0  2  version, 5              0  4  source address
 *    2  2  records that follow     4  4  destination address
 *    4  4  SysUptime, ms           8  4  next hop
 *    8  4  seconds since 1970     12  2  ingress interface
 *   12  4  and nanoseconds        14  2  egress interface
 *   16  4  flows sent before      16  4  packets
 *   20  1  engine type            20  4  bytes
 *   21  1  engine id              24  4  SysUptime of the first packet
 *   22  2  sampling: 2 bits mode, 28  4  SysUptime of the last packet
 *          14 bits 1:N            32  2  source port
 *                                 34  2  destination port
 *                                 37  1  TCP flags
 *                                 38  1  protocol
 *                                 39  1  ToS
 *                                 40  2  source AS
 *                                 42  2  destination AS
 *                                 44  2  prefix lengths
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "ingest/stamp.h"
#include "ingest/batch.h"

#define HEADER_LEN 24
#define RECORD_LEN 48
#define RECORD_HAS                                                                        \
	(FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_SPORT | FLOW_HAS_DPORT | FLOW_HAS_PROTO | \
	 FLOW_HAS_TCP_FLAGS | FLOW_HAS_BYTES | FLOW_HAS_PACKETS | FLOW_HAS_IN_IF |        \
	 FLOW_HAS_OUT_IF | FLOW_HAS_SRC_AS | FLOW_HAS_DST_AS | FLOW_HAS_TOS | FLOW_HAS_NEXT_HOP)
/* More never fit a datagram of an Ethernet's size. */
#define COUNT_MAX     30
#define SAMPLING_RATE 0x3fff
#define PROTO_ICMP    1

static int probe(const uint8_t *data, size_t len)
{
	if (len < HEADER_LEN || be16_at(data) != 5)
		return 0;
	size_t count = be16_at(data + 2);
	if (count >= 1 && HEADER_LEN + count * RECORD_LEN == len)
		return 95;
	/* The version alone: two bytes say little, but the right decoder counts what is wrong. */
	return 10;
}

static void read_record(const uint8_t *p, const struct stamp_base *base, struct flow *flow)
{
	flow->has = RECORD_HAS;
	flow->src = ip_from_v4(p);
	flow->dst = ip_from_v4(p + 4);
	flow->next_hop = ip_from_v4(p + 8);
	flow->in_if = be16_at(p + 12);
	flow->out_if = be16_at(p + 14);
	flow->packets = be32_at(p + 16);
	flow->bytes = be32_at(p + 20);
	flow->start_ns = stamp_uptime(base, be32_at(p + 24));
	flow->end_ns = stamp_uptime(base, be32_at(p + 28));
	flow->sport = be16_at(p + 32);
	flow->dport = be16_at(p + 34);
	flow->tcp_flags = p[37];
	flow->proto = p[38];
	flow->tos = p[39];
	flow->src_as = be16_at(p + 40);
	flow->dst_as = be16_at(p + 42);
	flow->has |= flow->start_ns ? FLOW_HAS_START : 0;
	flow->has |= flow->end_ns ? FLOW_HAS_END : 0;
	/* ICMP type and code stand in the destination port. */
	if (flow->proto == PROTO_ICMP) {
		flow->icmp_type = p[34];
		flow->icmp_code = p[35];
		flow->has |= FLOW_HAS_ICMP;
	}
}

static struct stamp_base header_times(const uint8_t *header)
{
	uint32_t nanoseconds = be32_at(header + 12);

	return (struct stamp_base){
		.export_ns =
			be32_at(header + 8) * NS_PER_S + (nanoseconds < NS_PER_S ? nanoseconds : 0),
		.uptime_ms = be32_at(header + 4),
		.has_uptime = true,
	};
}

/* The records to read; a contradiction between the header's count and the length is counted. */
static size_t check_count(struct exporter *exporter, size_t count, size_t len)
{
	size_t there = (len - HEADER_LEN) / RECORD_LEN;

	if (count != 0 && count * RECORD_LEN == len - HEADER_LEN)
		return count;
	exporter->stats.undecodable[REASON_COUNT]++;
	if (count <= there)
		return count;
	/* Cut short on the way; but a count that nobody sends says the header is no header. */
	return count <= COUNT_MAX ? there : 0;
}

/* One datagram. */
struct message5 {
	struct decode_state *state;
	struct exporter *exporter;
	const struct datagram *datagram;
	const struct stamp_base *base;
};

static void read_records(const struct message5 *message, const uint8_t *at, unsigned left)
{
	struct flow pattern;
	unsigned count;

	flow_pattern(message->exporter, message->datagram, &pattern);
	/* The mode bits are often zero although the rate is meant. */
	pattern.sampling = exporter_header_rate(
		message->exporter, be16_at(message->datagram->data + 22) & SAMPLING_RATE,
		message->datagram->received_ns);
	pattern.sampling_source = SAMPLING_HEADER;
	flow_settle_sampling(&pattern, message->exporter);
	for (; left; left -= count) {
		struct flow *flows = flow_begin_run(message->state, &pattern, left, &count);
		for (unsigned i = 0; i < count; i++, at += RECORD_LEN)
			read_record(at, message->base, &flows[i]);
		flow_commit_alike(message->state, message->exporter, count);
	}
}

static int decode(struct decode_state *state, const struct datagram *datagram,
		  const struct flow_sink *sink)
{
	const uint8_t *data = datagram->data;

	(void)sink;
	if (datagram->len < HEADER_LEN || be16_at(data) != 5) {
		enum reason reason = datagram->len < HEADER_LEN ? REASON_SHORT : REASON_VERSION;
		state->undecodable[reason]++;
		return -(int)reason - 1;
	}
	struct exporter *exporter = exporter_of(state, datagram, FLOW_NETFLOW5, be16_at(data + 20));
	if (!exporter)
		return -REASON_EXPORTER_FULL - 1;
	const struct stamp_base base = header_times(data);
	uint16_t announced = be16_at(data + 2);
	size_t count = check_count(exporter, announced, datagram->len);

	if (count == 0)
		return -REASON_COUNT - 1;
	if (exporter_repeated(exporter, datagram, be32_at(data + 16)))
		return 0;
	exporter_clock(exporter, &base, datagram->received_ns);
	const struct sequence_mark mark = { .sequence = be32_at(data + 16),
					    .records = announced,
					    .flows = announced,
					    .unit = SEQUENCE_FLOWS,
					    .stamp_ms = base.uptime_ms,
					    .has_uptime = true,
					    .received_ns = datagram->received_ns };
	exporter_sequence(exporter, &mark);
	const struct message5 message = { state, exporter, datagram, &base };
	read_records(&message, data + HEADER_LEN, (unsigned)count);
	return (int)count;
}

const struct decoder decoder_netflow5 = {
	.name = "netflow5",
	.summary = "NetFlow version 5",
	.source = FLOW_NETFLOW5,
	.probe = probe,
	.decode = decode,
};
