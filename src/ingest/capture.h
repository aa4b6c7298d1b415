/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture: packet-capture files as a source of flows.
 *
 * A pcap or pcapng file in, through libpcap; out come either the flows of the
 * exporter datagrams it holds, or one flow for each IP packet. Which of the
 * two is recognised from the first packets. One thread; memory is taken when
 * the file is opened, reading takes none.
 *
 * Not done: reassembly (fragments of datagrams are counted), compressed files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "ingest/decoder.h"
#include "ingest/packet.h"

struct capture;

/** What a capture file holds. */
enum capture_kind {
	CAPTURE_PACKETS,   /**< traffic: each IP packet is a flow */
	CAPTURE_TELEMETRY, /**< datagrams of exporters */
};

/** The name that forces CAPTURE_PACKETS, beside the decoders' names. */
#define CAPTURE_AS_PACKETS "packets"

/** One packet of a capture; the bytes are borrowed until the next one is read. */
struct capture_packet {
	struct packet_view view;
	uint64_t time_ns; /**< wall time of capture */
};

/** Who is told about the reading; each may be NULL. */
struct capture_hooks {
	/**
	 * Before each packet is used: the virtual clock. Never goes back, also where the
	 * packets of the file do. All flows of earlier packets are with the sink by then.
	 */
	void (*time)(void *self, uint64_t now_ns);
	/** Now and then, and at the end: bytes of the file read so far, and in all; 0: unknown. */
	void (*progress)(void *self, uint64_t done_bytes, uint64_t total_bytes);
	/** Asked before each packet: shall it end here? What came before is used. */
	bool (*stop)(void *self);
	void *self;
};

/** What to read. */
struct capture_request {
	const char *path; /**< "-" for standard input */
	FILE *stream;   /**< where it is open already, and @path only its name: closed at the end */
	const char *as; /**< decoder name or CAPTURE_AS_PACKETS; NULL to recognise */
	struct capture_hooks hooks;
};

/** What was read; capture_read() adds to it. What made no flow is counted in the decode state. */
struct capture_stats {
	uint64_t packets;   /**< packets read */
	uint64_t datagrams; /**< of those, UDP datagrams given to a decoder */
	uint64_t fragments; /**< in telemetry: fragments of UDP datagrams, of no use to decoders */
	uint64_t others;    /**< in telemetry: packets that are no UDP */
	uint64_t flows;     /**< flows given to the sink */
	uint64_t late;      /**< packets over a second older than one before, in whichever file */
	uint64_t first_ns;  /**< earliest time of a packet */
	uint64_t last_ns;   /**< latest */
	enum capture_kind kind; /**< of the latest file */
};

/**
 * capture_read() - all flows of a file.
 * @state: its exporters, templates and counters carry on from file to file
 * @sink: gets the flows; those of packets have source FLOW_PACKET, exporter zero, sampling 1
 *        (source "header": a capture holds every packet) and start = end = time of the packet
 * @stats: zeroed by the caller before the first file
 * @error: on failure one line for people: file, place, what is wrong, what to do
 *
 * Of a file that is cut short, all that comes before the cut is used first.
 *
 * Return: 0; negative errno when the file cannot be opened, -EINVAL for an unknown @as,
 * -WEIR_EFORMAT for no capture or one of an unknown link layer, -WEIR_ETRUNC for one that ends
 * early, -EINTR when a hook stopped it.
 */
WEIR_CHECK int capture_read(const struct capture_request *request, struct decode_state *state,
			    const struct flow_sink *sink, struct capture_stats *stats,
			    struct text *error);

/**
 * capture_open() - open a file and look at its first packets.
 * @stream: open already, now the capture's; NULL: @path is opened
 * @error: as capture_read()
 * @ret_capture: untouched on failure; release with capture_close()
 */
WEIR_CHECK int capture_open(const char *path, FILE *stream, struct text *error,
			    struct capture **ret_capture);

/** capture_close() - NULL is fine. */
void capture_close(struct capture *capture);

/**
 * capture_next() - read one packet.
 *
 * Return: 1; 0 at the end; -WEIR_ETRUNC, -WEIR_EFORMAT with @error filled.
 */
WEIR_CHECK int capture_next(struct capture *capture, struct capture_packet *ret_packet,
			    struct text *error);

/**
 * capture_kind() - what the first packets of the file look like.
 *
 * Telemetry if a decoder takes at least half of the whole UDP datagrams among them for its own,
 * whatever their port, and these are at least a tenth of all packets. The packets are still to
 * be read by capture_next().
 */
enum capture_kind capture_kind(const struct capture *capture);

/** capture_progress() - bytes of the file read so far, and its size; 0 where unknown. */
void capture_progress(const struct capture *capture, uint64_t *ret_done, uint64_t *ret_total);

/**
 * capture_datagram() - the exporter datagram of a packet.
 * @ret_datagram: its bytes are the packet's; untouched on failure
 *
 * Return: 0; -(enum reason) - 1 as packet_udp(), with REASON_FRAGMENT for fragments.
 */
WEIR_CHECK int capture_datagram(const struct capture_packet *packet, struct datagram *ret_datagram);
