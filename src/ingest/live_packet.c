/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_packet: a TPACKET_V3 ring in, flows of sampled packets out.
 *
 * The kernel samples (classic BPF, SKF_AD_RANDOM) and cuts packets to their
 * headers before they are copied; with several threads, PACKET_FANOUT by the
 * hash of the flow spreads them. See packet(7) and the kernel's packet_mmap
 * documentation. What the driver or stack put together to one large packet is
 * counted as the packets it is worth. Not done: hardware timestamps.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ingest/live_part.h"

/* Enough for all headers up to the transport's within a tunnel. */
#define SNAP_BYTES  256
#define BLOCK_BYTES (128U << 10)
/* Packets of a block that does not fill wait no longer than this. */
#define RETIRE_MS   20

struct packet_source {
	struct live live;
	struct live_options options; /* its `name` is live.name */
	int epoll_fd;                /* the source's own: its socket may change */
	int fd;                      /* -1: closed, to be opened again */
	uint8_t *ring;
	unsigned block_count;
	unsigned block_at; /* the next one the kernel will hand over */
	uint64_t due_ns;   /* monotonic: when to try again */
};

static struct tpacket_block_desc *block_of(const struct packet_source *p, unsigned i)
{
	return (struct tpacket_block_desc *)(p->ring + (size_t)i * BLOCK_BYTES);
}

static int set_filter(int fd, uint32_t sampling)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_RANDOM),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SNAP_BYTES),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog all = { .len = 1, .filter = &code[2] };
	struct sock_fprog some = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (sampling > 1)
		code[1].k = (uint32_t)((1ULL << 32) / sampling);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, sampling > 1 ? &some : &all,
			  sizeof(all))
		       ? -errno
		       : 0;
}

static int set_ring(struct packet_source *p)
{
	int version = TPACKET_V3;
	unsigned blocks = (unsigned)(p->options.ring_bytes / BLOCK_BYTES);
	struct tpacket_req3 request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = blocks,
		.tp_frame_size = 2048, /* only has to divide a block; packets lie densely */
		.tp_frame_nr = blocks * (BLOCK_BYTES / 2048),
		.tp_retire_blk_tov = RETIRE_MS,
	};

	if (setsockopt(p->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(p->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)))
		return -errno;
	void *ring = mmap(NULL, (size_t)blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			  p->fd, 0);
	if (ring == MAP_FAILED)
		return -errno;
	p->ring = ring;
	p->block_count = blocks;
	p->block_at = 0;
	return 0;
}

static int set_membership(const struct packet_source *p)
{
	struct packet_mreq request = { .mr_ifindex = (int)p->live.link.index,
				       .mr_type = PACKET_MR_PROMISC };
	int one = 1;

	/* A packet on loopback is seen as it leaves and as it comes; once is enough. */
	if (p->live.link.loopback &&
	    setsockopt(p->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)))
		return -errno;
	if (p->options.promiscuous &&
	    setsockopt(p->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)))
		return -errno;
	return 0;
}

static int set_group(const struct packet_source *p)
{
	int group = p->options.group | (PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_ROLLOVER) << 16;

	if (!p->options.group)
		return 0;
	return setsockopt(p->fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) ? -errno : 0;
}

static void close_ring(struct packet_source *p)
{
	if (p->ring)
		munmap(p->ring, (size_t)p->block_count * BLOCK_BYTES);
	p->ring = NULL;
	/* Closing takes it out of the epoll instance too. */
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static int watch(const struct packet_source *p)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->fd, &event) ? -errno : 0;
}

/* Protocol 0 until all is set: nothing unsampled gets in before the filter is there. */
static int open_ring(struct packet_source *p)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)p->live.link.index };

	/* Without Ethernet there are many link headers: the kernel takes them off. */
	p->fd = socket(
		AF_PACKET,
		(p->live.link.ethernet ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return -errno;
	int err = set_filter(p->fd, p->options.sampling);
	if (!err)
		err = set_ring(p);
	if (!err)
		err = set_membership(p);
	if (!err && bind(p->fd, (const struct sockaddr *)&address, sizeof(address)))
		err = -errno;
	if (!err)
		err = set_group(p);
	if (!err)
		err = watch(p);
	if (err)
		close_ring(p);
	return err;
}

static enum packet_link link_of(uint16_t protocol)
{
	return protocol == ETH_P_MPLS_UC || protocol == ETH_P_MPLS_MC ? PACKET_MPLS : PACKET_IP;
}

static bool is_ip(uint16_t protocol)
{
	return protocol == ETH_P_IP || protocol == ETH_P_IPV6 || protocol == ETH_P_MPLS_UC ||
	       protocol == ETH_P_MPLS_MC;
}

static void take_packet(struct packet_source *p, struct live_batch *batch,
			const struct tpacket3_hdr *header)
{
	const struct sockaddr_ll *from =
		(const void *)((const uint8_t *)header + TPACKET_ALIGN(sizeof(*header)));
	uint16_t protocol = ntohs(from->sll_protocol);
	struct live_packet packet = {
		.view = { .data = (const uint8_t *)header + header->tp_mac,
			  .len = header->tp_snaplen,
			  .wire_len = header->tp_len,
			  .link = PACKET_ETHERNET },
		.egress = from->sll_pkttype == PACKET_OUTGOING,
	};

	if (header->tp_status & TP_STATUS_VLAN_VALID)
		packet.vlan = header->hv1.tp_vlan_tci & 0xfff;
	if (!p->live.link.ethernet) {
		packet.view.data = (const uint8_t *)header + header->tp_net;
		packet.view.link = link_of(protocol);
		if (!is_ip(protocol)) {
			p->live.source.stats.received++;
			p->live.source.stats.others++;
			return;
		}
	}
	live_take(batch, &packet);
}

static void take_block(struct packet_source *p, struct live_batch *batch)
{
	const struct tpacket_block_desc *block = block_of(p, p->block_at);
	const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

	for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *header = (const void *)at;
		take_packet(p, batch, header);
		at += header->tp_next_offset;
	}
}

/* Nothing to read and yet awake: the interface went down, or away. Asking clears the error. */
static void take_error(struct packet_source *p)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error)
		p->live.source.stats.error = -error;
}

static int read_ring(struct source *source, uint64_t now_ns, struct decode_state *state,
		     const struct flow_sink *sink)
{
	struct packet_source *p = (struct packet_source *)source;
	struct live_batch batch;

	if (p->fd < 0)
		return 0;
	struct tpacket_block_desc *block = block_of(p, p->block_at);
	uint32_t status = __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
	if (!(status & TP_STATUS_USER)) {
		take_error(p);
		return 0;
	}
	if (live_begin(&batch, &p->live, now_ns, state, sink))
		take_block(p, &batch);
	live_end(&batch);
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	p->block_at = (p->block_at + 1) % p->block_count;
	return 1;
}

static void count_drops(struct packet_source *p)
{
	struct tpacket_stats_v3 stats;
	socklen_t len = sizeof(stats);

	/* Reading them sets them to zero. */
	if (p->fd >= 0 && getsockopt(p->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		p->live.source.stats.kernel_drops += stats.tp_drops;
}

/* Is it the interface that was opened, and does it work? Else let go of it, or take it up again. */
static void refresh(struct source *source, uint64_t now_ns)
{
	struct packet_source *p = (struct packet_source *)source;
	struct live_link link;
	int err = live_link_of(p->live.name, &link);

	(void)now_ns;
	count_drops(p);
	if (p->fd >= 0 && link.index != p->live.link.index)
		close_ring(p);
	if (!err && !link.up)
		err = -ENETDOWN;
	if (!err && p->fd < 0) {
		p->live.link = link;
		err = open_ring(p);
	}
	source->stats.error = err;
	source->stats.if_index = link.index;
}

static void close_source(struct source *source)
{
	struct packet_source *p = (struct packet_source *)source;

	close_ring(p);
	if (p->epoll_fd >= 0)
		close(p->epoll_fd);
	free(p);
}

static const struct source_kind packet_kind = {
	.name = "packet",
	.read = read_ring,
	.refresh = refresh,
	.close = close_source,
};

/* A group that others have taken shows as EINVAL; the caller tries another number. */
int live_packet_open(const struct live_options *options, struct source **ret_source,
		     struct text *error)
{
	struct packet_source *p = calloc(1, sizeof(*p)); /* banned-ok: at open */
	int err = p ? 0 : -ENOMEM;

	if (p) {
		p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		p->fd = -1;
		live_init(&p->live, &packet_kind, options, p->epoll_fd);
		p->options = *options;
		p->options.name = p->live.name;
		err = p->epoll_fd < 0 ? -errno : live_link_of(options->name, &p->live.link);
	}
	if (!err)
		err = p->live.link.up ? open_ring(p) : 0;
	if (err) {
		live_explain(error, options->name, err, "CAP_NET_RAW");
		if (p)
			close_source(&p->live.source);
		return err;
	}
	p->live.source.stats.if_index = p->live.link.index;
	p->live.source.stats.error = p->live.link.up ? 0 : -ENETDOWN;
	*ret_source = &p->live.source;
	return 0;
}
