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

struct flow *flow_begin_blank(struct decode_state *state, unsigned wanted, unsigned *ret_count)
{
	static_assert(DECODE_BATCH <= 8 * sizeof(state->cold), "a bit for each flow");

	if (state->batch_count == DECODE_BATCH)
		flow_flush(state);
	unsigned first = state->batch_count;
	unsigned count = wanted < DECODE_BATCH - first ? wanted : DECODE_BATCH - first;
	struct flow *flows = &state->batch[first];
	uint64_t bits = UINT64_MAX >> (64 - count) << first;
	for (uint64_t left = state->cold & bits; left; left &= left - 1)
		zero_cold(&state->batch[__builtin_ctzll(left)]);
	/* Until flow_commit() knows better: a flow may be begun, written to and given up. */
	state->cold |= bits;
	*ret_count = count;
	return flows;
}

struct flow *flow_begin_run(struct decode_state *state, const struct flow *pattern, unsigned wanted,
			    unsigned *ret_count)
{
	struct flow *flows = flow_begin_blank(state, wanted, ret_count);

	for (unsigned i = 0; i < *ret_count; i++)
		copy_hot(&flows[i], pattern);
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

/* For functions whose bool parameters are known where they are called. */
#define INLINE inline __attribute__((always_inline))

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

/* One flow of 8 is for the sketches: those with the same addresses and ports everywhere. */
static INLINE bool is_picked(const struct flow *flow)
{
	uint64_t ports = (uint64_t)flow->sport << 16 | flow->dport;
	uint64_t hosts = flow->src.w[1] ^ (flow->dst.w[1] << 24 | flow->dst.w[1] >> 40);

	return (hosts ^ ports) * SKETCH_PICK >> SKETCH_PICK_SHIFT == 0;
}

/*
 * Note the flow in its exporter's sketch. All threads have the same seed, so the same flow has
 * the same hash wherever it was seen.
 */
static void note_flow(struct decode_state *state, const struct exporter *exporter,
		      const struct flow *flow)
{
	uint64_t ports = (uint64_t)flow->sport << 16 | flow->dport;

	if ((flow->has & FLOW_HAS_HOSTS) != FLOW_HAS_HOSTS)
		return;
	uint64_t hash = hash_words(hash_ip(&flow->src, state->seed),
				   hash_ip(&flow->dst, state->seed + 1) ^
					   hash_mix(ports << 8 | flow->proto, state->seed | 1),
				   state->seed);
	sketch_add(&state->sketches[exporter - state->exporters], (uint32_t)(hash >> 32));
}

/* What a run of flows comes to. */
struct run {
	uint64_t packets;
	uint64_t scaled;
	uint64_t cold;   /* bit 1 << i: flow i wrote to its cold part */
	uint64_t picked; /* bit 1 << i: flow i may be noted in the sketch */
	unsigned unknown;
};

/*
 * Complete the flows of a run. All stores might alias what they are made from, so that is read
 * beforehand. @ages: they may have any; @alike: all have the sampling of the first, and that
 * counts. Both are known when this is compiled.
 */
static INLINE struct run complete(const struct exporter *exporter, struct flow *flows,
				  unsigned count, bool ages, bool alike)
{
	const uint32_t vantage = exporter->vantage;
	const uint64_t there_ns = flows->received_ns - (uint64_t)exporter->clock.now_ns;
	struct run run = { 0 };

	for (unsigned i = 0; i < count; i++) {
		struct flow *flow = &flows[i];
		if (!alike) {
			set_sampling(flow, exporter);
			run.scaled += flow->packets * flow_scale(flow);
			run.unknown += flow->sampling == 0;
		}
		flow->vantage = vantage | flow->egress;
		if (ages && !flow_is_prompt_at(flow, there_ns))
			flow_ages(flow, exporter);
		flow->class = (uint8_t)flow_classify(flow);
		run.packets += flow->packets;
		run.cold |= (uint64_t)((flow->has & COLD) != 0) << i;
		run.picked |= (uint64_t)is_picked(flow) << i;
	}
	if (alike) {
		run.scaled = run.packets * flow_scale(flows);
		run.unknown = flows->sampling ? 0 : count;
	}
	return run;
}

static INLINE void commit(struct decode_state *state, struct exporter *exporter, unsigned count,
			  bool alike)
{
	struct flow *flows = &state->batch[state->batch_count];
	struct exporter_stats *stats = &exporter->stats;
	/* Packets are of now; a flow log has its own clock (ingest/flowlog/flowlog.h). */
	const bool has_ages = flows->source < FLOW_SFLOW5;
	struct run run;

	assert(count && state->batch_count + count <= DECODE_BATCH);
	if (has_ages)
		run = complete(exporter, flows, count, true, alike);
	else
		run = complete(exporter, flows, count, false, alike);
	for (uint64_t left = run.picked; left; left &= left - 1)
		note_flow(state, exporter, &flows[__builtin_ctzll(left)]);
	if (has_ages)
		exporter_timeouts(exporter, flows, count);
	uint64_t all = UINT64_MAX >> (64 - count);
	state->cold &= ~((all & ~run.cold) << state->batch_count);
	stats->records += count;
	stats->packets += run.packets;
	stats->packets_scaled += run.scaled;
	stats->unknown_sampling += run.unknown;
	stats->sampling = flows[count - 1].sampling;
	stats->sampling_source = flows[count - 1].sampling_source;
	state->records += count;
	state->batch_count += count;
}

void flow_commit_run(struct decode_state *state, struct exporter *exporter, unsigned count)
{
	commit(state, exporter, count, false);
}

void flow_commit_alike(struct decode_state *state, struct exporter *exporter, unsigned count)
{
	commit(state, exporter, count, true);
}

void flow_settle_sampling(struct flow *pattern, const struct exporter *exporter)
{
	set_sampling(pattern, exporter);
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
