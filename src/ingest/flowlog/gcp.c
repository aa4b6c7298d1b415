/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcp: an entry of Google's VPC Flow Logs in, a flow out ("About VPC Flow Logs records").
 *
 * As Cloud Logging exports it, with the record below jsonPayload, or that record alone. 64-bit
 * numbers are strings there, or numbers. bytes_sent and packets_sent are Google's own estimates:
 * it samples packets and scales up. That some of the entries are not kept (the subnet's
 * `flow_sampling`) no entry says: the operator's `sampling` does.
 *
 * Source and destination may both report a flow (`reporter`): the first sees it as egress, the
 * other as ingress. The exporter is the project of the side that reports; gateways pass on what
 * others saw and are another.
 */
#include "base/clock.h"
#include "ingest/flowlog/parse.h"

/** The longest aggregation interval, for records without a start. */
#define INTERVAL_NS (900 * NS_PER_S)

/* Return: false where the key holds something that is no such number; absent is fine. */
static bool number(const json_t *object, const char *key, uint64_t most, uint64_t *ret_value,
		   bool *ret_there)
{
	const json_t *value = json_object_get(object, key);

	*ret_there = value && !json_is_null(value);
	if (!*ret_there)
		return true;
	if (json_is_string(value))
		return span_u64(json_span(object, key), most, ret_value);
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > most)
		return false;
	*ret_value = (uint64_t)json_integer_value(value);
	return true;
}

static bool take_connection(struct flow *flow, const json_t *connection)
{
	uint64_t sport = 0;
	uint64_t dport = 0;
	uint64_t proto = 0;
	bool there[3];

	if (!number(connection, "src_port", UINT16_MAX, &sport, &there[0]) ||
	    !number(connection, "dest_port", UINT16_MAX, &dport, &there[1]) ||
	    !number(connection, "protocol", UINT8_MAX, &proto, &there[2]))
		return false;
	flow->sport = (uint16_t)sport;
	flow->dport = (uint16_t)dport;
	flow->proto = (uint8_t)proto;
	flow->has |= (there[0] ? FLOW_HAS_SPORT : 0U) | (there[1] ? FLOW_HAS_DPORT : 0U) |
		     (there[2] ? FLOW_HAS_PROTO : 0U);
	return true;
}

static bool take_counters(struct flow *flow, const json_t *payload)
{
	bool there[2];

	if (!number(payload, "bytes_sent", UINT64_MAX, &flow->bytes, &there[0]) ||
	    !number(payload, "packets_sent", UINT64_MAX, &flow->packets, &there[1]))
		return false;
	flow->has |= (there[0] ? FLOW_HAS_BYTES : 0U) | (there[1] ? FLOW_HAS_PACKETS : 0U);
	return true;
}

static bool take_time(const json_t *payload, const char *key, uint64_t *ret_ns, bool *ret_there)
{
	const char *text = json_string_value(json_object_get(payload, key));

	*ret_there = text != NULL;
	return !text || time_parse(text, ret_ns) == 0;
}

static bool take_times(struct flow *flow, const json_t *payload)
{
	bool there[2];

	if (!take_time(payload, "start_time", &flow->start_ns, &there[0]) ||
	    !take_time(payload, "end_time", &flow->end_ns, &there[1]))
		return false;
	flow->has |= (there[0] ? FLOW_HAS_START : 0U) | (there[1] ? FLOW_HAS_END : 0U);
	return true;
}

/* "projects/NAME/logs/…" */
static struct span project_of_log(const json_t *entry)
{
	struct span rest = json_span(entry, "logName");
	struct span first = span_cut(&rest, '/');

	return span_is(first, "projects") ? span_cut(&rest, '/') : (struct span){ 0 };
}

static void take_identity(struct flowlog *log, const json_t *entry, const json_t *payload)
{
	const json_t *labels = json_object_get(json_object_get(entry, "resource"), "labels");
	const char *side = log->record.flow.egress ? "src_vpc" : "dest_vpc";
	struct span project = json_span(json_object_get(payload, side), "project_id");

	if (!project.len)
		project = json_span(labels, "project_id");
	if (!project.len)
		project = project_of_log(entry);
	record_identity(log, project);
}

void gcp_record(struct flowlog *log, const json_t *entry)
{
	const json_t *inside = json_object_get(entry, "jsonPayload");
	const json_t *payload = inside ? inside : entry;
	const json_t *connection = json_object_get(payload, "connection");
	struct flow *flow = record_begin(log, FLOW_GCP_VPC);
	struct span reporter = json_span(payload, "reporter");

	if (!span_ip(json_span(connection, "src_ip"), &flow->src) ||
	    !span_ip(json_span(connection, "dest_ip"), &flow->dst)) {
		flowlog_refuse(log, REASON_FIELD);
		return;
	}
	flow->has |= FLOW_HAS_SRC | FLOW_HAS_DST;
	if (!take_connection(flow, connection) || !take_counters(flow, payload) ||
	    !take_times(flow, payload)) {
		flowlog_refuse(log, REASON_VALUE);
		return;
	}
	flow->egress = reporter.len >= 3 && memcmp(reporter.at, "SRC", 3) == 0;
	log->record.least_ns = INTERVAL_NS;
	take_identity(log, entry, payload);
	if (reporter.len > 8 && memcmp(reporter.at + reporter.len - 8, "_GATEWAY", 8) == 0)
		record_view(log, " gateways");
	flowlog_emit(log);
}
