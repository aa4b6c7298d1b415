/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode_netflow9: sampled packets in, NetFlow version 9 datagrams out (RFC 3954).
 *
 * A record: addresses, interfaces, packets (8), octets (8), SysUptime of the first and of the
 * last packet, ports, TCP flags, protocol, class of service, direction. An options template of
 * scope "system" announces the sampling rate (34, 35). The sequence counts datagrams.
 */
#include "base/clock.h"
#include "lab/flow_export.h"
#include "lab/put.h"

#define HEADER_LEN   20
#define V4_LEN       48
#define V6_LEN       72
#define SCOPE_SYSTEM 1
#define SAMPLING     34
#define ALGORITHM    35
#define RANDOM       2

#define FIELDS 14

#define FIELDS_BEHIND                                                                        \
	{ 10, 4 }, { 14, 4 }, { 2, 8 }, { 1, 8 }, { 22, 4 }, { 21, 4 }, { 7, 2 }, { 11, 2 }, \
		{ 6, 1 }, { 4, 1 }, { 5, 1 },                                                \
	{                                                                                    \
		61, 1                                                                        \
	}

static const uint16_t v4_fields[FIELDS][2] = { { 8, 4 }, { 12, 4 }, FIELDS_BEHIND };
static const uint16_t v6_fields[FIELDS][2] = { { 27, 16 }, { 28, 16 }, FIELDS_BEHIND };

static uint32_t uptime_ms(const struct flow_export *export, uint64_t time_ns)
{
	/* Before it was switched on, as a long flow may: the number wraps, as RFC 3954 has it. */
	return (uint32_t)((int64_t)(time_ns - export->exporter.boot_ns) / (int64_t)NS_PER_MS);
}

static void header(struct flow_export *export, uint64_t now_ns, size_t len)
{
	uint64_t clock_ns = now_ns + (uint64_t) export->exporter.clock_offset_ns;
	uint8_t *at = put16(put16(export->data, 9), export->records);

	(void)len;
	at = put32(put32(at, uptime_ms(export, now_ns)), (uint32_t)(clock_ns / NS_PER_S));
	put32(put32(at, export->sequence), 0);
}

static uint8_t *announce(struct flow_export *export, uint8_t *at, uint32_t rate)
{
	uint16_t options = (uint16_t)(EXPORT_OPTIONS + export->ids);
	uint8_t *set = at;

	at = put16(put16(put32(at, 0), (uint16_t)(EXPORT_TEMPLATE_V4 + export->ids)), FIELDS);
	at = flow_export_fields(at, v4_fields, FIELDS);
	at = put16(put16(at, (uint16_t)(EXPORT_TEMPLATE_V6 + export->ids)), FIELDS);
	at = flow_export_set_end(set, flow_export_fields(at, v6_fields, FIELDS));
	set = at;
	at = put16(put16(put16(put16(put16(at, 1), 0), options), 4), 8);
	at = put16(put16(at, SCOPE_SYSTEM), 4);
	at = put16(put16(put16(put16(at, SAMPLING), 4), ALGORITHM), 1);
	at = flow_export_set_end(set, at);
	set = at;
	at = put32(put16(put16(at, options), 0), 0);
	at = flow_export_set_end(set, put8(put32(at, rate), RANDOM));
	export->records = 4;
	export->units = 1;
	return at;
}

static uint8_t *record(const struct flow_export *export, uint8_t *at, const struct lab_flow *flow)
{
	at = put_ip(put_ip(at, &flow->src), &flow->dst);
	at = put32(put32(at, flow->in_if), flow->out_if);
	at = put64(put64(at, flow->packets), flow->octets);
	at = put32(at, uptime_ms(export, flow->first_ns));
	at = put32(at, uptime_ms(export, flow->last_ns));
	at = put16(put16(at, flow->sport), flow->dport);
	at = put8(put8(at, flow->tcp_flags), flow->proto);
	return put8(put8(at, flow->tos), 0);
}

static const struct flow_format format = {
	.port = 2055,
	.header_len = HEADER_LEN,
	.record_len = { V4_LEN, V6_LEN },
	.header = header,
	.announce = announce,
	.record = record,
};

static int netflow9_open(const struct lab_exporter *exporter, const struct lab_sink *sink,
			 void **ret_state)
{
	return flow_export_open(&format, exporter, sink, ret_state);
}

const struct lab_encoder lab_encoder_netflow9 = {
	.mode = "netflow9",
	.port = 2055,
	.open = netflow9_open,
	.packet = flow_export_packet,
	.time = flow_export_time,
	.close = flow_export_close,
};
