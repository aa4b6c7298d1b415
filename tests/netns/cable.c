/* SPDX-License-Identifier: Apache-2.0 */
/* cable: sendmmsg() out of a packet socket, and a thread that walks a packet ring. */
#include "cable.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "lab/frame.h"

#define BATCH       64
#define FRAME_BYTES (FRAME_ETHERNET + UINT16_MAX)
#define BLOCK_BYTES (256U << 10)
#define BLOCKS      64U
#define RETIRE_MS   20
#define WAIT_MS     50
/* Locally administered, and nobody's: the stack behind the filter passes over such frames. */
#define MAC_MARK    0x02
#define MAC_NOBODY  0x06

struct cable {
	struct cable_counts counts;
	uint64_t zero_ns;
	int out;
	uint8_t (*frames)[FRAME_BYTES];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	uint8_t groups[BATCH];
	uint32_t bins[BATCH];
	unsigned waiting;
	int in;
	uint8_t *ring;
	unsigned block;
	pthread_t thread;
	bool stop; /* atomic */
};

/* The first number that veth tells is where its other end is; 0: it is no virtual cable. */
static unsigned peer_of(const char *name)
{
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_stats *stats = calloc(1, sizeof(*stats) + 512 * sizeof(stats->data[0]));
	struct ifreq request = { .ifr_data = (char *)&driver };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned peer = 0;

	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (stats && ioctl(fd, SIOCETHTOOL, &request) == 0 && strcmp(driver.driver, "veth") == 0) {
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = driver.n_stats < 512 ? driver.n_stats : 512;
		request.ifr_data = (char *)stats;
		if (ioctl(fd, SIOCETHTOOL, &request) == 0)
			peer = (unsigned)stats->data[0];
	}
	if (fd >= 0)
		close(fd);
	free(stats);
	return peer;
}

static int open_socket(const char *name, int protocol)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons((uint16_t)protocol),
				       .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd < 0 ? -errno : fd;
}

/* Only the mark is read. */
static int open_ring(struct cable *cable)
{
	int version = TPACKET_V3;
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, FRAME_ETHERNET) };
	struct sock_fprog cut = { .len = 1, .filter = code };
	struct tpacket_req3 request = { .tp_block_size = BLOCK_BYTES,
					.tp_block_nr = BLOCKS,
					.tp_frame_size = 2048,
					.tp_frame_nr = BLOCKS * (BLOCK_BYTES / 2048),
					.tp_retire_blk_tov = RETIRE_MS };

	if (setsockopt(cable->in, SOL_SOCKET, SO_ATTACH_FILTER, &cut, sizeof(cut)) ||
	    setsockopt(cable->in, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(cable->in, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)))
		return -errno;
	void *ring = mmap(NULL, (size_t)BLOCKS * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			  cable->in, 0);
	if (ring == MAP_FAILED)
		return -errno;
	cable->ring = ring;
	return 0;
}

static void count_frame(struct cable *cable, const uint8_t *source)
{
	uint32_t bin = (uint32_t)source[2] << 24 | (uint32_t)source[3] << 16 |
		       (uint32_t)source[4] << 8 | source[5];

	if (source[0] == MAC_MARK && source[1] < CABLE_GROUPS && bin < CABLE_BINS)
		cable->counts.arrived[source[1]][bin]++;
}

static bool read_block(struct cable *cable)
{
	struct tpacket_block_desc *block =
		(void *)(cable->ring + (size_t)cable->block * BLOCK_BYTES);
	struct tpacket_hdr_v1 *head = &block->hdr.bh1;

	if (!(__atomic_load_n(&head->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	const uint8_t *at = (const uint8_t *)block + head->offset_to_first_pkt;
	for (uint32_t i = 0; i < head->num_pkts; i++) {
		const struct tpacket3_hdr *packet = (const void *)at;
		if (packet->tp_snaplen >= FRAME_ETHERNET)
			count_frame(cable, at + packet->tp_mac + ETH_ALEN);
		at += packet->tp_next_offset;
	}
	__atomic_store_n(&head->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	cable->block = (cable->block + 1) % BLOCKS;
	return true;
}

static void *count_all(void *self)
{
	struct cable *cable = self;
	struct pollfd ready = { .fd = cable->in, .events = POLLIN };

	while (!__atomic_load_n(&cable->stop, __ATOMIC_ACQUIRE)) {
		poll(&ready, 1, WAIT_MS);
		while (read_block(cable))
			;
	}
	return NULL;
}

static int open_ends(struct cable *cable, const char *out, const char *in)
{
	if (peer_of(out) != if_nametoindex(in) || peer_of(in) != if_nametoindex(out) ||
	    !if_nametoindex(in))
		return -EPERM;
	cable->out = open_socket(out, 0);
	cable->in = open_socket(in, ETH_P_ALL);
	if (cable->out < 0 || cable->in < 0)
		return cable->out < 0 ? cable->out : cable->in;
	cable->frames = calloc(BATCH, sizeof(*cable->frames));
	if (!cable->frames)
		return -ENOMEM;
	for (unsigned i = 0; i < BATCH; i++) {
		cable->parts[i].iov_base = cable->frames[i];
		cable->messages[i].msg_hdr.msg_iov = &cable->parts[i];
		cable->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return open_ring(cable);
}

static void free_cable(struct cable *cable)
{
	if (cable->ring)
		munmap(cable->ring, (size_t)BLOCKS * BLOCK_BYTES);
	if (cable->out >= 0)
		close(cable->out);
	if (cable->in >= 0)
		close(cable->in);
	free(cable->frames);
	free(cable);
}

int cable_open(const char *out, const char *in, uint64_t zero_ns, struct cable **ret_cable)
{
	struct cable *cable = calloc(1, sizeof(*cable));

	if (!cable)
		return -ENOMEM;
	cable->zero_ns = zero_ns;
	cable->out = cable->in = -1;
	int err = open_ends(cable, out, in);
	if (!err)
		err = -pthread_create(&cable->thread, NULL, count_all, cable);
	if (err) {
		free_cable(cable);
		return err;
	}
	*ret_cable = cable;
	return 0;
}

/* Headers of the frame before are wiped away; what is behind them is zeros ever since. */
static size_t write_frame(uint8_t *frame, const struct lab_packet *packet)
{
	size_t len;

	memset(frame, 0, FRAME_ETHERNET + FRAME_IP_MAX);
	frame_ip(frame_ethernet(frame, frame_is_v4(packet) ? 4 : 6), packet, &len);
	return FRAME_ETHERNET + len;
}

void cable_put(struct cable *cable, const struct lab_packet *packet, enum cable_group group,
	       uint64_t now_ns)
{
	uint64_t bin = now_ns > cable->zero_ns ? (now_ns - cable->zero_ns) / CABLE_BIN_NS : 0;
	unsigned i = cable->waiting;
	uint8_t *frame = cable->frames[i];

	if (bin >= CABLE_BINS)
		return;
	cable->parts[i].iov_len = write_frame(frame, packet);
	const uint8_t marks[2 * ETH_ALEN] = {
		MAC_NOBODY,
		0,
		0,
		0,
		0,
		0,
		MAC_MARK,
		(uint8_t)group,
		(uint8_t)(bin >> 24),
		(uint8_t)(bin >> 16),
		(uint8_t)(bin >> 8),
		(uint8_t)bin,
	};
	memcpy(frame, marks, sizeof(marks));
	cable->groups[i] = (uint8_t)group;
	cable->bins[i] = (uint32_t)bin;
	if (++cable->waiting == BATCH)
		cable_flush(cable);
}

void cable_flush(struct cable *cable)
{
	unsigned done = 0;

	while (done < cable->waiting) {
		int n = sendmmsg(cable->out, cable->messages + done, cable->waiting - done, 0);
		for (int i = 0; i < n; i++, done++)
			cable->counts.sent[cable->groups[done]][cable->bins[done]]++;
		if (n <= 0 && errno != EINTR) {
			cable->counts.unsent++;
			done++;
		}
	}
	cable->waiting = 0;
}

void cable_close(struct cable *cable, struct cable_counts *ret_counts)
{
	struct tpacket_stats_v3 stats = { 0 };
	socklen_t len = sizeof(stats);

	cable_flush(cable);
	usleep(10 * RETIRE_MS * 1000);
	__atomic_store_n(&cable->stop, true, __ATOMIC_RELEASE);
	pthread_join(cable->thread, NULL);
	while (read_block(cable))
		;
	(void)getsockopt(cable->in, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	cable->counts.missed = stats.tp_drops;
	*ret_counts = cable->counts;
	free_cable(cable);
}
