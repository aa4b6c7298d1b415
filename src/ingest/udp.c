/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp: sockets in, datagrams out (recvmmsg, SO_REUSEPORT, UDP_GRO, SO_RXQ_OVFL).
 *
 * Groups are opened by the control thread; a receiver belongs to one ingest
 * thread. See Linux' filter documentation for SKF_NET_OFF.
 */
#include "ingest/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH       64
/* The largest UDP payload there is, and the largest piece that UDP_GRO makes. */
#define PIECE_MAX   65536
/* From buffer to buffer: at 64 KiB all of them would begin in the same lines of the cache. */
#define STRIDE      (PIECE_MAX + 24 * 64)
/* So much is read in one go, that it is still in the cache when it is decoded. */
#define BATCH_BYTES ((uint64_t)512 << 10)
#define BATCH_LEAST 8
#define CONTROL_MAX (CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(int)))

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

struct udp_receiver {
	unsigned holders;
	unsigned batch; /* pieces to ask for next, by how large the last ones were */
	struct udp_stats stats;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_in6 senders[BATCH];
	uint8_t control[BATCH][CONTROL_MAX];
	uint8_t *buffers;
};

struct address {
	struct sockaddr_storage storage;
	socklen_t len;
	int family;
};

static struct address address_of(const struct config_listen *listen, int family)
{
	struct address a = { .family = family };

	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&a.storage;
		in->sin_family = AF_INET;
		in->sin_port = htons(listen->port);
		if (ip_is_v4(&listen->ip))
			memcpy(&in->sin_addr, &listen->ip.b[12], 4);
		a.len = sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a.storage;
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(listen->port);
		memcpy(&in6->sin6_addr, listen->ip.b, 16);
		a.len = sizeof(*in6);
	}
	return a;
}

static int open_bound(const struct address *address, int reuse)
{
	int one = 1;
	int zero = 0;
	int fd = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (address->family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if ((reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one))) ||
	    bind(fd, (const struct sockaddr *)&address->storage, address->len)) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/*
 * Another program of ours may hold the port with SO_REUSEPORT as well, and would
 * silently take half of the datagrams: a bind without it finds out.
 */
static int port_is_free(const struct address *address)
{
	int fd = open_bound(address, 0);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Sender's address to a number below @threads: the same sender, the same socket. */
static int steer(int fd, unsigned threads)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 12), /* IPv4 source */
		BPF_STMT(BPF_JMP | BPF_JA, 10),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 8), /* IPv6 source */
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 12),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 16),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 20),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1U),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, threads),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)))
		return -errno;
	return 0;
}

static uint64_t set_buffer(int fd, uint64_t bytes)
{
	int wanted = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;
	int granted = 0;
	socklen_t len = sizeof(granted);

	/* FORCE passes net.core.rmem_max where we may; the kernel doubles what it is told. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted));
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &len))
		return 0;
	return (uint64_t)granted / 2;
}

static void explain(const struct config_listen *listen, int err, struct text *error)
{
	char ip[IP_TEXT_MAX];

	ip_format(&listen->ip, ip);
	text_addf(error, "cannot listen on %s port %u: %s", ip, listen->port, err_text(err));
	if (err == -EADDRINUSE)
		text_addf(error,
			  "; another program receives there: find it with `ss -ulpn 'sport = :%u'`,"
			  " or choose another port under `listen`",
			  listen->port);
	else if (err == -EACCES)
		text_add(error, "; ports below 1024 need root or CAP_NET_BIND_SERVICE");
	else if (err == -EADDRNOTAVAIL)
		text_add(error, "; this machine has no such address: use one that it has, or [::]");
}

static int open_sockets(const struct address *address, const struct udp_options *options, int *fds)
{
	int one = 1;

	for (unsigned i = 0; i < options->threads; i++) {
		int fd = open_bound(address, 1);
		if (fd < 0) {
			while (i > 0)
				close(fds[--i]);
			return fd;
		}
		(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
		if (options->gro)
			(void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof(one));
		fds[i] = fd;
	}
	return 0;
}

int udp_group_open(const struct config_listen *listen, const struct udp_options *options, int *fds,
		   uint64_t *ret_granted, struct text *error)
{
	const unsigned threads = options->threads;
	struct address address = address_of(listen, ip_is_v4(&listen->ip) ? AF_INET : AF_INET6);
	int err = port_is_free(&address);

	if (err == -EAFNOSUPPORT && ip_is_zero(&listen->ip)) {
		/* A machine without IPv6: "all addresses" then means all of IPv4. */
		address = address_of(listen, AF_INET);
		err = port_is_free(&address);
	}
	if (!err)
		err = open_sockets(&address, options, fds);
	if (err) {
		explain(listen, err, error);
		return err;
	}
	for (unsigned i = 0; i < threads; i++)
		*ret_granted = set_buffer(fds[i], options->buffer_bytes);
	if (threads > 1) {
		err = steer(fds[0], threads);
		if (err) {
			for (unsigned i = 0; i < threads; i++)
				close(fds[i]);
			text_addf(
				error,
				"cannot steer exporters to threads: %s; set `ingest: {threads: 1}`",
				err_text(err));
		}
	}
	return err;
}

struct udp_receiver *udp_receiver_new(void)
{
	struct udp_receiver *r = calloc(1, sizeof(*r)); /* banned-ok: at open */

	if (!r)
		return NULL;
	r->holders = 1;
	r->batch = BATCH;
	r->buffers = malloc((size_t)BATCH * STRIDE); /* banned-ok: at open */
	if (!r->buffers) {
		free(r);
		return NULL;
	}
	for (unsigned i = 0; i < BATCH; i++) {
		r->vectors[i] = (struct iovec){ .iov_base = r->buffers + (size_t)i * STRIDE,
						.iov_len = PIECE_MAX };
		r->messages[i].msg_hdr = (struct msghdr){ .msg_name = &r->senders[i],
							  .msg_iov = &r->vectors[i],
							  .msg_iovlen = 1,
							  .msg_control = r->control[i] };
	}
	return r;
}

struct udp_receiver *udp_receiver_share(struct udp_receiver *receiver)
{
	receiver->holders++;
	return receiver;
}

void udp_receiver_free(struct udp_receiver *receiver)
{
	if (!receiver || --receiver->holders > 0)
		return;
	free(receiver->buffers);
	free(receiver);
}

static void sender_of(const struct sockaddr_in6 *from, struct datagram *datagram)
{
	if (from->sin6_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;
		datagram->src = ip_from_v4((const uint8_t *)&in->sin_addr);
		datagram->sport = ntohs(in->sin_port);
	} else {
		datagram->src = ip_from_v6((const uint8_t *)&from->sin6_addr);
		datagram->sport = ntohs(from->sin6_port);
	}
}

/*
 * The kernel's count of drops only grows, modulo 2^32. That of a datagram is as old as the
 * datagram, so it may be behind what udp_refresh() saw.
 */
static uint32_t note_drops(struct udp_receiver *r, struct udp_socket *socket, uint32_t drops)
{
	int32_t more = (int32_t)(drops - socket->drops);

	if (more <= 0)
		return 0;
	r->stats.kernel_drops += (uint32_t)more;
	socket->drops = drops;
	return (uint32_t)more;
}

/* Note the drops that a piece tells of. Return: the length of its datagrams, 0: it is one. */
static size_t read_control(struct udp_receiver *r, struct msghdr *header, struct udp_socket *socket)
{
	size_t segment = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			uint32_t drops;
			memcpy(&drops, CMSG_DATA(c), sizeof(drops));
			note_drops(r, socket, drops);
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int len;
			memcpy(&len, CMSG_DATA(c), sizeof(len));
			segment = len > 0 ? (size_t)len : 0;
		}
	}
	return segment;
}

/* Who is told of each datagram. */
struct listener {
	void (*handle)(void *self, const struct datagram *datagram);
	void *self;
};

/* Take a piece apart into its datagrams. Return: how many. */
static int split(struct udp_receiver *r, struct datagram *piece, size_t segment, bool cut,
		 const struct listener *listener)
{
	const uint8_t *at = piece->data;
	const uint8_t *end = at + piece->len;
	int count = 0;

	/* An empty datagram is one too. */
	do {
		size_t left = (size_t)(end - at);
		piece->data = at;
		piece->len = segment && segment < left ? segment : left;
		at += piece->len;
		count++;
		/* What was cut off is the end of the last one. */
		if (cut && at == end)
			r->stats.truncated++;
		else
			listener->handle(listener->self, piece);
	} while (at < end);
	r->stats.datagrams += (uint64_t)count;
	return count;
}

/* Fewer pieces a call when they are large, so that what is read stays in the cache. */
static void adapt_batch(struct udp_receiver *r, uint64_t bytes, int pieces)
{
	uint64_t fitting = BATCH_BYTES / (bytes / (uint64_t)pieces + 1);

	r->batch = fitting > BATCH         ? BATCH
		   : fitting < BATCH_LEAST ? BATCH_LEAST
					   : (unsigned)fitting;
}

int udp_receive(struct udp_receiver *receiver, struct udp_socket *socket, uint64_t now_ns,
		void (*handle)(void *self, const struct datagram *datagram), void *self)
{
	struct udp_receiver *r = receiver;
	const struct listener listener = { handle, self };
	uint64_t before = r->stats.bytes;
	int datagrams = 0;

	for (unsigned i = 0; i < r->batch; i++) {
		r->messages[i].msg_hdr.msg_namelen = sizeof(r->senders[i]);
		r->messages[i].msg_hdr.msg_controllen = CONTROL_MAX;
	}
	int count = recvmmsg(socket->fd, r->messages, r->batch, MSG_DONTWAIT, NULL);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < count; i++) {
		struct msghdr *header = &r->messages[i].msg_hdr;
		struct datagram piece = { .data = r->vectors[i].iov_base,
					  .len = r->messages[i].msg_len,
					  .dport = socket->port,
					  .received_ns = now_ns };
		size_t segment = read_control(r, header, socket);
		r->stats.pieces++;
		r->stats.bytes += piece.len;
		sender_of(&r->senders[i], &piece);
		datagrams += split(r, &piece, segment, header->msg_flags & MSG_TRUNC, &listener);
	}
	if (count > 0)
		adapt_batch(r, r->stats.bytes - before, count);
	return datagrams;
}

int udp_refresh(struct udp_receiver *receiver, struct udp_socket *socket, uint64_t *ret_drops,
		uint64_t *ret_queued)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return -errno;
	if (len <= SK_MEMINFO_DROPS * sizeof(info[0]))
		return -ENOTSUP;
	*ret_drops = note_drops(receiver, socket, info[SK_MEMINFO_DROPS]);
	*ret_queued = info[SK_MEMINFO_RMEM_ALLOC];
	return 0;
}

const struct udp_stats *udp_receiver_stats(const struct udp_receiver *receiver)
{
	return &receiver->stats;
}
