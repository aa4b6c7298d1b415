/* SPDX-License-Identifier: Apache-2.0 */
/* wire: datagrams written field by field, fed to a decoder, and the flows that came out. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ingest/batch.h"

/** When the test datagrams are received: 2023-11-14T22:13:20Z. */
#define WIRE_NOW_S 1700000000U

/** A datagram under construction. */
struct wire {
	uint8_t data[4096];
	size_t len;
	size_t set; /**< where the open set begins */
};

/** A decode state, where the next datagram comes from, and the flows of the latest one. */
struct feed {
	struct config config;
	struct decode_state *state;
	const struct decoder *decoder;
	uint8_t sender; /**< 192.0.2.sender */
	uint16_t sport;
	uint64_t now_ns;
	struct flow flows[256];
	size_t count;
	int result; /**< of decode() itself */
};

static inline void put(struct wire *w, uint64_t value, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		w->data[w->len++] = (uint8_t)(value >> 8 * i);
}

static inline void put_bytes(struct wire *w, const void *bytes, size_t len)
{
	memcpy(w->data + w->len, bytes, len);
	w->len += len;
}

static inline void put_zeros(struct wire *w, size_t len)
{
	memset(w->data + w->len, 0, len);
	w->len += len;
}

static inline void set_begin(struct wire *w, uint16_t id)
{
	w->set = w->len;
	put(w, id, 2);
	put(w, 0, 2);
}

static inline void set_end(struct wire *w)
{
	size_t len = w->len - w->set;

	w->data[w->set + 2] = (uint8_t)(len >> 8);
	w->data[w->set + 3] = (uint8_t)len;
}

/** Field specifiers: pairs of element and length, ended by {0, 0}. */
static inline void put_fields(struct wire *w, const uint16_t (*fields)[2])
{
	for (; (*fields)[0] || (*fields)[1]; fields++) {
		put(w, (*fields)[0], 2);
		put(w, (*fields)[1], 2);
	}
}

static inline uint64_t count_fields(const uint16_t (*fields)[2])
{
	uint64_t n = 0;

	while (fields[n][0] || fields[n][1])
		n++;
	return n;
}

/** A set with one template. */
static inline void put_template(struct wire *w, uint16_t set, uint16_t id,
				const uint16_t (*fields)[2])
{
	set_begin(w, set);
	put(w, id, 2);
	put(w, count_fields(fields), 2);
	put_fields(w, fields);
	set_end(w);
}

static inline void feed_collect(void *self, struct flow *flows, size_t count)
{
	struct feed *feed = self;

	for (size_t i = 0; i < count; i++) {
		assert_true(feed->count < sizeof(feed->flows) / sizeof(feed->flows[0]));
		feed->flows[feed->count++] = flows[i];
	}
}

static inline void feed_open(struct feed *feed, const char *decoder)
{
	*feed = (struct feed){
		.config = { .max_exporters = 8, .max_templates = 32, .max_held_bytes = 8192 },
		.decoder = decoder_find(decoder),
		.sender = 1,
		.sport = 50000,
		.now_ns = WIRE_NOW_S * NS_PER_S,
	};
	feed->state = decode_state_new(&feed->config, 7);
	assert_non_null(feed->decoder);
	assert_non_null(feed->state);
}

static inline void feed_close(struct feed *feed)
{
	decode_state_free(feed->state);
}

/** Decode the first @len bytes, from an exactly sized copy; Return: flows that came out. */
static inline size_t feed_bytes(struct feed *feed, const uint8_t *data, size_t len)
{
	const struct flow_sink sink = { .flows = feed_collect, .self = feed };
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, data, len);
	const struct datagram datagram = {
		.data = copy,
		.len = len,
		.src = ip_from_v4((const uint8_t[]){ 192, 0, 2, feed->sender }),
		.sport = feed->sport,
		.dport = 2055,
		.received_ns = feed->now_ns,
	};
	feed->count = 0;
	feed->state->sink = &sink;
	feed->result = feed->decoder->decode(feed->state, &datagram, &sink);
	flow_flush(feed->state);
	free(copy);
	if (feed->result >= 0)
		assert_int_equal(feed->result, feed->count);
	else
		assert_int_equal(feed->count, 0);
	return feed->count;
}

/** feed_bytes() of a whole datagram. */
static inline size_t feed_wire(struct feed *feed, const struct wire *w)
{
	return feed_bytes(feed, w->data, w->len);
}

/** The statistics of the exporter last made known. */
static inline struct exporter_stats *feed_stats(struct feed *feed)
{
	assert_true(feed->state->exporter_count > 0);
	return &feed->state->exporters[feed->state->exporter_count - 1].stats;
}

/** How often @reason was counted, for all exporters and for none. */
static inline uint64_t feed_reason(const struct feed *feed, enum reason reason)
{
	uint64_t sum = feed->state->undecodable[reason];

	for (unsigned i = 0; i < feed->state->exporter_count; i++)
		sum += feed->state->exporters[i].stats.undecodable[reason];
	return sum;
}

/** All reasons together. */
static inline uint64_t feed_troubles(const struct feed *feed)
{
	uint64_t sum = 0;

	for (int reason = 0; reason < REASON_COUNT_OF; reason++)
		sum += feed_reason(feed, (enum reason)reason);
	return sum;
}
