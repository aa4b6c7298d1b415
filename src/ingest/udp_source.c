/* SPDX-License-Identifier: Apache-2.0 */
/* udp_source: one socket of ingest/udp as a source; datagrams in, flows out through the decoders. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ingest/state.h"
#include "ingest/udp.h"

struct udp_source {
	struct source source;
	struct udp_socket socket;
	struct udp_receiver *receiver; /* shared by all sockets of the thread */
};

struct reading {
	struct decode_state *state;
	const struct flow_sink *sink;
};

static void take_datagram(void *self, const struct datagram *datagram)
{
	const struct reading *reading = self;

	decode_datagram(reading->state, NULL, datagram, reading->sink);
}

static int read_socket(struct source *source, uint64_t now_ns, struct decode_state *state,
		       const struct flow_sink *sink)
{
	struct udp_source *udp = (struct udp_source *)source;
	struct reading reading = { .state = state, .sink = sink };
	const struct udp_stats before = *udp_receiver_stats(udp->receiver);
	int count = udp_receive(udp->receiver, &udp->socket, now_ns, take_datagram, &reading);
	const struct udp_stats *now = udp_receiver_stats(udp->receiver);

	source->stats.received += now->datagrams - before.datagrams;
	source->stats.bytes += now->bytes - before.bytes;
	source->stats.kernel_drops += now->kernel_drops - before.kernel_drops;
	source->stats.truncated += now->truncated - before.truncated;
	return count;
}

/* Drops at the end of a burst are told by no datagram. */
static void refresh_socket(struct source *source, uint64_t now_ns)
{
	struct udp_source *udp = (struct udp_source *)source;
	uint64_t drops = 0;
	uint64_t queued = 0;

	(void)now_ns;
	if (udp_refresh(udp->receiver, &udp->socket, &drops, &queued))
		return;
	source->stats.kernel_drops += drops;
	source->stats.queued_bytes = queued;
}

static void close_socket(struct source *source)
{
	struct udp_source *udp = (struct udp_source *)source;

	close(udp->socket.fd);
	udp_receiver_free(udp->receiver);
	free(udp);
}

static const struct source_kind udp_kind = {
	.name = "udp",
	.read = read_socket,
	.refresh = refresh_socket,
	.close = close_socket,
};

/* What the kernel granted; it tells the double, for what it needs itself. */
static uint64_t buffer_of(int fd)
{
	int doubled = 0;
	socklen_t len = sizeof(doubled);

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &doubled, &len))
		return 0;
	return (uint64_t)doubled / 2;
}

int udp_source_open(struct udp_receiver *receiver, int fd, uint16_t port, const char *name,
		    struct source **ret_source)
{
	struct udp_source *udp = calloc(1, sizeof(*udp)); /* banned-ok: at open */

	if (!udp)
		return -ENOMEM;
	source_init(&udp->source, &udp_kind, name, fd);
	udp->socket = (struct udp_socket){ .fd = fd, .port = port };
	udp->source.stats.buffer_bytes = buffer_of(fd);
	udp->receiver = udp_receiver_share(receiver);
	*ret_source = &udp->source;
	return 0;
}
