/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_text: a flow as JSON, CSV or a line for people.
 *
 * Only what the exporter sent is written: an absent JSON field or an empty CSV
 * column means "not sent", never zero. Any thread; no allocation of its own.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/parse.h"
#include "model/flow.h"

/* The plain numeric fields, in output order; `width` is the member's size in bytes. */
struct field {
	const char *name;
	uint32_t has;
	uint16_t offset;
	uint16_t width;
};

#define FIELD(NAME, HAS, MEMBER)                                                             \
	{                                                                                    \
		NAME, HAS, offsetof(struct flow, MEMBER), sizeof(((struct flow *)0)->MEMBER) \
	}

static const struct field head_fields[] = {
	FIELD("sport", FLOW_HAS_SPORT, sport), FIELD("dport", FLOW_HAS_DPORT, dport),
	FIELD("proto", FLOW_HAS_PROTO, proto), FIELD("tcp_flags", FLOW_HAS_TCP_FLAGS, tcp_flags),
	FIELD("bytes", FLOW_HAS_BYTES, bytes), FIELD("packets", FLOW_HAS_PACKETS, packets),
};

static const struct field tail_fields[] = {
	FIELD("in_if", FLOW_HAS_IN_IF, in_if),
	FIELD("out_if", FLOW_HAS_OUT_IF, out_if),
	FIELD("src_as", FLOW_HAS_SRC_AS, src_as),
	FIELD("dst_as", FLOW_HAS_DST_AS, dst_as),
	FIELD("icmp_type", FLOW_HAS_ICMP, icmp_type),
	FIELD("icmp_code", FLOW_HAS_ICMP, icmp_code),
	FIELD("fragment", FLOW_HAS_FRAGMENT, fragment),
	FIELD("tos", FLOW_HAS_TOS, tos),
	FIELD("ttl", FLOW_HAS_TTL, ttl),
	FIELD("vlan", FLOW_HAS_VLAN, vlan),
	FIELD("rev_bytes", FLOW_HAS_REVERSE, rev_bytes),
	FIELD("rev_packets", FLOW_HAS_REVERSE, rev_packets),
};

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static uint64_t field_value(const struct flow *flow, const struct field *field)
{
	const char *at = (const char *)flow + field->offset;

	switch (field->width) {
	case 1:
		return *(const uint8_t *)at;
	case 2:
		return *(const uint16_t *)(const void *)at;
	case 4:
		return *(const uint32_t *)(const void *)at;
	default:
		return *(const uint64_t *)(const void *)at;
	}
}

static void put_fields(const struct flow *flow, struct jsonw *w, const struct field *fields,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (flow->has & fields[i].has)
			jsonw_u64(w, fields[i].name, field_value(flow, &fields[i]));
	}
}

static void put_inner(const struct flow *flow, struct jsonw *w)
{
	const struct flow_inner *inner = &flow->inner;

	jsonw_object(w, "inner");
	jsonw_string(w, "tunnel", tunnel_name(inner->tunnel));
	jsonw_ip(w, "src", &inner->src);
	jsonw_ip(w, "dst", &inner->dst);
	jsonw_u64(w, "sport", inner->sport);
	jsonw_u64(w, "dport", inner->dport);
	jsonw_u64(w, "proto", inner->proto);
	jsonw_u64(w, "tcp_flags", inner->tcp_flags);
	jsonw_object_end(w);
}

static void put_origin(const struct flow *flow, struct jsonw *w)
{
	if (flow->source != FLOW_PACKET)
		jsonw_ip(w, "exporter", &flow->exporter);
	if (flow->has & FLOW_HAS_AGENT)
		jsonw_ip(w, "agent", &flow->agent);
	if (flow->source != FLOW_PACKET)
		jsonw_u64(w, "odid", flow->odid);
	jsonw_string(w, "proto_version", flow_source_name(flow->source));
}

void flow_to_json(const struct flow *flow, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	put_origin(flow, &w);
	if (flow->has & FLOW_HAS_SRC)
		jsonw_ip(&w, "src", &flow->src);
	if (flow->has & FLOW_HAS_DST)
		jsonw_ip(&w, "dst", &flow->dst);
	put_fields(flow, &w, head_fields, COUNT(head_fields));
	if (flow->has & FLOW_HAS_START)
		jsonw_time(&w, "start", flow->start_ns);
	if (flow->has & FLOW_HAS_END)
		jsonw_time(&w, "end", flow->end_ns);
	jsonw_time(&w, "received", flow->received_ns);
	if (flow->sampling) {
		jsonw_u64(&w, "sampling", flow->sampling);
		jsonw_string(&w, "sampling_source", sampling_source_name(flow->sampling_source));
	}
	put_fields(flow, &w, tail_fields, COUNT(tail_fields));
	if (flow->has & FLOW_HAS_NEXT_HOP)
		jsonw_ip(&w, "next_hop", &flow->next_hop);
	if (flow->has & FLOW_HAS_DROPPED)
		jsonw_bool(&w, "dropped", true);
	if (flow->has & FLOW_HAS_INNER)
		put_inner(flow, &w);
	jsonw_object_end(&w);
}

static void put_csv_ip(struct text *out, bool present, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (present)
		text_add(out, ip_format(ip, text));
	text_add_n(out, ",", 1);
}

static void put_csv_time(struct text *out, bool present, uint64_t time_ns)
{
	char text[TIME_TEXT_MAX];

	if (present)
		text_add(out, time_format(time_ns, text));
	text_add_n(out, ",", 1);
}

static void put_csv_fields(const struct flow *flow, struct text *out, const struct field *fields,
			   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (flow->has & fields[i].has)
			text_add_u64(out, field_value(flow, &fields[i]));
		text_add_n(out, ",", 1);
	}
}

void flow_csv_header(struct text *out)
{
	text_add(out, "exporter,odid,proto_version,src,dst,");
	for (size_t i = 0; i < COUNT(head_fields); i++)
		text_addf(out, "%s,", head_fields[i].name);
	text_add(out, "start,end,received,");
	for (size_t i = 0; i < COUNT(tail_fields); i++)
		text_addf(out, "%s,", tail_fields[i].name);
	text_add(out, "next_hop,sampling\n");
}

void flow_to_csv(const struct flow *flow, struct text *out)
{
	bool exported = flow->source != FLOW_PACKET;

	put_csv_ip(out, exported, &flow->exporter);
	if (exported)
		text_add_u64(out, flow->odid);
	text_addf(out, ",%s,", flow_source_name(flow->source));
	put_csv_ip(out, flow->has & FLOW_HAS_SRC, &flow->src);
	put_csv_ip(out, flow->has & FLOW_HAS_DST, &flow->dst);
	put_csv_fields(flow, out, head_fields, COUNT(head_fields));
	put_csv_time(out, flow->has & FLOW_HAS_START, flow->start_ns);
	put_csv_time(out, flow->has & FLOW_HAS_END, flow->end_ns);
	put_csv_time(out, true, flow->received_ns);
	put_csv_fields(flow, out, tail_fields, COUNT(tail_fields));
	put_csv_ip(out, flow->has & FLOW_HAS_NEXT_HOP, &flow->next_hop);
	if (flow->sampling)
		text_add_u64(out, flow->sampling);
	text_add_n(out, "\n", 1);
}

static void put_endpoint(struct text *out, const struct ip *ip, uint32_t has_port, uint16_t port)
{
	char text[IP_TEXT_MAX];
	char both[IP_TEXT_MAX + 10];

	ip_format(ip, text);
	if (has_port)
		snprintf(both, sizeof(both), ip_is_v4(ip) ? "%s:%u" : "[%s]:%u", text, port);
	else
		snprintf(both, sizeof(both), "%s", text);
	text_addf(out, "%-22s", both);
}

void flow_to_text(const struct flow *flow, struct text *out)
{
	char time[TIME_TEXT_MAX];
	char packets[32];
	char bytes[32];
	uint64_t at = flow->has & FLOW_HAS_START ? flow->start_ns : flow->received_ns;

	text_addf(out, "%s  ", time_format(at, time));
	put_endpoint(out, &flow->src, flow->has & FLOW_HAS_SPORT, flow->sport);
	text_add(out, " -> ");
	put_endpoint(out, &flow->dst, flow->has & FLOW_HAS_DPORT, flow->dport);
	text_addf(out, "  proto %-3u %-13s %10s packets %10s", flow->proto, class_name(flow->class),
		  quantity_format(flow->packets, QUANTITY_COUNT, packets),
		  quantity_format(flow->bytes, QUANTITY_BYTES, bytes));
	if (flow->sampling)
		text_addf(out, "  sampled 1:%" PRIu32, flow->sampling);
	else
		text_add(out, "  sampling unknown");
	text_add_n(out, "\n", 1);
}
