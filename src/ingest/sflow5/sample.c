/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample: one flow sample, plain (0:1) or expanded (0:3), becomes one flow.
 *
 *   plain  expanded
 *   4      4         sequence of the data source
 *   4      4 + 4     data source: type (8 bits) and index (24), or each whole
 *   4      4         sampling rate 1:N
 *   4      4         sample pool: packets that could have been sampled
 *   4      4         drops: samples lost for want of resources
 *   4      4 + 4     input interface: format (2 bits) and value (30), or each whole
 *   4      4 + 4     output interface
 *   4      4         number of flow records
 *
 * Rate, pool and drops also tell how the agent really samples: the pool is
 * followed for each data source (exporter_stats.sample_pool, pool_samples).
 */
#include "ingest/batch.h"
#include "ingest/sflow5/sflow5.h"

enum interface_format {
	INTERFACE_INDEX = 0,
	INTERFACE_DISCARDED = 1, /* the value says why */
	INTERFACE_MULTIPLE = 2,  /* the value says how many */
};

/** The device itself, as sender or receiver. */
#define INTERFACE_LOCAL 0x3fffffffU
/** Samples further back than this are no late ones: the agent began again. */
#define LATE_MAX        1000
/** And with a larger step forward, too. */
#define STEP_MAX        (1 << 20)
/** Of so many, the latest, it is known which came. */
#define SEEN_BITS       64

struct interface {
	uint32_t format;
	uint32_t value;
};

struct flow_sample {
	uint64_t source;
	uint32_t sequence;
	uint32_t rate;
	uint32_t pool;
	uint32_t drops;
	struct interface input;
	struct interface output;
	uint32_t records;
};

static struct interface interface_read(struct bytes *b, bool expanded)
{
	uint32_t word = bytes_be32(b);

	if (expanded)
		return (struct interface){ .format = word, .value = bytes_be32(b) };
	return (struct interface){ .format = word >> 30, .value = word & 0x3fffffff };
}

static uint64_t source_read(struct bytes *b, bool expanded)
{
	uint64_t word = bytes_be32(b);

	if (expanded)
		return word << 32 | bytes_be32(b);
	return word >> 24 << 32 | (word & 0xffffff);
}

static struct flow_sample sample_read(struct bytes *b, bool expanded)
{
	struct flow_sample sample;

	sample.sequence = bytes_be32(b);
	sample.source = source_read(b, expanded);
	sample.rate = bytes_be32(b);
	sample.pool = bytes_be32(b);
	sample.drops = bytes_be32(b);
	sample.input = interface_read(b, expanded);
	sample.output = interface_read(b, expanded);
	sample.records = bytes_be32(b);
	return sample;
}

/**
 * Count a sample that is @ahead of the latest; one that is late fills the gap it left.
 * Return: false for one that had come before, or nobody knows.
 */
static bool follow_sequence(struct exporter_stats *stats, struct exporter_source *source,
			    int32_t ahead)
{
	if (ahead > 0) {
		stats->samples_expected += (uint32_t)ahead;
		stats->samples_received++;
		source->seen = ahead < SEEN_BITS ? source->seen << ahead | 1 : 1;
		return true;
	}
	if (ahead <= -SEEN_BITS || source->seen >> -ahead & 1)
		return false;
	stats->samples_received++;
	source->seen |= 1ULL << -ahead;
	return true;
}

/**
 * Follow the cumulative counters of the data source. Sources share slots, so a busy agent with
 * more of them than slots is measured in part; what is measured stays right.
 */
static void pool_follow(struct exporter *exporter, const struct flow_sample *sample,
			struct rate_guard *guard)
{
	struct exporter_source *source = &exporter->sources[sample->source % EXPORTER_SOURCES];
	int32_t ahead = (int32_t)(sample->sequence - source->sequence);

	if (source->used && source->id == sample->source && ahead > -LATE_MAX && ahead < STEP_MAX) {
		if (!follow_sequence(&exporter->stats, source, ahead))
			return;
		/* Some agents keep no pool and send zero: that measures nothing. */
		exporter->stats.pool_samples += sample->pool || source->sample_pool;
		if (ahead <= 0) /* late: its share of the pool is counted already */
			return;
		if (guard && sample->pool) {
			guard->pool += sample->pool - source->sample_pool;
			guard->pool_samples++;
		}
		exporter->stats.sample_pool += sample->pool - source->sample_pool;
		exporter->stats.drops += sample->drops - source->drops;
	} else {
		exporter->stats.samples_expected++;
		exporter->stats.samples_received++;
		if (source->id != sample->source)
			*source = (struct exporter_source){ .id = sample->source, .used = true };
		source->used = true;
		source->seen = 1;
	}
	source->sequence = sample->sequence;
	source->sample_pool = sample->pool;
	source->drops = sample->drops;
}

/** What samples say of an interface, until its next counter sample is held against it. */
static void note_estimate(struct exporter *exporter, uint64_t source_id, uint32_t rate)
{
	struct exporter_source *source = &exporter->sources[source_id % EXPORTER_SOURCES];

	if (source->id == source_id)
		source->estimate += rate;
}

static void interfaces_fill(struct flow *flow, const struct flow_sample *sample)
{
	if (sample->input.format == INTERFACE_INDEX && sample->input.value &&
	    sample->input.value != INTERFACE_LOCAL) {
		flow->has |= FLOW_HAS_IN_IF;
		flow->in_if = sample->input.value;
	}
	if (sample->output.format == INTERFACE_INDEX && sample->output.value &&
	    sample->output.value != INTERFACE_LOCAL) {
		flow->has |= FLOW_HAS_OUT_IF;
		flow->out_if = sample->output.value;
	}
	/* The index of an interface as data source is its type 0. */
	flow->egress = sample->output.format == INTERFACE_INDEX &&
		       sample->output.value == sample->source &&
		       sample->input.value != sample->source;
	if (sample->output.format == INTERFACE_DISCARDED)
		flow->has |= FLOW_HAS_DROPPED;
}

int sflow_flow_sample(const struct sflow_context *context, struct bytes *b, bool expanded)
{
	struct flow_sample sample = sample_read(b, expanded);
	struct rate_guard *guard;

	if (b->failed) {
		sflow_count(context, REASON_LENGTH);
		return 0;
	}
	uint32_t rate = exporter_own_rate(context->exporter, sample.source, sample.rate, 1,
					  context->datagram->received_ns, &guard);
	pool_follow(context->exporter, &sample, guard);
	note_estimate(context->exporter, sample.source, rate);
	struct flow *flow = flow_begin_like(context->state, context->pattern);
	int r = sflow_records_read(b, sample.records, flow);

	if (r < 0) {
		sflow_count(context, (enum reason)(-r - 1));
		return 0;
	}
	interfaces_fill(flow, &sample);
	flow->start_ns = context->datagram->received_ns;
	flow->end_ns = context->datagram->received_ns;
	flow->has |= FLOW_HAS_AGENT | FLOW_HAS_START | FLOW_HAS_END;
	flow_commit(context->state, context->exporter, rate, SAMPLING_HEADER);
	return 1;
}
