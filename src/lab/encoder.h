/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encoder: sampled packets in, an exporter's datagrams out.
 *
 * One folder-less file each: sFlow v5, NetFlow v9, IPFIX (the latter two behind one flow cache), and a
 * packet capture. Deterministic: the same packets give the same bytes. One thread; allocates at open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "lab/packet.h"

/** A datagram of an exporter, or a bare IP packet in packet mode. */
struct lab_datagram {
	uint64_t time_ns;
	const struct ip *exporter; /**< NULL: a packet */
	const uint8_t *data;       /**< belongs to who gives it, until the call returns */
	size_t len;                /**< of @data */
	size_t wire_len;           /**< of the packet, of which the first @len bytes are given */
	uint16_t port;             /**< of the collector */
};

/** Takes what goes out, in order of time. */
struct lab_sink {
	void (*datagram)(void *self, const struct lab_datagram *datagram);
	void *self;
};

/** What an exporter is like. */
struct lab_exporter {
	struct ip address;
	uint32_t sampling;            /**< 1:N */
	uint32_t sampling_announced;  /**< what it says; 0: `sampling`; another one in a fault */
	uint32_t active_timeout_ms;   /**< flow caches: flows that go on are reported at this age */
	uint32_t inactive_timeout_ms; /**< flow caches: and after this silence */
	uint32_t cache_flows;         /**< flow caches: room for so many; the oldest go early */
	int64_t clock_offset_ns;      /**< its clock less the true time */
	uint64_t boot_ns;             /**< when its uptime began (true time) */
	uint64_t template_every_ns;   /**< v9, IPFIX: templates are sent again after this */
	/* Faults; all zero: none. Times are true ones. */
	uint64_t
		announced_from_ns; /**< until then it announces `sampling`; 0: from the beginning */
	uint64_t templates_off_ns; /**< v9, IPFIX: no templates or options from here */
	uint64_t templates_on_ns;  /**< to here */
	uint64_t restart_ns;       /**< v9, IPFIX: it begins again, with other template ids */
};

/** The rate that an exporter announces at @now_ns. */
static inline uint32_t lab_exporter_announced(const struct lab_exporter *exporter, uint64_t now_ns)
{
	bool other = exporter->sampling_announced && now_ns >= exporter->announced_from_ns;

	return other ? exporter->sampling_announced : exporter->sampling;
}

/** An encoder's descriptor. */
struct lab_encoder {
	const char *mode; /**< "sflow", "netflow9", "ipfix", "packet" */
	uint16_t port;    /**< destination port of its datagrams; 0: packets */
	int (*open)(const struct lab_exporter *exporter, const struct lab_sink *sink,
		    void **ret_state);
	/** A sampled packet; times never go back. */
	void (*packet)(void *state, const struct lab_packet *packet);
	/**
	 * Time goes on to @now_ns: expire flows, flush what waits (sFlow agents and exporters hold a
	 * datagram back for at most a second). @pool: packets that passed the exporter since the last
	 * call, sampled or not. @octets: bytes of them. Called every 100 ms of simulated time.
	 */
	void (*time)(void *state, uint64_t now_ns, uint64_t pool, uint64_t octets);
	/** Send all that waits; the exporter is switched off. */
	void (*close)(void *state);
};

extern const struct lab_encoder lab_encoder_sflow;
extern const struct lab_encoder lab_encoder_netflow9;
extern const struct lab_encoder lab_encoder_ipfix;
extern const struct lab_encoder lab_encoder_packet;
