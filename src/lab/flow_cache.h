/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_cache: sampled packets in, flow records out, as a router's cache makes them.
 *
 * A flow ends when it is old (active timeout), silent (inactive timeout), over (FIN, RST), or
 * when its room is needed. Timeouts are looked for once a second. Memory is taken at open; as
 * many flows fit as the exporter says. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/encoder.h"

/** One flow; packets and octets are the sampled ones. */
struct lab_flow {
	struct ip src;
	struct ip dst;
	uint32_t in_if;
	uint32_t out_if;
	uint16_t sport; /**< ICMP: 0 */
	uint16_t dport; /**< ICMP: type << 8 | code */
	uint8_t proto;
	uint8_t tos;
	uint8_t tcp_flags; /**< of all packets */
	uint64_t packets;
	uint64_t octets; /**< of IP packets */
	uint64_t first_ns;
	uint64_t last_ns;
};

/** Receives flows that ended, at @now_ns; they are borrowed. */
struct lab_flow_sink {
	void (*flow)(void *self, const struct lab_flow *flow, uint64_t now_ns);
	void *self;
};

struct lab_flow_cache;

/**
 * lab_flow_cache_new() - an empty cache.
 * @exporter: its timeouts, cache_flows and boot_ns; copied
 * @ret_cache: for lab_flow_cache_free(); untouched on failure
 *
 * Return: 0, -EINVAL without room for a flow, -ENOMEM.
 */
WEIR_CHECK int lab_flow_cache_new(const struct lab_exporter *exporter,
				  const struct lab_flow_sink *sink,
				  struct lab_flow_cache **ret_cache);

/** lab_flow_cache_packet() - account a packet; times never go back. */
void lab_flow_cache_packet(struct lab_flow_cache *cache, const struct lab_packet *packet);

/** lab_flow_cache_time() - once a second of its uptime, give on what ended. */
void lab_flow_cache_time(struct lab_flow_cache *cache, uint64_t now_ns);

/** lab_flow_cache_flush() - give on all that is in it, the oldest first. */
void lab_flow_cache_flush(struct lab_flow_cache *cache, uint64_t now_ns);

/** lab_flow_cache_forget() - empty it without a word, as a restart does. */
void lab_flow_cache_forget(struct lab_flow_cache *cache);

/** lab_flow_cache_count() - flows in it. */
size_t lab_flow_cache_count(const struct lab_flow_cache *cache);

/** lab_flow_cache_free() - NULL is fine; what is in it is lost. */
void lab_flow_cache_free(struct lab_flow_cache *cache);
