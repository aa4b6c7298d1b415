/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live: the interfaces of this machine as sources of sampled packets.
 *
 * One packet of N becomes a flow of source FLOW_PACKET with sampling N. An
 * interface is an exporter without address, its index the observation domain.
 * Two ways lead here: a packet socket with a ring (live_packet.c) that sees
 * both directions, and a sampler in XDP (live_xdp.c) that sees what comes in
 * and counts all of it. An interface that goes away is taken up again when it
 * is back; meanwhile `error` in the source's stats says why it gives nothing.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>

#include "base/text.h"
#include "ingest/source.h"

/** What to sample, and how. */
struct live_options {
	const char *name; /**< of the interface */
	uint32_t sampling;
	bool promiscuous;
	uint64_t ring_bytes; /**< memory for packets that wait */
	uint16_t group;      /**< of the sockets of all threads; 0: there is one thread */
	bool native_only;    /**< XDP: not behind the driver */
};

/**
 * live_packet_open() - a packet socket on an interface as a source of one thread.
 * @options: borrowed
 * @error: gets one line for people on failure: what, and what to do
 *
 * An interface that is down is no failure, one that is not there is. Return: 0 or negative errno.
 */
WEIR_CHECK int live_packet_open(const struct live_options *options, struct source **ret_source,
				struct text *error);

/** live_has_xdp() - was this program built with BPF? */
bool live_has_xdp(void);

/**
 * live_xdp_open() - the XDP sampler on an interface as a source; one for all threads.
 *
 * As live_packet_open(). The program is detached when the source is closed, or the process ends
 * in whatever way. Return: 0; -EBUSY when another XDP program is there; -EOPNOTSUPP with
 * @options->native_only when the driver cannot do it, or without BPF; other negative errno.
 */
WEIR_CHECK int live_xdp_open(const struct live_options *options, struct source **ret_source,
			     struct text *error);
