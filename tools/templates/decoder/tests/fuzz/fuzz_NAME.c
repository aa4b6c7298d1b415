/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a datagram of @NAME@, in a state that knows nothing yet. */
#include "fuzz.h"

#include "ingest/decoder.h"
#include "ingest/state.h"

static const struct config config = {
	.max_exporters = 2,
	.max_templates = 16,
	.max_held_bytes = 4096,
};

static void drop_flows(void *self, struct flow *flows, size_t count)
{
	(void)self;
	(void)flows;
	(void)count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct flow_sink sink = { .flows = drop_flows };
	const struct datagram datagram = { .data = data, .len = size };
	struct decode_state *state = decode_state_new(&config, 1);

	if (state)
		decode_datagram(state, decoder_find("@NAME@"), &datagram, &sink);
	decode_state_free(state);
	return 0;
}
