/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp: the sockets that telemetry arrives on, and datagrams out of them.
 *
 * For each configured address and port one socket a thread, in one
 * SO_REUSEPORT group. A classic BPF program picks the socket by the sender's
 * address alone, so that an exporter's templates and sequence numbers stay on
 * one thread whatever source ports it uses.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "ingest/source.h"

/** How to open sockets. */
struct udp_options {
	unsigned threads;      /**< how many sockets for each address and port */
	uint64_t buffer_bytes; /**< receive buffer to ask for */
	bool gro;              /**< let the kernel hand over several datagrams in one piece */
};

/**
 * udp_group_open() - open the sockets of one address and port.
 * @listen: borrowed
 * @options: a kernel without UDP_GRO is no error: datagrams then come one by one
 * @fds: gets `threads` descriptors, owned by the caller
 * @ret_granted: buffer really granted to each, in bytes
 * @error: gets one line for people on failure: what, and what to do
 *
 * Return: 0 or negative errno; nothing stays open on failure.
 */
WEIR_CHECK int udp_group_open(const struct config_listen *listen, const struct udp_options *options,
			      int *fds, uint64_t *ret_granted, struct text *error);

/** Counters of one receiver. */
struct udp_stats {
	uint64_t datagrams;
	uint64_t bytes;
	uint64_t pieces;       /**< that the kernel handed over; less than datagrams with UDP_GRO */
	uint64_t kernel_drops; /**< lost because we were too slow, in pieces */
	uint64_t truncated;    /**< cut short; not decoded */
};

/** A socket of a group and what is remembered about it. */
struct udp_socket {
	int fd;         /**< from udp_group_open() */
	uint16_t port;  /**< it is bound to */
	uint32_t drops; /**< the kernel's drop counter when last seen */
};

struct udp_receiver;

/** udp_receiver_new() - buffers for receiving many datagrams a call. NULL when memory is short. */
struct udp_receiver *udp_receiver_new(void);

/** udp_receiver_share() - one more holder, in the same thread. Return: @receiver. */
struct udp_receiver *udp_receiver_share(struct udp_receiver *receiver);

/** udp_receiver_free() - one holder less; the last one frees. NULL is fine. */
void udp_receiver_free(struct udp_receiver *receiver);

/**
 * udp_receive() - take what is waiting on a socket, one batch at the most.
 *
 * A piece of several datagrams (UDP_GRO) is taken apart: all of one length, the last may be
 * shorter. @handle and the counters see datagrams.
 * @socket: `drops` is kept up to date
 * @now_ns: receive time to note, wall clock
 * @handle: called for each datagram; the bytes are valid during the call only
 *
 * Return: datagrams handled, 0 when none waits, negative errno on failure.
 */
int udp_receive(struct udp_receiver *receiver, struct udp_socket *socket, uint64_t now_ns,
		void (*handle)(void *self, const struct datagram *datagram), void *self);

/**
 * udp_refresh() - what the kernel says about a socket now, also while nothing arrives.
 * @ret_drops: lost and not counted yet; counted in the receiver's statistics by this call
 * @ret_queued: bytes of kernel memory that wait to be read
 *
 * Return: 0, or negative errno from a kernel that does not tell (before Linux 4.12).
 */
WEIR_CHECK int udp_refresh(struct udp_receiver *receiver, struct udp_socket *socket,
			   uint64_t *ret_drops, uint64_t *ret_queued);

/** udp_receiver_stats() - counters so far. */
const struct udp_stats *udp_receiver_stats(const struct udp_receiver *receiver);

/**
 * udp_source_open() - a socket of a group as a source of its ingest thread.
 * @receiver: shared with the other sockets of the thread
 * @fd: from udp_group_open(); taken on success
 * @port: it is bound to
 * @name: address and port in words, copied
 *
 * Return: 0 or -ENOMEM.
 */
WEIR_CHECK int udp_source_open(struct udp_receiver *receiver, int fd, uint16_t port,
			       const char *name, struct source **ret_source);
