/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcap_out: what encoders send in, a packet capture out.
 *
 * A datagram becomes an Ethernet frame with IPv4 and UDP headers, a bare packet a frame with an
 * Ethernet header. Written from front to back, so a FIFO will do. One thread.
 */
#pragma once

#include "lab/encoder.h"

struct lab_pcap_out;

/**
 * lab_pcap_out_open() - begin a capture with nanosecond stamps.
 * @path: file (overwritten) or FIFO (waits for its reader); "-": standard output
 * @collector: IPv4 address that datagrams go to; copied
 * @ret_out: for lab_pcap_out_close(); untouched on failure
 *
 * A FIFO whose reader has gone raises SIGPIPE; the caller ignores that, and gets -EPIPE.
 *
 * Return: 0 or a negative errno.
 */
WEIR_CHECK int lab_pcap_out_open(const char *path, const struct ip *collector,
				 struct lab_pcap_out **ret_out);

/** lab_pcap_out_sink() - what an encoder writes into; valid until the close. */
struct lab_sink lab_pcap_out_sink(struct lab_pcap_out *out);

/** lab_pcap_out_error() - 0, or the first error of writing, after which nothing is written. */
int lab_pcap_out_error(const struct lab_pcap_out *out);

/** lab_pcap_out_datagrams() - frames given to it so far. */
uint64_t lab_pcap_out_datagrams(const struct lab_pcap_out *out);

/** lab_pcap_out_close() - write the rest, close, free. Return: 0, or the first error. */
int lab_pcap_out_close(struct lab_pcap_out *out);
