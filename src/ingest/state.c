/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: datagram in, batches of flows out, through the right decoder.
 *
 * Owned by one ingest thread. All memory is taken in decode_state_new().
 */
#include "ingest/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ingest/template.h"

#define FLOW_HAS_HOSTS    (FLOW_HAS_SRC | FLOW_HAS_DST)
/* One flow of 8 can come into a sketch. */
#define SKETCH_PICK       0x9e3779b97f4a7c15U
#define SKETCH_PICK_SHIFT 61

struct decode_state *decode_state_new(const struct config *config, uint64_t seed)
{
	struct decode_state *state = calloc(1, sizeof(*state)); /* banned-ok: taken once at open */
	if (!state)
		return NULL;
	state->config = config;
	state->seed = seed;
	state->templates = template_table_new(state, config->max_templates, config->max_held_bytes);
	if (!exporter_table_new(state) || !state->templates) {
		decode_state_free(state);
		return NULL;
	}
	return state;
}

void decode_state_free(struct decode_state *state)
{
	if (!state)
		return;
	template_table_free(state->templates);
	exporter_table_free(state);
	free(state);
}

void decode_state_finish(struct decode_state *state)
{
	template_give_up(state->templates);
}

void decode_state_reload(struct decode_state *state, const struct config *config)
{
	state->config = config;
	exporter_reload(state);
}

const struct decoder *decoder_find(const char *name)
{
	for (const struct decoder *const *d = decoder_registry; *d; d++) {
		if (strcmp((*d)->name, name) == 0)
			return *d;
	}
	return NULL;
}

const struct decoder *decoder_probe(const uint8_t *data, size_t len)
{
	const struct decoder *best = NULL;
	int best_score = 0;

	for (const struct decoder *const *d = decoder_registry; *d; d++) {
		int score = (*d)->probe(data, len);
		if (score > best_score) {
			best = *d;
			best_score = score;
		}
	}
	return best;
}

int decode_datagram(struct decode_state *state, const struct decoder *as,
		    const struct datagram *datagram, const struct flow_sink *sink)
{
	state->datagrams++;
	if (!as)
		as = decoder_probe(datagram->data, datagram->len);
	if (!as) {
		state->undecodable[REASON_NO_DECODER]++;
		return 0;
	}
	state->sink = sink;
	int records = as->decode(state, datagram, sink);
	flow_flush(state);
	state->sink = NULL;
	return records > 0 ? records : 0;
}

/* In pieces that the compiler writes as plain stores: for the whole it takes a string
 * instruction, whose start alone costs as much as decoding a record. */
static void flow_zero(struct flow *flow)
{
	static_assert(sizeof(*flow) % 8 == 0, "flow_zero() works in pieces of 8 bytes");

	for (size_t i = 0; i < sizeof(*flow); i += 8)
		memset((uint8_t *)flow + i, 0, 8);
}

struct flow *flow_begin(struct decode_state *state, const struct exporter *exporter,
			const struct datagram *datagram)
{
	if (state->batch_count == DECODE_BATCH)
		flow_flush(state);
	struct flow *flow = &state->batch[state->batch_count];
	flow_zero(flow);
	flow->received_ns = datagram->received_ns;
	flow->exporter = exporter->stats.key.address;
	flow->exporter_port = datagram->sport;
	flow->odid = exporter->stats.key.odid;
	flow->source = exporter->stats.key.source;
	flow->late = datagram->late;
	return flow;
}

/* The order of enum sampling_source: whoever knows better wins. */
static void set_sampling(struct flow *flow, const struct exporter *exporter, uint32_t rate,
			 enum sampling_source source)
{
	if (exporter->config_rate) {
		rate = exporter->config_rate;
		source = SAMPLING_CONFIG;
	} else if (exporter->options_rate && (rate == 0 || source < SAMPLING_OPTIONS)) {
		rate = exporter->options_rate;
		source = SAMPLING_OPTIONS;
	}
	flow->sampling = rate;
	flow->sampling_source = (uint8_t)(rate ? source : SAMPLING_UNKNOWN);
}

/*
 * Note the flow in its exporter's sketch. All threads have the same seed, so the same flow has
 * the same hash wherever it was seen. One multiplication turns 7 of 8 flows away, the bound of
 * a full sketch most of the rest.
 */
static void note_flow(struct decode_state *state, const struct exporter *exporter,
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

void flow_commit(struct decode_state *state, struct exporter *exporter, uint32_t rate,
		 enum sampling_source source)
{
	struct flow *flow = &state->batch[state->batch_count++];

	set_sampling(flow, exporter, rate, source);
	flow->vantage = exporter->vantage | flow->egress;
	/* Packets are of now; a flow log has its own clock (ingest/flowlog/flowlog.h). */
	if (flow->source < FLOW_SFLOW5)
		flow_ages(flow, exporter);
	flow->class = (uint8_t)flow_classify(flow);
	exporter->stats.records++;
	exporter->stats.sampling = flow->sampling;
	exporter->stats.sampling_source = flow->sampling_source;
	exporter->stats.packets += flow->packets;
	exporter->stats.packets_scaled += flow->packets * flow_scale(flow);
	exporter->stats.unknown_sampling += flow->sampling == 0;
	note_flow(state, exporter, flow);
	state->records++;
}

void flow_flush(struct decode_state *state)
{
	if (state->batch_count == 0)
		return;
	size_t count = state->batch_count;
	state->batch_count = 0;
	state->sink->flows(state->sink->self, state->batch, count);
}
