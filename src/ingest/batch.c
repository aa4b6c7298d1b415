/* SPDX-License-Identifier: Apache-2.0 */
/* batch: patterns and rates in, complete flows to the sink. See batch.h. */
#include "ingest/batch.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

#define FLOW_HAS_HOSTS    (FLOW_HAS_SRC | FLOW_HAS_DST)
/* One flow of 8 can come into a sketch. */
#define SKETCH_PICK       0x9e3779b97f4a7c15U
#define SKETCH_PICK_SHIFT 61

/* Behind what the caller of flow_begin_run() writes, up to the cold part. */
#define HOT_AT  offsetof(struct flow, has)
#define COLD_AT offsetof(struct flow, rev_bytes)
#define COLD    (FLOW_HAS_REVERSE | FLOW_HAS_INNER)

/* Short enough that the compiler makes it a few plain moves. */
static inline void copy_hot(struct flow *flow, const struct flow *pattern)
{
	memcpy((uint8_t *)flow + HOT_AT, (const uint8_t *)pattern + HOT_AT, COLD_AT - HOT_AT);
}

static inline void zero_cold(struct flow *flow)
{
	memset((uint8_t *)flow + COLD_AT, 0, sizeof(*flow) - COLD_AT);
}

void flow_pattern(const struct exporter *exporter, const struct datagram *datagram,
		  struct flow *ret_flow)
{
	*ret_flow = (struct flow){
		.received_ns = datagram->received_ns,
		.exporter = exporter->stats.key.address,
		.exporter_port = datagram->sport,
		.odid = exporter->stats.key.odid,
		.source = exporter->stats.key.source,
		.late = datagram->late,
	};
}

struct flow *flow_begin_run(struct decode_state *state, const struct flow *pattern, unsigned wanted,
			    unsigned *ret_count)
{
	static_assert(DECODE_BATCH <= 8 * sizeof(state->cold), "a bit for each flow");

	if (state->batch_count == DECODE_BATCH)
		flow_flush(state);
	unsigned first = state->batch_count;
	unsigned count = wanted < DECODE_BATCH - first ? wanted : DECODE_BATCH - first;
	struct flow *flows = &state->batch[first];
	uint64_t bits = UINT64_MAX >> (64 - count) << first;
	for (unsigned i = 0; i < count; i++)
		copy_hot(&flows[i], pattern);
	for (uint64_t left = state->cold & bits; left; left &= left - 1)
		zero_cold(&state->batch[__builtin_ctzll(left)]);
	/* Until flow_commit() knows better: a flow may be begun, written to and given up. */
	state->cold |= bits;
	*ret_count = count;
	return flows;
}

struct flow *flow_begin_like(struct decode_state *state, const struct flow *pattern)
{
	unsigned one;
	struct flow *flow = flow_begin_run(state, pattern, 1, &one);

	memset(flow, 0, HOT_AT);
	return flow;
}

struct flow *flow_begin(struct decode_state *state, const struct exporter *exporter,
			const struct datagram *datagram)
{
	struct flow pattern;

	flow_pattern(exporter, datagram, &pattern);
	return flow_begin_like(state, &pattern);
}

/* The order of enum sampling_source: whoever knows better wins. */
static inline void set_sampling(struct flow *flow, const struct exporter *exporter)
{
	if (exporter->config_rate) {
		flow->sampling = exporter->config_rate;
		flow->sampling_source = SAMPLING_CONFIG;
	} else if (exporter->options_rate &&
		   (flow->sampling == 0 || flow->sampling_source < SAMPLING_OPTIONS)) {
		flow->sampling = exporter->options_rate;
		flow->sampling_source = SAMPLING_OPTIONS;
	} else if (flow->sampling == 0) {
		flow->sampling_source = SAMPLING_UNKNOWN;
	}
}

/*
 * Note the flow in its exporter's sketch. All threads have the same seed, so the same flow has
 * the same hash wherever it was seen. One multiplication turns 7 of 8 flows away, the bound of
 * a full sketch most of the rest.
 */
static inline void note_flow(struct decode_state *state, const struct exporter *exporter,
			     const struct flow *flow)
{
	uint64_t ports = (uint64_t)flow->sport << 16 | flow->dport;
	uint64_t hosts = flow->src.w[1] ^ (flow->dst.w[1] << 24 | flow->dst.w[1] >> 40);

	if ((hosts ^ ports) * SKETCH_PICK >> SKETCH_PICK_SHIFT ||
	    (flow->has & FLOW_HAS_HOSTS) != FLOW_HAS_HOSTS)
		return;
	uint64_t hash = hash_words(hash_ip(&flow->src, state->seed),
				   hash_ip(&flow->dst, state->seed + 1) ^
					   hash_mix(ports << 8 | flow->proto, state->seed | 1),
				   state->seed);
	sketch_add(&state->sketches[exporter - state->exporters], (uint32_t)(hash >> 32));
}

void flow_commit_run(struct decode_state *state, struct exporter *exporter, unsigned count)
{
	struct flow *flows = &state->batch[state->batch_count];
	struct exporter_stats *stats = &exporter->stats;
	/* Packets are of now; a flow log has its own clock (ingest/flowlog/flowlog.h). */
	const bool has_ages = flows->source < FLOW_SFLOW5;
	uint64_t packets = 0;
	uint64_t scaled = 0;

	assert(count && state->batch_count + count <= DECODE_BATCH);
	for (unsigned i = 0; i < count; i++) {
		struct flow *flow = &flows[i];
		if (!(flow->has & COLD))
			state->cold &= ~(1ULL << (state->batch_count + i));
		set_sampling(flow, exporter);
		flow->vantage = exporter->vantage | flow->egress;
		if (has_ages && !flow_is_prompt(flow, exporter))
			flow_ages(flow, exporter);
		flow->class = (uint8_t)flow_classify(flow);
		packets += flow->packets;
		scaled += flow->packets * flow_scale(flow);
		note_flow(state, exporter, flow);
		stats->unknown_sampling += flow->sampling == 0;
	}
	if (has_ages)
		exporter_timeouts(exporter, flows, count);
	stats->records += count;
	stats->packets += packets;
	stats->packets_scaled += scaled;
	stats->sampling = flows[count - 1].sampling;
	stats->sampling_source = flows[count - 1].sampling_source;
	state->records += count;
	state->batch_count += count;
}

void flow_commit(struct decode_state *state, struct exporter *exporter, uint32_t rate,
		 enum sampling_source source)
{
	struct flow *flow = &state->batch[state->batch_count];

	flow->sampling = rate;
	flow->sampling_source = (uint8_t)source;
	flow_commit_run(state, exporter, 1);
}

void flow_flush(struct decode_state *state)
{
	if (state->batch_count == 0)
		return;
	size_t count = state->batch_count;
	state->batch_count = 0;
	state->sink->flows(state->sink->self, state->batch, count);
}
