/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp: sockets in, datagrams out (recvmmsg, SO_REUSEPORT, SO_RXQ_OVFL).
 *
 * Groups are opened by the control thread; a receiver belongs to one ingest
 * thread. See Linux' filter documentation for SKF_NET_OFF.
 */
#include "ingest/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH        64
/* The largest UDP payload there is; anything longer cannot be a datagram. */
#define DATAGRAM_MAX 65536
#define CONTROL_MAX  CMSG_SPACE(sizeof(uint32_t))

struct udp_receiver {
	unsigned holders;
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

static int open_sockets(const struct address *address, unsigned threads, int *fds)
{
	int one = 1;

	for (unsigned i = 0; i < threads; i++) {
		int fd = open_bound(address, 1);
		if (fd < 0) {
			while (i > 0)
				close(fds[--i]);
			return fd;
		}
		(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
		fds[i] = fd;
	}
	return 0;
}

int udp_group_open(const struct config_listen *listen, unsigned threads, uint64_t buffer_bytes,
		   int *fds, uint64_t *ret_granted, struct text *error)
{
	struct address address = address_of(listen, ip_is_v4(&listen->ip) ? AF_INET : AF_INET6);
	int err = port_is_free(&address);

	if (err == -EAFNOSUPPORT && ip_is_zero(&listen->ip)) {
		/* A machine without IPv6: "all addresses" then means all of IPv4. */
		address = address_of(listen, AF_INET);
		err = port_is_free(&address);
	}
	if (!err)
		err = open_sockets(&address, threads, fds);
	if (err) {
		explain(listen, err, error);
		return err;
	}
	for (unsigned i = 0; i < threads; i++)
		*ret_granted = set_buffer(fds[i], buffer_bytes);
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
	r->buffers = malloc((size_t)BATCH * DATAGRAM_MAX); /* banned-ok: at open */
	if (!r->buffers) {
		free(r);
		return NULL;
	}
	for (unsigned i = 0; i < BATCH; i++) {
		r->vectors[i] = (struct iovec){ .iov_base = r->buffers + (size_t)i * DATAGRAM_MAX,
						.iov_len = DATAGRAM_MAX };
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

/* The kernel's count of drops only grows; the difference to the last one is new. */
static void note_drops(struct udp_receiver *r, struct msghdr *header, uint32_t *drops)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		uint32_t now;
		memcpy(&now, CMSG_DATA(c), sizeof(now));
		r->stats.kernel_drops += now - *drops;
		*drops = now;
	}
}

int udp_receive(struct udp_receiver *receiver, struct udp_socket *socket, uint64_t now_ns,
		void (*handle)(void *self, const struct datagram *datagram), void *self)
{
	struct udp_receiver *r = receiver;

	for (unsigned i = 0; i < BATCH; i++) {
		r->messages[i].msg_hdr.msg_namelen = sizeof(r->senders[i]);
		r->messages[i].msg_hdr.msg_controllen = CONTROL_MAX;
	}
	int count = recvmmsg(socket->fd, r->messages, BATCH, MSG_DONTWAIT, NULL);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < count; i++) {
		struct msghdr *header = &r->messages[i].msg_hdr;
		struct datagram datagram = { .data = r->vectors[i].iov_base,
					     .len = r->messages[i].msg_len,
					     .dport = socket->port,
					     .received_ns = now_ns };
		note_drops(r, header, &socket->drops);
		r->stats.datagrams++;
		r->stats.bytes += datagram.len;
		if (header->msg_flags & MSG_TRUNC) {
			r->stats.truncated++;
			continue;
		}
		sender_of(&r->senders[i], &datagram);
		handle(self, &datagram);
	}
	return count;
}

const struct udp_stats *udp_receiver_stats(const struct udp_receiver *receiver)
{
	return &receiver->stats;
}
