/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_export: sampled packets in, messages made of templates and records out.
 *
 * What NetFlow v9 and IPFIX share: the flow cache, when templates are due, when a message is
 * full or old. What differs is in a format. One thread; allocates at open.
 */
#pragma once

#include <stdbool.h>

#include "lab/flow_cache.h"

/** No message is longer. */
#define EXPORT_MAX         1400
/** Of a set. */
#define EXPORT_SET_HEADER  4
/** Ids of an exporter's first templates; after a restart it has others. */
#define EXPORT_TEMPLATE_V4 256
#define EXPORT_TEMPLATE_V6 257
#define EXPORT_OPTIONS     258
#define EXPORT_RESTARTED   64

struct flow_export;

/** How a protocol writes it. */
struct flow_format {
	uint16_t port;
	size_t header_len;
	size_t record_len[2]; /**< of IPv4 and of IPv6 */
	/** Write the header of the message in work. */
	void (*header)(struct flow_export *export, uint64_t now_ns, size_t len);
	/** Write template and options sets and the announcement of @rate; set records and units. */
	uint8_t *(*announce)(struct flow_export *export, uint8_t *at, uint32_t rate);
	/** Write a record. */
	uint8_t *(*record)(const struct flow_export *export, uint8_t *at,
			   const struct lab_flow *flow);
	/** Whether the sequence counts data records; else datagrams. */
	bool counts_records;
};

/** An exporter at work. */
struct flow_export {
	const struct flow_format *format;
	struct lab_exporter exporter;
	struct lab_sink sink;
	struct lab_flow_cache *cache;
	uint8_t data[EXPORT_MAX];
	uint8_t *at;      /**< where the next thing goes */
	uint8_t *set;     /**< the open set; NULL: none */
	uint16_t set_id;  /**< of it */
	uint16_t ids;     /**< added to all template ids */
	uint16_t records; /**< in the message, templates included */
	uint16_t units;   /**< of them, those that are data */
	uint32_t sequence;
	uint64_t first_ns; /**< of the message: when it was begun */
	uint64_t now_ns;
	uint64_t announce_ns; /**< templates are due then */
	uint32_t announced;   /**< the rate last told */
	bool restarted;
};

/** flow_export_open() - as lab_encoder.open, by @format. */
WEIR_CHECK int flow_export_open(const struct flow_format *format,
				const struct lab_exporter *exporter, const struct lab_sink *sink,
				void **ret_state);

/** flow_export_packet() - as lab_encoder.packet. */
void flow_export_packet(void *state, const struct lab_packet *packet);

/** flow_export_time() - as lab_encoder.time. */
void flow_export_time(void *state, uint64_t now_ns, uint64_t pool, uint64_t octets);

/** flow_export_close() - as lab_encoder.close. */
void flow_export_close(void *state);

/**
 * flow_export_flow() - report a flow that the cache never saw.
 * @state: of lab_encoder_netflow9 or lab_encoder_ipfix, and of no other
 * @now_ns: not before the latest time it was told
 */
void flow_export_flow(void *state, const struct lab_flow *flow, uint64_t now_ns);

/** flow_export_fields() - write pairs of element and length. */
uint8_t *flow_export_fields(uint8_t *at, const uint16_t (*fields)[2], size_t count);

/** flow_export_set_end() - pad the set from @set to 4 bytes and write its length. */
uint8_t *flow_export_set_end(uint8_t *set, uint8_t *at);
