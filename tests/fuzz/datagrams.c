/* SPDX-License-Identifier: Apache-2.0 */
/* datagrams: fuzz bytes in, datagrams into a decoder; checks what must always hold. */
#include "datagrams.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ingest/state.h"

static void count_flows(void *self, struct flow *flows, size_t count)
{
	size_t *total = self;

	*total += count;
	for (size_t i = 0; i < count; i++) {
		if (flows[i].class >= CLASS_COUNT || flows[i].received_ns == 0)
			abort();
	}
}

static void take_counters(void *self, const struct interface_counters *counters)
{
	(void)self;
	if (counters->received_ns == 0)
		abort();
}

/* An exact copy on the heap, so that the sanitizer sees a read just past the datagram. */
static void feed(struct decode_state *state, const struct decoder *decoder, uint8_t sender,
		 struct bytes payload)
{
	size_t len = bytes_left(&payload);
	uint8_t *copy = malloc(len ? len : 1);
	size_t flows = 0;
	const struct flow_sink sink = { .flows = count_flows,
					.interface = take_counters,
					.self = &flows };

	if (!copy)
		abort();
	memcpy(copy, payload.at, len);
	const struct datagram datagram = {
		.data = copy,
		.len = len,
		.src = ip_from_v4((const uint8_t[]){ 192, 0, 2, sender & 3 }),
		.sport = (uint16_t)(1000 + (sender >> 2 & 3)),
		.dport = 2055,
		.received_ns = 1700000000 * NS_PER_S + state->datagrams * (sender >> 4) * NS_PER_S,
	};
	int records = decode_datagram(state, decoder, &datagram, &sink);
	if (records < 0 || (size_t)records != flows)
		abort();
	free(copy);
}

void fuzz_datagrams(const struct decoder *decoder, const uint8_t *data, size_t size)
{
	/* Small tables, so that full ones are reached as well. */
	const struct config config = { .max_exporters = 4,
				       .max_templates = 6,
				       .max_held_bytes = 2000 };
	struct decode_state *state = decode_state_new(&config, 1);
	struct bytes input = bytes_of(data, size);

	if (!state)
		abort();
	while (bytes_left(&input) >= 3) {
		uint8_t sender = bytes_u8(&input);
		size_t len = bytes_be16(&input);
		if (len > bytes_left(&input))
			len = bytes_left(&input);
		feed(state, decoder, sender, bytes_split(&input, len));
	}
	decode_state_free(state);
}
