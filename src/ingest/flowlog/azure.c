/* SPDX-License-Identifier: Apache-2.0 */
/*
 * azure: a record of an Azure flow log in, a flow for each of its tuples out.
 *
 * "Flow logs for network security groups" (NetworkSecurityGroupFlowEvent, versions 1 and 2) and
 * "Virtual network flow logs" (FlowLogFlowEvent, version 4), Azure Network Watcher. A tuple is
 *
 *   group, v1  time, src, dst, sport, dport, T|U, I|O, A|D
 *   group, v2  ... and B|C|E, packets, bytes of the flow; packets, bytes of the answer
 *   network    time in ms, src, dst, sport, dport, protocol number, I|O, B|C|E|D, encryption,
 *              packets, bytes of the flow; packets, bytes of the answer
 *
 * Counts are since the former tuple of the same flow (B begins it and has none), five minutes at
 * most. A tuple says when it was written, not when it began: a flow has an end and no start.
 *
 * The exporter is the resource the log is about. A subnet's group and an interface's group may
 * both report a flow, and so may two virtual networks.
 */
#include <ctype.h>

#include "base/clock.h"
#include "ingest/flowlog/parse.h"

/** Flows that go on are reported so often. */
#define INTERVAL_NS (300 * NS_PER_S)

/** The pieces of a tuple. */
enum { AT_TIME, AT_SRC, AT_DST, AT_SPORT, AT_DPORT, AT_PROTO, AT_WAY, AT_STATE };

#define PIECES_MAX 13

/** Where the rest of a tuple stands, by its kind. */
struct tuple_kind {
	unsigned least;    /**< pieces it has at least */
	unsigned state;    /**< B, C, E; network: D too. 0: has none */
	unsigned counters; /**< first of four. 0: has none */
};

static const struct tuple_kind group1 = { .least = 8 };
static const struct tuple_kind group2 = { .least = 8, .state = 8, .counters = 9 };
static const struct tuple_kind network = { .least = 8, .state = 7, .counters = 9 };

static bool protocol_of(struct span span, uint64_t *ret_proto)
{
	if (span_is(span, "T"))
		*ret_proto = 6;
	else if (span_is(span, "U"))
		*ret_proto = 17;
	else
		return span_u64(span, UINT8_MAX, ret_proto);
	return true;
}

static bool take_ends(struct flow *flow, const struct span *pieces)
{
	uint64_t sport;
	uint64_t dport;
	uint64_t proto;

	if (!span_time(pieces[AT_TIME], &flow->end_ns) || !span_ip(pieces[AT_SRC], &flow->src) ||
	    !span_ip(pieces[AT_DST], &flow->dst) || !protocol_of(pieces[AT_PROTO], &proto) ||
	    !span_u64(pieces[AT_SPORT], UINT16_MAX, &sport) ||
	    !span_u64(pieces[AT_DPORT], UINT16_MAX, &dport))
		return false;
	flow->sport = (uint16_t)sport;
	flow->dport = (uint16_t)dport;
	flow->proto = (uint8_t)proto;
	flow->has |= FLOW_HAS_END | FLOW_HAS_SRC | FLOW_HAS_DST | FLOW_HAS_PROTO | FLOW_HAS_SPORT |
		     FLOW_HAS_DPORT;
	return true;
}

/* Counters are left out where a flow begins, and where it was denied. */
static bool take_counters(struct flow *flow, const struct span *at, unsigned count)
{
	uint64_t values[4] = { 0 };

	for (unsigned i = 0; i < 4 && i < count; i++) {
		if (at[i].len && !span_u64(at[i], UINT64_MAX, &values[i]))
			return false;
	}
	if (count < 2 || !at[0].len)
		return true;
	flow->packets = values[0];
	flow->bytes = values[1];
	flow->has |= FLOW_HAS_PACKETS | FLOW_HAS_BYTES;
	if (count < 4 || !at[2].len)
		return true;
	flow->rev_packets = values[2];
	flow->rev_bytes = values[3];
	flow->has |= FLOW_HAS_REVERSE;
	return true;
}

static void take_tuple(struct flowlog *log, const struct tuple_kind *kind, struct span tuple)
{
	struct span pieces[PIECES_MAX];
	unsigned count = 0;

	/* An empty last piece counts too: ",,,," ends a tuple that begins a flow. */
	for (bool more = tuple.len > 0; more && count < PIECES_MAX; count++) {
		more = memchr(tuple.at, ',', tuple.len) != NULL;
		pieces[count] = span_cut(&tuple, ',');
	}
	if (count < kind->least) {
		flowlog_refuse(log, REASON_SHORT);
		return;
	}
	struct flow *flow = &log->record.flow;
	*flow = (struct flow){ .source = FLOW_AZURE_NSG };
	bool states = kind->state && count > kind->state;
	bool counters = kind->counters && count > kind->counters;
	if (!take_ends(flow, pieces) ||
	    (counters && !take_counters(flow, pieces + kind->counters, count - kind->counters))) {
		flowlog_refuse(log, REASON_VALUE);
		return;
	}
	flow->egress = span_is(pieces[AT_WAY], "O");
	if (span_is(pieces[AT_STATE], "D"))
		flow->has |= FLOW_HAS_DROPPED;
	/* What begins or was denied is a moment; all else counts since the tuple before. */
	bool moment = !states || span_is(pieces[kind->state], "B") || flow->has & FLOW_HAS_DROPPED;
	log->record.least_ns = moment ? 0 : INTERVAL_NS;
	flowlog_emit(log);
}

static void take_tuples(struct flowlog *log, const struct tuple_kind *kind, const json_t *tuples)
{
	json_t *tuple;
	size_t i;

	if (!json_is_array(tuples)) {
		flowlog_refuse(log, REASON_FIELD);
		return;
	}
	json_array_foreach(tuples, i, tuple)
	{
		if (json_is_string(tuple))
			take_tuple(log, kind,
				   (struct span){ json_string_value(tuple),
						  json_string_length(tuple) });
		else
			flowlog_refuse(log, REASON_VALUE);
	}
}

/* "flows" of a group and "flows" of a network are both lists of lists with tuples in them. */
static void take_flows(struct flowlog *log, const struct tuple_kind *kind, const json_t *flows,
		       const char *inside)
{
	json_t *outer;
	json_t *inner;
	size_t i;
	size_t j;

	if (!json_is_array(flows)) {
		flowlog_refuse(log, REASON_FIELD);
		return;
	}
	json_array_foreach(flows, i, outer)
	{
		const json_t *groups = json_object_get(outer, inside);
		if (!json_is_array(groups))
			flowlog_refuse(log, REASON_FIELD);
		json_array_foreach(groups, j, inner)
			take_tuples(log, kind, json_object_get(inner, "flowTuples"));
	}
}

/* Upper and lower case are the same in Azure, and both occur. */
static void take_resource(struct flowlog *log, const json_t *record)
{
	static const char *const keys[] = { "targetResourceID", "flowLogResourceID", "resourceId",
					    "macAddress" };
	struct record *r = &log->record;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !r->identity_len; i++)
		record_identity(log, json_span(record, keys[i]));
	for (size_t i = 0; i < r->identity_len; i++)
		r->identity[i] = (char)tolower((unsigned char)r->identity[i]);
}

void azure_record(struct flowlog *log, const json_t *record)
{
	const json_t *properties = json_object_get(record, "properties");
	const json_t *records = json_object_get(record, "flowRecords");
	const json_t *version = json_object_get(properties, "Version");

	(void)record_begin(log, FLOW_AZURE_NSG);
	take_resource(log, record);
	if (records)
		take_flows(log, &network, json_object_get(records, "flows"), "flowGroups");
	else
		take_flows(log, json_integer_value(version) == 1 ? &group1 : &group2,
			   json_object_get(properties, "flows"), "flows");
}
