/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode_ipfix: sampled packets in, IPFIX messages out (RFC 7011, 7012).
 *
 * A record: addresses, interfaces, packets, octets, flowStart- and flowEndMilliseconds, ports,
 * TCP flags, protocol, class of service, direction, ICMP type and code. An options template
 * whose scope is the observation domain announces the sampling rate as one packet taken (305)
 * and N - 1 left out (306). The sequence counts data records, options data among them.
 */
#include "base/clock.h"
#include "lab/flow_export.h"
#include "lab/put.h"

#define HEADER_LEN 16
#define V4_LEN     58
#define V6_LEN     82
#define DOMAIN     1
#define SCOPE      149
#define INTERVAL   305
#define SPACE      306

#define FIELDS 15

#define FIELDS_BEHIND                                                                          \
	{ 10, 4 }, { 14, 4 }, { 2, 8 }, { 1, 8 }, { 152, 8 }, { 153, 8 }, { 7, 2 }, { 11, 2 }, \
		{ 6, 1 }, { 4, 1 }, { 5, 1 },                                                  \
	{                                                                                      \
		61, 1                                                                          \
	}

static const uint16_t v4_fields[FIELDS][2] = { { 8, 4 }, { 12, 4 }, FIELDS_BEHIND, { 32, 2 } };
static const uint16_t v6_fields[FIELDS][2] = { { 27, 16 }, { 28, 16 }, FIELDS_BEHIND, { 139, 2 } };

static uint64_t clock_ns(const struct flow_export *export, uint64_t time_ns)
{
	return time_ns + (uint64_t) export->exporter.clock_offset_ns;
}

static void header(struct flow_export *export, uint64_t now_ns, size_t len)
{
	uint8_t *at = put16(put16(export->data, 10), (uint16_t)len);

	at = put32(at, (uint32_t)(clock_ns(export, now_ns) / NS_PER_S));
	put32(put32(at, export->sequence), DOMAIN);
}

static uint8_t *announce(struct flow_export *export, uint8_t *at, uint32_t rate)
{
	uint16_t options = (uint16_t)(EXPORT_OPTIONS + export->ids);
	uint8_t *set = at;

	at = put16(put16(at, 2), 0);
	at = put16(put16(at, (uint16_t)(EXPORT_TEMPLATE_V4 + export->ids)), FIELDS);
	at = flow_export_fields(at, v4_fields, FIELDS);
	at = put16(put16(at, (uint16_t)(EXPORT_TEMPLATE_V6 + export->ids)), FIELDS);
	at = flow_export_set_end(set, flow_export_fields(at, v6_fields, FIELDS));
	set = at;
	at = put16(put16(put16(put16(put16(at, 3), 0), options), 3), 1);
	at = put16(put16(at, SCOPE), 4);
	at = put16(put16(put16(put16(at, INTERVAL), 4), SPACE), 4);
	at = flow_export_set_end(set, at);
	set = at;
	at = put32(put16(put16(at, options), 0), DOMAIN);
	at = flow_export_set_end(set, put32(put32(at, 1), rate - 1));
	export->records = 4;
	export->units = 1;
	return at;
}

static uint8_t *record(const struct flow_export *export, uint8_t *at, const struct lab_flow *flow)
{
	bool icmp = flow->proto == 1 || flow->proto == 58;

	at = put_ip(put_ip(at, &flow->src), &flow->dst);
	at = put32(put32(at, flow->in_if), flow->out_if);
	at = put64(put64(at, flow->packets), flow->octets);
	at = put64(at, clock_ns(export, flow->first_ns) / NS_PER_MS);
	at = put64(at, clock_ns(export, flow->last_ns) / NS_PER_MS);
	at = put16(put16(at, flow->sport), flow->dport);
	at = put8(put8(at, flow->tcp_flags), flow->proto);
	at = put8(put8(at, flow->tos), 0);
	return put16(at, icmp ? flow->dport : 0);
}

static const struct flow_format format = {
	.port = 4739,
	.header_len = HEADER_LEN,
	.record_len = { V4_LEN, V6_LEN },
	.header = header,
	.announce = announce,
	.record = record,
	.counts_records = true,
};

static int ipfix_open(const struct lab_exporter *exporter, const struct lab_sink *sink,
		      void **ret_state)
{
	return flow_export_open(&format, exporter, sink, ret_state);
}

const struct lab_encoder lab_encoder_ipfix = {
	.mode = "ipfix",
	.port = 4739,
	.open = ipfix_open,
	.packet = flow_export_packet,
	.time = flow_export_time,
	.close = flow_export_close,
};
