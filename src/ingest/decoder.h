/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decoder: the plug-in that turns the datagrams of one protocol into flows.
 *
 * A decoder is pure: no socket, no clock, no log, no allocation. All it
 * remembers is in the decode state that is passed in, one for each ingest
 * thread: exporters, templates, data that wait for their template.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/exporter.h"
#include "model/flow.h"

struct decode_state;

/** One datagram as received; borrowed for the length of the call. */
struct datagram {
	const uint8_t *data;
	size_t len;
	struct ip src;        /**< sender */
	uint16_t sport;       /**< sender's port */
	uint16_t dport;       /**< port it was received on */
	uint64_t received_ns; /**< wall time of receipt, or of capture */
	bool late;            /**< waited for its template; see flow.late */
};

/** Interface counters from an sFlow counter sample (generic interface counters, 0:1). */
struct interface_counters {
	struct ip exporter;
	struct ip agent;
	uint32_t if_index;
	uint64_t if_speed_bps;
	uint64_t in_octets;
	uint64_t out_octets;
	uint64_t in_packets;
	uint64_t out_packets;
	uint64_t received_ns;
};

/** Receives what decoders make; called with batches, in the order of the records. */
struct flow_sink {
	/** @flows: borrowed, @count of them; the sink may set direction and class. */
	void (*flows)(void *self, struct flow *flows, size_t count);
	/** Counter samples; may be NULL when nobody wants them. */
	void (*interface)(void *self, const struct interface_counters *counters);
	void *self;
};

/** A decoder's descriptor, at the end of its file. */
struct decoder {
	const char *name;    /**< as in `--as`, the folder's name */
	const char *summary; /**< one line for people */
	enum flow_source source;

	/**
	 * probe() - could this be one of mine?
	 *
	 * Return: 0 no, up to 100 certain. Looks at the bytes only.
	 */
	int (*probe)(const uint8_t *data, size_t len);

	/**
	 * decode() - give the flows of one datagram to the sink.
	 *
	 * What cannot be decoded is counted in the exporter's statistics; the
	 * rest of the datagram is still used where its structure allows.
	 *
	 * Return: number of data records given on, or -(enum reason) - 1 when
	 * nothing of the datagram could be used.
	 */
	int (*decode)(struct decode_state *state, const struct datagram *datagram,
		      const struct flow_sink *sink);
};

/** All decoders, generated from the list in src/ingest/meson.build; NULL-terminated. */
extern const struct decoder *const decoder_registry[];

/** decoder_find() - by name; NULL if there is none. */
const struct decoder *decoder_find(const char *name);

/**
 * decoder_probe() - the decoder that most likely understands a datagram.
 *
 * Return: NULL if none does.
 */
const struct decoder *decoder_probe(const uint8_t *data, size_t len);
