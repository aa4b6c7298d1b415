/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sflow5: sFlow version 5 datagrams (sFlow.org, July 2004) become flows, one
 * for each flow sample, and interface counters.
 *
 *   bytes  datagram header, all big-endian
 *   4      version, 5
 *   4      type of the agent's address: 1 IPv4, 2 IPv6
 *   4, 16  agent's address
 *   4      sub-agent
 *   4      sequence, counts datagrams of the sub-agent
 *   4      uptime, ms
 *   4      number of samples, each: type, length, data
 *
 * Other versions are not read. Runs on the ingest thread that owns the state;
 * no clock, no allocation.
 */
#include "ingest/sflow5/sflow5.h"

#include "ingest/batch.h"

enum {
	SAMPLE_FLOW = 1,
	SAMPLE_COUNTERS = 2,
	SAMPLE_FLOW_EXPANDED = 3,
	SAMPLE_COUNTERS_EXPANDED = 4,
	SAMPLE_DISCARDED = 5,
	VERSION = 5,
	ITEM_HEADER = 8,
};

struct header {
	struct ip agent;
	uint32_t sub_agent;
	uint32_t sequence;
	uint32_t uptime_ms;
	uint32_t samples;
};

struct ip sflow_address_read(struct bytes *b)
{
	uint32_t type = bytes_be32(b);
	struct ip ip = { 0 };
	const uint8_t *at;

	switch (type) {
	case 0:
		break;
	case 1:
		at = bytes_take(b, 4);
		if (at)
			ip = ip_from_v4(at);
		break;
	case 2:
		at = bytes_take(b, 16);
		if (at)
			ip = ip_from_v6(at);
		break;
	default:
		b->failed = true;
	}
	return ip;
}

static int fail(enum reason reason)
{
	return -(int)reason - 1;
}

static int header_read(struct bytes *b, struct header *ret_header)
{
	struct header header;
	uint32_t version = bytes_be32(b);

	if (!b->failed && version != VERSION)
		return fail(REASON_VERSION);
	if (bytes_left(b) >= 4 && be32_at(b->at) != 1 && be32_at(b->at) != 2)
		return fail(REASON_VERSION);
	header.agent = sflow_address_read(b);
	header.sub_agent = bytes_be32(b);
	header.sequence = bytes_be32(b);
	header.uptime_ms = bytes_be32(b);
	header.samples = bytes_be32(b);
	if (b->failed)
		return fail(REASON_SHORT);
	*ret_header = header;
	return 0;
}

static int sample_decode(const struct sflow_context *context, struct sflow_item *item)
{
	switch (item->type) {
	case SAMPLE_FLOW:
	case SAMPLE_FLOW_EXPANDED:
		return sflow_flow_sample(context, &item->body, item->type == SAMPLE_FLOW_EXPANDED);
	case SAMPLE_COUNTERS:
	case SAMPLE_COUNTERS_EXPANDED:
		sflow_counter_sample(context, item->body, item->type == SAMPLE_COUNTERS_EXPANDED);
		return 0;
	case SAMPLE_DISCARDED:
		context->exporter->stats.discard_samples++;
		return 0;
	default:
		sflow_count(context, REASON_VERSION);
		return 0;
	}
}

static int sflow5_decode(struct decode_state *state, const struct datagram *datagram,
			 const struct flow_sink *sink)
{
	struct bytes b = bytes_of(datagram->data, datagram->len);
	struct header header;
	int r = header_read(&b, &header);
	int flows = 0;

	if (r < 0) {
		state->undecodable[-r - 1]++;
		return r;
	}
	struct exporter *exporter =
		exporter_of_agent(state, datagram, FLOW_SFLOW5, header.sub_agent, &header.agent);
	if (!exporter)
		return fail(REASON_EXPORTER_FULL);
	if (exporter_repeated(exporter, datagram, header.sequence))
		return 0;
	struct flow pattern;
	const struct sflow_context context = { state, exporter, datagram, sink, &pattern };

	flow_pattern(exporter, datagram, &pattern);
	pattern.agent = exporter->stats.agent;

	const struct sequence_mark mark = { .sequence = header.sequence,
					    .unit = SEQUENCE_DATAGRAMS,
					    .stamp_ms = header.uptime_ms,
					    .has_uptime = true,
					    .received_ns = datagram->received_ns };
	exporter_sequence(exporter, &mark);
	for (uint32_t i = 0; i < header.samples; i++) {
		struct sflow_item item;

		if (bytes_left(&b) == 0) {
			sflow_count(&context, REASON_COUNT);
			return flows;
		}
		if (!sflow_item_read(&b, &item)) {
			sflow_count(&context, REASON_SHORT);
			return flows;
		}
		flows += sample_decode(&context, &item);
	}
	if (bytes_left(&b) >= ITEM_HEADER)
		sflow_count(&context, REASON_COUNT);
	return flows;
}

/* The version could be the start of anything; the first sample must fit as well. */
static int sflow5_probe(const uint8_t *data, size_t len)
{
	struct bytes b = bytes_of(data, len);
	struct header header;
	struct sflow_item item;

	if (header_read(&b, &header) < 0)
		return 0;
	if (header.samples == 0)
		return bytes_left(&b) == 0 ? 60 : 20;
	if (header.samples > bytes_left(&b) / ITEM_HEADER)
		return 20;
	if (!sflow_item_read(&b, &item))
		return 40;
	return item.type >= SAMPLE_FLOW && item.type <= SAMPLE_DISCARDED ? 95 : 60;
}

const struct decoder decoder_sflow5 = {
	.name = "sflow5",
	.summary = "sFlow version 5",
	.source = FLOW_SFLOW5,
	.probe = sflow5_probe,
	.decode = sflow5_decode,
};
