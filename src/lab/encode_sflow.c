/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode_sflow: sampled packets in, sFlow version 5 datagrams out (sFlow.org, July 2004).
 *
 * A flow sample (0:1) with one raw packet header (0:1) for each packet, and every 20 s a counter
 * sample (0:2) with generic interface counters (0:1) for each interface seen. A data source is
 * the interface that a packet came in by. What passed is told for the whole exporter; each sample
 * takes its part of it, so that pools and counters grow smoothly and their sums are right. One
 * thread; allocates at open.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "lab/encoder.h"
#include "lab/frame.h"
#include "lab/put.h"

enum {
	VERSION = 5,
	SAMPLE_FLOW = 1,
	SAMPLE_COUNTERS = 2,
	RECORD_HEADER = 1,
	RECORD_INTERFACE = 1,
	PROTOCOL_ETHERNET = 1,
	DATAGRAM_MAX = 1400,
	SAMPLES_MAX = 8,
	/* Behind type and length: what is fixed of a flow sample, of its record, of counters. */
	FLOW_FIXED = 32,
	HEADER_FIXED = 16,
	COUNTERS_LEN = 12 + 8 + 88,
	FLOW_MAX = 8 + FLOW_FIXED + 8 + HEADER_FIXED + 124,
	/* Interfaces kept apart; 2^n. */
	INTERFACES = 1024,
	INTERFACES_MAX = INTERFACES / 2,
	SETTLE_SAMPLES = 64,
	TYPE_ETHERNET = 6,
	FULL_DUPLEX = 1,
	UP_BOTH = 3,
};

#define HOLD_NS     NS_PER_S
#define COUNTERS_NS (20 * NS_PER_S)
#define SPEED_BPS   40000000000ULL
#define MAX_INDEX   0xffffffU

/* One interface, as data source and as what has counters. */
struct interface {
	bool used;
	uint32_t index;
	uint32_t sequence;
	uint32_t counter_sequence;
	uint32_t pool;
	uint64_t in_packets;
	uint64_t in_octets;
	uint64_t out_packets;
	uint64_t out_octets;
};

/* What passed, given out to samples. */
struct meter {
	int64_t owed;       /* passed, and not given to any sample yet; below 0: given too early */
	int64_t correction; /* so much of it goes with each sample */
};

struct sflow {
	struct lab_exporter exporter;
	struct lab_sink sink;
	uint8_t data[DATAGRAM_MAX];
	uint8_t *at;      /* where the next sample goes */
	unsigned samples; /* in the datagram */
	uint64_t first_ns;
	uint64_t now_ns;
	uint32_t sequence;
	uint64_t counters_ns; /* when they are sent next */
	uint64_t since;       /* samples since time went on */
	struct meter packets;
	struct meter octets;
	uint16_t order[INTERFACES_MAX]; /* slots, in the order in which they were seen */
	unsigned count;
	struct interface interfaces[INTERFACES];
};

static uint8_t *put_header(const struct sflow *s, uint8_t *at, uint64_t now_ns)
{
	const struct ip *agent = &s->exporter.address;

	at = put32(put32(at, VERSION), ip_is_v4(agent) ? 1 : 2);
	at = put32(put32(put_ip(at, agent), 0), s->sequence);
	at = put32(at, (uint32_t)((now_ns - s->exporter.boot_ns) / NS_PER_MS));
	return put32(at, s->samples);
}

static size_t header_len(const struct sflow *s)
{
	return ip_is_v4(&s->exporter.address) ? 28 : 40;
}

static void flush(struct sflow *s, uint64_t now_ns)
{
	if (s->samples == 0)
		return;
	s->sequence++;
	put_header(s, s->data, now_ns);
	size_t len = (size_t)(s->at - s->data);
	const struct lab_datagram datagram = { .time_ns = now_ns,
					       .exporter = &s->exporter.address,
					       .data = s->data,
					       .len = len,
					       .wire_len = len,
					       .port = lab_encoder_sflow.port };
	s->sink.datagram(s->sink.self, &datagram);
	s->at = s->data + header_len(s);
	s->samples = 0;
}

static void go_on(struct sflow *s, uint64_t now_ns)
{
	s->now_ns = now_ns;
	if (s->samples && now_ns - s->first_ns >= HOLD_NS)
		flush(s, now_ns);
}

/* Begin a sample of at most @len bytes, type and length included. */
static void sample_begin(struct sflow *s, uint64_t now_ns, size_t len)
{
	if (s->at + len > s->data + sizeof(s->data))
		flush(s, now_ns);
	if (s->samples == 0)
		s->first_ns = now_ns;
	s->samples++;
}

static void sample_end(struct sflow *s, uint64_t now_ns, uint8_t *at)
{
	s->at = at;
	if (s->samples == SAMPLES_MAX)
		flush(s, now_ns);
}

/* Interfaces beyond the limit share one entry, number 0. */
static struct interface *interface_of(struct sflow *s, uint32_t index)
{
	uint32_t slot = index * 0x9e3779b1U % INTERFACES;

	while (s->interfaces[slot].used && s->interfaces[slot].index != index)
		slot = (slot + 1) % INTERFACES;
	if (s->interfaces[slot].used)
		return &s->interfaces[slot];
	if (index != 0 && s->count >= INTERFACES_MAX - 1)
		return interface_of(s, 0);
	s->interfaces[slot] = (struct interface){ .used = true, .index = index };
	s->order[s->count++] = (uint16_t)slot;
	return &s->interfaces[slot];
}

/* A sample stands for @expected; what it gets is at least @least. */
static uint64_t meter_give(struct meter *meter, uint64_t expected, uint64_t least)
{
	int64_t give = (int64_t)expected + meter->correction;

	if (give < (int64_t)least)
		give = (int64_t)least;
	meter->owed -= give;
	return (uint64_t)give;
}

/* Spread what is owed over as many samples as the latest span had. */
static void meter_settle(struct meter *meter, uint64_t passed, uint64_t samples)
{
	meter->owed += (int64_t)passed;
	meter->correction =
		meter->owed / (int64_t)(samples > SETTLE_SAMPLES ? samples : SETTLE_SAMPLES);
}

/* Interface counters are those of frames. Return: the data source. */
static struct interface *account(struct sflow *s, const struct lab_packet *packet, size_t len)
{
	uint32_t rate = s->exporter.sampling;
	uint64_t packets = meter_give(&s->packets, rate, 1);
	uint64_t octets = meter_give(&s->octets, rate * len, packets);
	struct interface *in = interface_of(s, packet->in_if & MAX_INDEX);
	struct interface *out = interface_of(s, packet->out_if & MAX_INDEX);

	octets += packets * (FRAME_ETHERNET + FRAME_FCS);
	in->sequence++;
	in->pool += (uint32_t)packets;
	in->in_packets += packets;
	in->in_octets += octets;
	out->out_packets += packets;
	out->out_octets += octets;
	s->since++;
	return in;
}

/* The packet itself: at most 124 bytes, with padding. */
static uint8_t *put_frame(uint8_t *at, const struct lab_packet *packet, size_t *ret_len)
{
	uint8_t *begin = at + HEADER_FIXED;
	uint8_t *end =
		frame_ip(frame_ethernet(begin, frame_is_v4(packet) ? 4 : 6), packet, ret_len);
	size_t header = (size_t)(end - begin);
	size_t frame = *ret_len + FRAME_ETHERNET + FRAME_FCS;

	if (frame < FRAME_LEAST)
		frame = FRAME_LEAST;
	put32(put32(at, PROTOCOL_ETHERNET), (uint32_t)frame);
	put32(put32(at + 8, FRAME_FCS), (uint32_t)header);
	return put_zeros(end, -header & 3);
}

static void sflow_packet(void *state, const struct lab_packet *packet)
{
	struct sflow *s = state;
	size_t len;

	go_on(s, packet->time_ns);
	sample_begin(s, packet->time_ns, FLOW_MAX);
	uint8_t *sample = s->at;
	uint8_t *record = sample + 8 + FLOW_FIXED;
	uint8_t *end = put_frame(record + 8, packet, &len);
	const struct interface *in = account(s, packet, len);

	put32(put32(record, RECORD_HEADER), (uint32_t)(end - record - 8));
	uint8_t *at = put32(put32(sample, SAMPLE_FLOW), (uint32_t)(end - sample - 8));
	at = put32(put32(at, in->sequence), in->index);
	at = put32(at, lab_exporter_announced(&s->exporter, packet->time_ns));
	at = put32(put32(at, in->pool), 0);
	at = put32(put32(at, packet->in_if), packet->out_if);
	put32(at, 1);
	sample_end(s, packet->time_ns, end);
}

/* Octets and packets of one way; all are unicast, none discarded, in error or of another kind. */
static uint8_t *put_way(uint8_t *at, uint64_t octets, uint64_t packets)
{
	at = put32(put64(at, octets), (uint32_t)packets);
	return put_zeros(at, 5 * (size_t)4);
}

static void send_counters(struct sflow *s, uint64_t now_ns, struct interface *interface)
{
	sample_begin(s, now_ns, 8 + COUNTERS_LEN);
	uint8_t *at = put32(put32(s->at, SAMPLE_COUNTERS), COUNTERS_LEN);

	at = put32(put32(at, ++interface->counter_sequence), interface->index);
	at = put32(put32(put32(at, 1), RECORD_INTERFACE), COUNTERS_LEN - 12 - 8);
	at = put32(put32(at, interface->index), TYPE_ETHERNET);
	at = put32(put32(put64(at, SPEED_BPS), FULL_DUPLEX), UP_BOTH);
	at = put_way(at, interface->in_octets, interface->in_packets);
	at = put_way(at, interface->out_octets, interface->out_packets);
	sample_end(s, now_ns, at);
}

static void sflow_time(void *state, uint64_t now_ns, uint64_t pool, uint64_t octets)
{
	struct sflow *s = state;

	go_on(s, now_ns);
	meter_settle(&s->packets, pool, s->since);
	meter_settle(&s->octets, octets, s->since);
	s->since = 0;
	if (s->counters_ns == 0)
		s->counters_ns = now_ns + COUNTERS_NS;
	if (now_ns >= s->counters_ns) {
		s->counters_ns += COUNTERS_NS;
		for (unsigned i = 0; i < s->count; i++)
			if (s->interfaces[s->order[i]].index)
				send_counters(s, now_ns, &s->interfaces[s->order[i]]);
	}
}

static int sflow_open(const struct lab_exporter *exporter, const struct lab_sink *sink,
		      void **ret_state)
{
	struct sflow *s = exporter->sampling ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return exporter->sampling ? -ENOMEM : -EINVAL;
	s->exporter = *exporter;
	s->sink = *sink;
	s->at = s->data + header_len(s);
	*ret_state = s;
	return 0;
}

static void sflow_close(void *state)
{
	struct sflow *s = state;

	if (s)
		flush(s, s->now_ns);
	free(s);
}

const struct lab_encoder lab_encoder_sflow = {
	.mode = "sflow",
	.port = 6343,
	.open = sflow_open,
	.packet = sflow_packet,
	.time = sflow_time,
	.close = sflow_close,
};
