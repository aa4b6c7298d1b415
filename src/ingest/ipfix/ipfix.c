/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix: IPFIX messages over UDP in, flows out (RFC 7011).
 *
 * Here only the message header; the sets are walked by ingest/message.h and
 * understood by the templates of ingest/template.h. One datagram holds one
 * message.
 *
 *    0  2  version, 10
 *    2  2  length of the message
 *    4  4  export time, seconds since 1970
 *    8  4  data records sent before, in this domain
 *   12  4  observation domain
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "ingest/message.h"

#define HEADER_LEN 16

static const struct message_form form = {
	.template_set = 2,
	.options_set = 3,
	.enterprise = true,
	.withdrawal = true,
};

static int probe(const uint8_t *data, size_t len)
{
	if (len < HEADER_LEN || be16_at(data) != 10)
		return 0;
	return be16_at(data + 2) == len ? 95 : 10;
}

/* Where the message ends by its own length; a contradiction to the datagram's is counted. */
static const uint8_t *message_end(struct message *message, size_t len)
{
	const struct datagram *datagram = message->datagram;

	if (len != datagram->len)
		message_count(message, len > datagram->len ? REASON_SHORT : REASON_LENGTH);
	return datagram->data + (len < datagram->len ? len : datagram->len);
}

static int decode(struct decode_state *state, const struct datagram *datagram,
		  const struct flow_sink *sink)
{
	const uint8_t *data = datagram->data;

	(void)sink;
	if (datagram->len < HEADER_LEN || be16_at(data) != 10) {
		enum reason reason = datagram->len < HEADER_LEN ? REASON_SHORT : REASON_VERSION;
		state->undecodable[reason]++;
		return -(int)reason - 1;
	}
	struct message message = {
		.state = state,
		.exporter = exporter_of(state, datagram, FLOW_IPFIX, be32_at(data + 12)),
		.datagram = datagram,
		.form = &form,
		.base = { .export_ns = be32_at(data + 4) * NS_PER_S },
	};
	if (!message.exporter)
		return -REASON_EXPORTER_FULL - 1;
	message.base.init_ns = message.exporter->system_init_ns;
	exporter_clock(message.exporter, &message.base, datagram->received_ns);
	message.repeated = exporter_repeated(message.exporter, datagram, be32_at(data + 8));
	message_sets(&message, bytes_of(data + HEADER_LEN, datagram->len - HEADER_LEN),
		     message_end(&message, be16_at(data + 2)));
	const struct sequence_mark mark = { .sequence = be32_at(data + 8),
					    .records = message.units,
					    .stamp_ms = be32_at(data + 4) * 1000,
					    .flows = message.units - message.options,
					    .unit = SEQUENCE_RECORDS,
					    .unread = message.incomplete,
					    .received_ns = datagram->received_ns };
	if (!message.repeated)
		exporter_sequence(message.exporter, &mark);
	return message.flows;
}

const struct decoder decoder_ipfix = {
	.name = "ipfix",
	.summary = "IPFIX over UDP (RFC 7011)",
	.source = FLOW_IPFIX,
	.probe = probe,
	.decode = decode,
};
