/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @NAME@: datagrams of an example protocol in, flows out.
 *
 * Runs on the ingest thread that owns the state, remembers nothing itself.
 * Implements: name the specification and its sections here, and what is left out.
 *
 *   offset  size  header
 *        0     2  version
 *        2     2  number of records
 *
 *   offset  size  record
 *        0     4  source address
 *        4     4  destination address
 *        8     4  packets
 *       12     4  bytes
 */
#include "base/bytes.h"
#include "ingest/decoder.h"
#include "ingest/state.h"

#define EXAMPLE_VERSION 0xfffe
#define RECORD_BYTES    16

/* 0 keeps the decoder out of play until it can tell its datagrams from all others. */
static int probe(const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	return 0;
}

static int refuse(struct exporter *exporter, enum reason reason)
{
	exporter->stats.undecodable[reason]++;
	return -(int)reason - 1;
}

static void decode_record(struct decode_state *state, struct exporter *exporter,
			  const struct datagram *datagram, const uint8_t *record)
{
	struct flow *flow = flow_begin(state, exporter, datagram);

	flow->src = ip_from_v4(record);
	flow->dst = ip_from_v4(record + 4);
	flow->packets = be32_at(record + 8);
	flow->bytes = be32_at(record + 12);
	flow->has = FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_PACKETS | FLOW_HAS_BYTES;
	flow_commit(state, exporter, 0, SAMPLING_UNKNOWN);
}

static int decode(struct decode_state *state, const struct datagram *datagram,
		  const struct flow_sink *sink)
{
	(void)sink;
	struct exporter *exporter = exporter_of(state, datagram, FLOW_PACKET, 0);
	if (!exporter)
		return -(int)REASON_EXPORTER_FULL - 1;

	struct bytes in = bytes_of(datagram->data, datagram->len);
	unsigned version = bytes_be16(&in);
	unsigned count = bytes_be16(&in);
	if (in.failed)
		return refuse(exporter, REASON_SHORT);
	if (version != EXAMPLE_VERSION)
		return refuse(exporter, REASON_VERSION);

	int records = 0;
	for (; count && bytes_left(&in) >= RECORD_BYTES; count--, records++)
		decode_record(state, exporter, datagram, bytes_take(&in, RECORD_BYTES));
	/* What the header promises beyond the end is counted; the whole records stay good. */
	if (count)
		exporter->stats.undecodable[REASON_COUNT]++;
	return records;
}

const struct decoder decoder_@NAME@ = {
	.name = "@NAME@",
	.summary = "an example protocol: say in one line what this decodes",
	.source = FLOW_PACKET,
	.probe = probe,
	.decode = decode,
};
