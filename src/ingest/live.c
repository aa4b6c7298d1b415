/* SPDX-License-Identifier: Apache-2.0 */
/* live: packets of an interface in, flows of sampled packets out (live.h). */
#include "ingest/live.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ingest/live_part.h"

/* Headers of a TCP packet without options, for what segmentation offload left out. */
#define IPV4_TCP_HEADERS 40
#define IPV6_TCP_HEADERS 60

static int look(int fd, struct ifreq *request, struct live_link *link)
{
	if (ioctl(fd, SIOCGIFFLAGS, request))
		return -errno;
	link->up = request->ifr_flags & IFF_UP;
	link->loopback = request->ifr_flags & IFF_LOOPBACK;
	if (ioctl(fd, SIOCGIFHWADDR, request))
		return -errno;
	link->ethernet = request->ifr_hwaddr.sa_family == ARPHRD_ETHER ||
			 request->ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	if (ioctl(fd, SIOCGIFMTU, request))
		return -errno;
	link->mtu = (unsigned)request->ifr_mtu;
	if (ioctl(fd, SIOCGIFINDEX, request))
		return -errno;
	link->index = (unsigned)request->ifr_ifindex;
	return 0;
}

int live_link_of(const char *name, struct live_link *ret_link)
{
	struct live_link link = { 0 };
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	int err = look(fd, &request, &link);
	close(fd);
	*ret_link = err ? (struct live_link){ 0 } : link;
	return err;
}

void live_init(struct live *live, const struct source_kind *kind,
	       const struct live_options *options, int fd)
{
	source_init(&live->source, kind, options->name, fd);
	snprintf(live->name, sizeof(live->name), "%s", options->name);
	live->sampling = options->sampling;
	live->source.stats.sampling = options->sampling;
}

bool live_begin(struct live_batch *batch, struct live *live, uint64_t now_ns,
		struct decode_state *state, const struct flow_sink *sink)
{
	*batch = (struct live_batch){ .live = live,
				      .state = state,
				      .datagram = { .received_ns = now_ns } };
	batch->exporter = exporter_of(state, &batch->datagram, FLOW_PACKET, live->link.index);
	if (batch->exporter) {
		/* A batch is no datagram. */
		batch->exporter->stats.datagrams--;
		exporter_label(batch->exporter, live->name, strlen(live->name));
	}
	state->sink = sink;
	return batch->exporter != NULL;
}

void live_end(struct live_batch *batch)
{
	flow_flush(batch->state);
	batch->state->sink = NULL;
}

/*
 * What is longer than the interface's packets can be was many packets on the wire, put together
 * before we saw it or not yet taken apart. How many is told by what fits into one.
 */
static void undo_offload(const struct live *live, struct flow *flow)
{
	unsigned headers = ip_is_v4(&flow->src) ? IPV4_TCP_HEADERS : IPV6_TCP_HEADERS;

	if (flow->bytes <= live->link.mtu || live->link.mtu <= headers || live->link.loopback)
		return;
	uint64_t payload = flow->bytes - headers;
	uint64_t room = live->link.mtu - headers;

	flow->packets = (payload + room - 1) / room;
	flow->bytes = payload + flow->packets * headers;
}

void live_take(struct live_batch *batch, const struct live_packet *packet)
{
	struct live *live = batch->live;
	struct exporter *exporter = batch->exporter;

	live->source.stats.received++;
	live->source.stats.bytes += packet->view.wire_len;
	exporter->stats.datagrams++;
	struct flow *flow = flow_begin(batch->state, exporter, &batch->datagram);
	int r = packet_parse(&packet->view, flow);
	if (r < 0) {
		/* ARP and the like are no fault of anybody. */
		if (r == -(int)REASON_NOT_IP - 1)
			live->source.stats.others++;
		else
			exporter->stats.undecodable[-r - 1]++;
		return;
	}
	undo_offload(live, flow);
	flow->start_ns = batch->datagram.received_ns;
	flow->end_ns = batch->datagram.received_ns;
	flow->has |= FLOW_HAS_START | FLOW_HAS_END;
	flow->egress = packet->egress;
	if (packet->egress) {
		flow->out_if = live->link.index;
		flow->has |= FLOW_HAS_OUT_IF;
	} else {
		flow->in_if = live->link.index;
		flow->has |= FLOW_HAS_IN_IF;
	}
	if (packet->vlan && !(flow->has & FLOW_HAS_VLAN)) {
		flow->vlan = packet->vlan;
		flow->has |= FLOW_HAS_VLAN;
	}
	flow_commit(batch->state, exporter, live->sampling, SAMPLING_HEADER);
}

void live_explain(struct text *error, const char *name, int err, const char *needs)
{
	if (err == -ENODEV || err == -ENXIO)
		text_addf(error,
			  "there is no interface %s: `ip -br link` lists those there are, correct "
			  "`listen.interface`",
			  name);
	else if (err == -EPERM || err == -EACCES)
		text_addf(error,
			  "sampling %s needs %s: run as root, or put AmbientCapabilities=%s into "
			  "the systemd unit",
			  name, needs, needs);
	else if (err == -ENOMEM || err == -ENOBUFS)
		text_addf(error,
			  "sampling %s: the kernel has no memory for the ring; lower "
			  "`ingest.packet_ring`",
			  name);
	else
		text_addf(error, "sampling %s: %s", name, err_text(err));
}
