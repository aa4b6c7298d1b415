/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netflow9: NetFlow version 9 datagrams in, flows out (RFC 3954).
 *
 * Here only the header; the sets are walked by ingest/message.h and understood
 * by the templates of ingest/template.h.
 *
 *    0  2  version, 9
 *    2  2  records that follow, of all kinds: not relied on, exporters differ
 *    4  4  SysUptime, ms
 *    8  4  seconds since 1970
 *   12  4  sequence number, counts datagrams
 *   16  4  source id
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "ingest/message.h"

#define HEADER_LEN 20

static const struct message_form form = {
	.template_set = 0,
	.options_set = 1,
	.scope_types = true,
	/* Palo Alto's firewalls do so. */
	.zero_fill = true,
};

static int probe(const uint8_t *data, size_t len)
{
	if (len < HEADER_LEN || be16_at(data) != 9)
		return 0;
	if (len < HEADER_LEN + 4)
		return 10;
	uint16_t id = be16_at(data + HEADER_LEN);
	uint16_t set_len = be16_at(data + HEADER_LEN + 2);
	bool likely = (id <= 1 || id >= 256) && set_len >= 4 && set_len <= len - HEADER_LEN;
	return likely ? 90 : 10;
}

static int decode(struct decode_state *state, const struct datagram *datagram,
		  const struct flow_sink *sink)
{
	const uint8_t *data = datagram->data;

	(void)sink;
	if (datagram->len < HEADER_LEN || be16_at(data) != 9) {
		enum reason reason = datagram->len < HEADER_LEN ? REASON_SHORT : REASON_VERSION;
		state->undecodable[reason]++;
		return -(int)reason - 1;
	}
	struct message message = {
		.state = state,
		.exporter = exporter_of(state, datagram, FLOW_NETFLOW9, be32_at(data + 16)),
		.datagram = datagram,
		.form = &form,
		.base = { .export_ns = be32_at(data + 8) * NS_PER_S,
			  .uptime_ms = be32_at(data + 4),
			  .has_uptime = true },
	};
	if (!message.exporter)
		return -REASON_EXPORTER_FULL - 1;
	exporter_clock(message.exporter, &message.base, datagram->received_ns);
	message.repeated = exporter_repeated(message.exporter, datagram, be32_at(data + 12));
	message_sets(&message, bytes_of(data + HEADER_LEN, datagram->len - HEADER_LEN),
		     data + datagram->len);
	const struct sequence_mark mark = { .sequence = be32_at(data + 12),
					    .records = message.units,
					    .flows = message.units - message.options,
					    .unit = SEQUENCE_DATAGRAMS,
					    .stamp_ms = message.base.uptime_ms,
					    .has_uptime = true,
					    .unread = message.incomplete,
					    .received_ns = datagram->received_ns };
	if (!message.repeated)
		exporter_sequence(message.exporter, &mark);
	return message.flows;
}

const struct decoder decoder_netflow9 = {
	.name = "netflow9",
	.summary = "NetFlow version 9 (RFC 3954)",
	.source = FLOW_NETFLOW9,
	.probe = probe,
	.decode = decode,
};
