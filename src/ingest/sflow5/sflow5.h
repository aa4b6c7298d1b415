/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sflow5: the parts of the decoder among themselves; for this folder only.
 *
 * sflow5.c reads the datagram, sample.c its flow samples, record.c the flow
 * records inside those, counters.c the counter samples.
 */
#pragma once

#include "base/bytes.h"
#include "ingest/decoder.h"
#include "ingest/state.h"

/** What the datagram says for all its samples. */
struct sflow_context {
	struct decode_state *state;
	struct exporter *exporter;
	const struct datagram *datagram;
	const struct flow_sink *sink;
	const struct flow *pattern; /**< of its flows */
};

/** One type, length and data, as samples and records are made of. */
struct sflow_item {
	uint32_t type;
	struct bytes body;
};

/** Count a part of a datagram that was not used. */
static inline void sflow_count(const struct sflow_context *context, enum reason reason)
{
	context->exporter->stats.undecodable[reason]++;
}

/** sflow_item_read() - the next item, padding stepped over. Return: false if it does not fit. */
static inline bool sflow_item_read(struct bytes *b, struct sflow_item *ret_item)
{
	uint32_t type = bytes_be32(b);
	uint32_t len = bytes_be32(b);
	const uint8_t *at = bytes_take(b, len);

	if (!at)
		return false;
	/* XDR fills up to four bytes; the last item may lack that. */
	size_t padding = -len & 3;
	b->at += padding < bytes_left(b) ? padding : bytes_left(b);
	ret_item->type = type;
	ret_item->body = bytes_of(at, len);
	return true;
}

/** sflow_address_read() - an address with its type before it; zero for unknown; fails @b else. */
struct ip sflow_address_read(struct bytes *b);

/**
 * sflow_flow_sample() - make a flow of one flow sample.
 * @b: its data; read from
 * @expanded: in the wide form
 *
 * Return: flows given on, 0 or 1; what was in the way is counted.
 */
int sflow_flow_sample(const struct sflow_context *context, struct bytes *b, bool expanded);

/** sflow_counter_sample() - give the interface counters of one counter sample to the sink. */
void sflow_counter_sample(const struct sflow_context *context, struct bytes b, bool expanded);

/**
 * sflow_records_read() - describe the sampled packet by all flow records of a sample.
 * @b: the records; read from
 * @count: how many there are said to be
 * @flow: from flow_begin()
 *
 * The sampled header wins over the sampled IPv4 and IPv6 records in all but the length,
 * whatever their order.
 * Return: 0, or -(enum reason) - 1 when they make no flow.
 */
int sflow_records_read(struct bytes *b, uint32_t count, struct flow *flow);
