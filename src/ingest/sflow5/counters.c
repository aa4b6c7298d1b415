/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters: the generic interface counters (0:1) of a counter sample, plain
 * (0:2) or expanded (0:4), go to the sink. Other counters are stepped over.
 */
#include "ingest/sflow5/sflow5.h"

enum {
	RECORD_INTERFACE = 1,
};

/** A 32-bit counter; all ones stand for one the agent does not have. */
static uint64_t counter32(struct bytes *b)
{
	uint32_t value = bytes_be32(b);

	return value == UINT32_MAX ? 0 : value;
}

static uint64_t counter64(struct bytes *b)
{
	uint64_t value = bytes_be64(b);

	return value == UINT64_MAX ? 0 : value;
}

static bool interface_record(struct bytes b, struct interface_counters *counters)
{
	counters->if_index = bytes_be32(&b);
	bytes_skip(&b, 4); /* type */
	counters->if_speed_bps = bytes_be64(&b);
	bytes_skip(&b, 8); /* direction, status */
	counters->in_octets = counter64(&b);
	counters->in_packets = counter32(&b);  /* unicast */
	counters->in_packets += counter32(&b); /* multicast */
	counters->in_packets += counter32(&b); /* broadcast */
	bytes_skip(&b, 12);                    /* discards, errors, unknown protocols */
	counters->out_octets = counter64(&b);
	counters->out_packets = counter32(&b);
	counters->out_packets += counter32(&b);
	counters->out_packets += counter32(&b);
	bytes_skip(&b, 12); /* discards, errors, promiscuous mode */
	return !b.failed;
}

/** Hold what the interface counted against what flow samples of it said in the same time. */
static void compare(struct exporter *exporter, const struct interface_counters *counters)
{
	/* An interface as data source has its index as id: type 0. */
	struct exporter_source *source = &exporter->sources[counters->if_index % EXPORTER_SOURCES];
	struct exporter_stats *stats = &exporter->stats;

	if (!source->used || source->id != counters->if_index)
		return;
	/* Counters that went back tell nothing for once. */
	if (source->counted && counters->in_packets >= source->in_packets &&
	    counters->out_packets >= source->out_packets) {
		stats->counted_in += counters->in_packets - source->in_packets;
		stats->counted_out += counters->out_packets - source->out_packets;
		stats->counted_estimate += source->estimate;
	}
	source->counted = true;
	source->estimate = 0;
	source->in_packets = counters->in_packets;
	source->out_packets = counters->out_packets;
}

void sflow_counter_sample(const struct sflow_context *context, struct bytes b, bool expanded)
{
	bytes_skip(&b, expanded ? 12 : 8); /* sequence, data source */
	uint32_t records = bytes_be32(&b);

	if (b.failed) {
		sflow_count(context, REASON_LENGTH);
		return;
	}
	context->exporter->stats.counter_samples++;
	for (uint32_t i = 0; i < records && bytes_left(&b) > 0; i++) {
		struct interface_counters counters = {
			.exporter = context->exporter->stats.key.address,
			.agent = context->exporter->stats.agent,
			.received_ns = context->datagram->received_ns,
		};
		struct sflow_item item;

		if (!sflow_item_read(&b, &item)) {
			sflow_count(context, REASON_LENGTH);
			return;
		}
		if (item.type != RECORD_INTERFACE)
			continue;
		if (!interface_record(item.body, &counters)) {
			sflow_count(context, REASON_LENGTH);
			continue;
		}
		compare(context->exporter, &counters);
		if (context->sink->interface)
			context->sink->interface(context->sink->self, &counters);
	}
}
