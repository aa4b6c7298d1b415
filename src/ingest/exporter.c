/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter: datagram in, the exporter it belongs to out; sequence gaps, clock
 * offset and announced sampling rates of each.
 *
 * Owned by one ingest thread. The table never grows: what finds no room is
 * counted under REASON_EXPORTER_FULL.
 */
#include "base/hash.h"
#include "ingest/state.h"

#define EMPTY    UINT32_MAX
/* A gap up to this is loss; more is an exporter that began again. */
#define GAP_MAX  (1U << 30)
/* So far back a datagram may come late and still be the same count. */
#define LATE_MAX 1000U

static uint32_t slot_of(const struct decode_state *state, const struct exporter_key *key,
			const struct ip *agent)
{
	uint64_t word = (uint64_t)key->odid << 8 | key->source;
	uint64_t seed = state->seed ^ hash_mix(word, state->seed | 1);

	return (uint32_t)(hash_ip(&key->address, seed) ^ hash_ip(agent, seed + 1));
}

static bool same_exporter(const struct exporter_stats *stats, const struct exporter_key *key,
			  const struct ip *agent)
{
	return ip_equal(&stats->key.address, &key->address) && stats->key.odid == key->odid &&
	       stats->key.source == key->source && ip_equal(&stats->agent, agent);
}

/* The index slot that holds @key, or the empty one where it belongs. */
static uint32_t *find_slot(const struct decode_state *state, const struct exporter_key *key,
			   const struct ip *agent)
{
	for (uint32_t i = slot_of(state, key, agent);; i++) {
		uint32_t *slot = &state->index[i & state->index_mask];
		if (*slot == EMPTY || same_exporter(&state->exporters[*slot].stats, key, agent))
			return slot;
	}
}

static void take_config(struct decode_state *state, struct exporter *exporter)
{
	const struct config_exporter *entry =
		config_exporter_of(state->config, &exporter->stats.key.address);

	exporter->config_rate = entry ? entry->sampling : 0;
}

static struct exporter *exporter_add(struct decode_state *state, const struct exporter_key *key,
				     const struct ip *agent, uint32_t *slot)
{
	/* The list is about who may send; a capture is what the operator gave. */
	if (state->config->exporters_only && key->source != FLOW_PACKET &&
	    !config_exporter_of(state->config, &key->address)) {
		state->undecodable[REASON_NOT_ALLOWED]++;
		return NULL;
	}
	if (state->exporter_count == state->exporter_limit) {
		state->undecodable[REASON_EXPORTER_FULL]++;
		return NULL;
	}
	*slot = state->exporter_count;
	struct exporter *exporter = &state->exporters[state->exporter_count++];
	*exporter = (struct exporter){ .stats = { .key = *key, .agent = *agent } };
	take_config(state, exporter);
	return exporter;
}

struct exporter *exporter_of(struct decode_state *state, const struct datagram *datagram,
			     enum flow_source source, uint32_t odid)
{
	static const struct ip none;

	return exporter_of_agent(state, datagram, source, odid, &none);
}

struct exporter *exporter_of_agent(struct decode_state *state, const struct datagram *datagram,
				   enum flow_source source, uint32_t odid, const struct ip *agent)
{
	const struct exporter_key key = { .address = datagram->src,
					  .odid = odid,
					  .source = (uint8_t)source };
	uint32_t *slot = find_slot(state, &key, agent);
	struct exporter *exporter =
		*slot == EMPTY ? exporter_add(state, &key, agent, slot) : &state->exporters[*slot];

	if (!exporter)
		return NULL;
	if (exporter->stats.datagrams++ == 0)
		exporter->stats.first_ns = datagram->received_ns;
	exporter->stats.last_ns = datagram->received_ns;
	return exporter;
}

void exporter_reload(struct decode_state *state)
{
	for (unsigned i = 0; i < state->exporter_count; i++)
		take_config(state, &state->exporters[i]);
}

void exporter_sequence(struct exporter *exporter, uint32_t sequence, uint32_t next)
{
	uint32_t ahead = sequence - exporter->next_sequence;

	if (exporter->sequence_known && ahead != 0) {
		if (ahead < GAP_MAX) {
			exporter->stats.lost += ahead;
		} else if (0U - ahead < LATE_MAX) {
			/* Counted as lost when it was overtaken; it has come after all. */
			uint32_t units = next - sequence;
			exporter->stats.lost -=
				units < exporter->stats.lost ? units : exporter->stats.lost;
			return;
		} else {
			exporter->stats.restarts++;
		}
	}
	exporter->sequence_known = true;
	exporter->next_sequence = next;
}

void exporter_clock(struct exporter *exporter, uint64_t export_ns, uint64_t received_ns)
{
	int64_t offset = (int64_t)(received_ns - export_ns);

	if (exporter->stats.datagrams <= 1 || offset < exporter->stats.clock_offset_ns)
		exporter->stats.clock_offset_ns = offset;
}

void exporter_sampler_set(struct exporter *exporter, uint64_t id, bool whole, uint32_t rate)
{
	if (rate == 0)
		return;
	if (whole) {
		exporter->options_rate = rate;
		return;
	}
	for (unsigned i = 0; i < exporter->sampler_count; i++) {
		if (exporter->samplers[i].id == id) {
			exporter->samplers[i].rate = rate;
			return;
		}
	}
	if (exporter->sampler_count == EXPORTER_SAMPLERS) {
		exporter->stats.samplers_turned_away++;
		return;
	}
	exporter->samplers[exporter->sampler_count++] =
		(struct exporter_sampler){ .id = id, .rate = rate };
}

uint32_t exporter_sampler_rate(const struct exporter *exporter, uint64_t id)
{
	for (unsigned i = 0; i < exporter->sampler_count; i++) {
		if (exporter->samplers[i].id == id)
			return exporter->samplers[i].rate;
	}
	return 0;
}
