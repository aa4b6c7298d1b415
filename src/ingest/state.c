/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: datagram in, batches of flows out, through the right decoder.
 *
 * Owned by one ingest thread. All memory is taken in decode_state_new().
 */
#include "ingest/state.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/batch.h"
#include "ingest/template.h"

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
