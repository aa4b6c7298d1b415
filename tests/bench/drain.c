/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain: takes datagrams out of the kernel and forgets them.
 *
 * What it costs is what no collector on recvmmsg() can go below: `make bench` runs
 * it beside them, with the same buffer. Listens on 127.0.0.1 only; ends on TERM or
 * INT, or after a time, and prints one JSON object. One thread.
 *
 *   drain PORT SECONDS BUFFER-BYTES [gro]
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/parse.h"

#define BATCH       64
#define MESSAGE_MAX 65536
#define CONTROL_MAX CMSG_SPACE(sizeof(int))

struct drain {
	int fd;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint8_t control[BATCH][CONTROL_MAX];
	uint64_t receives;
	uint64_t messages_seen;
	uint64_t datagrams;
	uint64_t bytes;
};

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static int open_socket(uint16_t port, uint64_t buffer_bytes, bool gro)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int bytes = (int)buffer_bytes;
	int one = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if ((gro && setsockopt(fd, SOL_UDP, UDP_GRO, &one, sizeof(one))) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Bytes of each datagram that the kernel put together in this message; all, if it did not. */
static size_t segment_of(struct msghdr *header, size_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		int segment;
		if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO)
			continue;
		memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		return segment > 0 ? (size_t)segment : len;
	}
	return len;
}

static int drain_once(struct drain *d)
{
	for (unsigned i = 0; i < BATCH; i++)
		d->messages[i].msg_hdr.msg_controllen = CONTROL_MAX;
	int count = recvmmsg(d->fd, d->messages, BATCH, MSG_WAITFORONE, NULL);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	d->receives++;
	for (int i = 0; i < count; i++) {
		size_t len = d->messages[i].msg_len;
		size_t segment = segment_of(&d->messages[i].msg_hdr, len);
		d->messages_seen++;
		d->datagrams += segment ? (len + segment - 1) / segment : 1;
		d->bytes += len;
	}
	return 0;
}

static void tell(const struct drain *d)
{
	char buffer[256];
	struct text out = text_fixed(buffer, sizeof(buffer));
	struct jsonw w = jsonw_on(&out);

	jsonw_object(&w, NULL);
	jsonw_u64(&w, "datagrams", d->datagrams);
	jsonw_u64(&w, "bytes", d->bytes);
	jsonw_u64(&w, "messages", d->messages_seen);
	jsonw_u64(&w, "receives", d->receives);
	jsonw_object_end(&w);
	puts(text_string(&out));
}

static int prepare(struct drain *d)
{
	uint8_t *room = malloc((size_t)BATCH * MESSAGE_MAX);

	if (!room)
		return -ENOMEM;
	for (unsigned i = 0; i < BATCH; i++) {
		d->vectors[i] = (struct iovec){ .iov_base = room + (size_t)i * MESSAGE_MAX,
						.iov_len = MESSAGE_MAX };
		d->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &d->vectors[i],
							  .msg_iovlen = 1,
							  .msg_control = d->control[i] };
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct drain drain;
	struct sigaction action = { .sa_handler = stop };
	uint64_t port;
	uint64_t seconds;
	uint64_t buffer_bytes;
	bool gro = argc == 5 && strcmp(argv[4], "gro") == 0;

	if ((argc != 4 && !gro) || parse_u64(argv[1], &port) || port == 0 || port > 65535 ||
	    parse_u64(argv[2], &seconds) || seconds == 0 || seconds > 3600 ||
	    parse_u64(argv[3], &buffer_bytes) || buffer_bytes > 1 << 30) {
		fputs("usage: drain PORT SECONDS BUFFER-BYTES [gro]\n", stderr);
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned)seconds);
	drain.fd = open_socket((uint16_t)port, buffer_bytes, gro);
	int err = drain.fd < 0 ? drain.fd : prepare(&drain);
	while (!err && !stopping)
		err = drain_once(&drain);
	if (err)
		fprintf(stderr, "drain: %s\n", err_text(err));
	tell(&drain);
	return err ? 1 : 0;
}
