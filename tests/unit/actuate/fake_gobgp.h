/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_gobgp: just enough of HTTP/2 and gRPC, in a thread, to answer as badly as a test asks.
 *
 * It reads a request to its end without understanding its headers, tells a list
 * from a stream of paths by the message, and holds nothing.
 */
#pragma once

#include "announce.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actuate/gobgp/gobgp.pb-c.h"

enum mood {
	MOOD_FORGETS,   /* takes all, has nothing */
	MOOD_SILENT,    /* takes the connection, says nothing */
	MOOD_NONSENSE,  /* speaks HTTP/1.1 */
	MOOD_VERSION_4, /* there is no such service */
	MOOD_REFUSES,   /* an error of its own, with words */
	MOOD_NOT_FOUND, /* another HTTP/2 server */
	MOOD_GARBAGE,   /* a message that is none */
	MOOD_TRUNCATED, /* a message that ends early */
	MOOD_HALF,      /* hangs up in the middle */
	MOOD_NO_STATUS, /* no trailers */
};

struct fake_gobgp {
	enum mood mood;
	unsigned lists;
	unsigned streams;
	uint16_t port;
	int listener;
	pthread_t thread;
};

/* Types and flags of frames (RFC 9113, 6). */
enum { H2_DATA = 0, H2_HEADERS = 1, H2_SETTINGS = 4 };
enum { H2_END_STREAM = 1, H2_ACK = 1, H2_END_HEADERS = 4 };

static inline bool fake_read(int fd, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(fd, data, len, 0);
		if (got <= 0)
			return false;
		data += got;
		len -= (size_t)got;
	}
	return true;
}

static inline void fake_frame(int fd, int type, int flags, int stream, const void *data, size_t len)
{
	uint8_t head[9] = {
		0, (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)type, (uint8_t)flags, 0, 0,
		0, (uint8_t)stream
	};

	(void)!send(fd, head, sizeof(head), MSG_NOSIGNAL);
	(void)!send(fd, data, len, MSG_NOSIGNAL);
}

/* A header without any compression (RFC 7541, 6.2.2). */
static inline size_t fake_header(uint8_t *at, const char *name, const char *value)
{
	size_t n = strlen(name);
	size_t v = strlen(value);

	at[0] = 0;
	at[1] = (uint8_t)n;
	memcpy(at + 2, name, n);
	at[2 + n] = (uint8_t)v;
	memcpy(at + 3 + n, value, v);
	return 3 + n + v;
}

/* @status: of gRPC; NULL: none */
static inline void fake_headers(int fd, const char *http, const char *status, const char *message,
				bool last)
{
	uint8_t block[512];
	size_t len = 0;

	if (http)
		len += fake_header(block + len, ":status", http);
	if (http)
		len += fake_header(block + len, "content-type", "application/grpc");
	if (status)
		len += fake_header(block + len, "grpc-status", status);
	if (message)
		len += fake_header(block + len, "grpc-message", message);
	fake_frame(fd, H2_HEADERS, H2_END_HEADERS | (last ? H2_END_STREAM : 0), 1, block, len);
}

/* The request's body, up to its end. Return: bytes, or -1. */
static inline int fake_request(int fd, uint8_t *body, size_t room)
{
	uint8_t preface[24];
	uint8_t head[9];
	uint8_t data[20000];
	size_t have = 0;

	if (!fake_read(fd, preface, sizeof(preface)))
		return -1;
	fake_frame(fd, H2_SETTINGS, 0, 0, "", 0);
	while (fake_read(fd, head, sizeof(head))) {
		size_t len = (size_t)head[1] << 8 | head[2];
		if (len > sizeof(data) || !fake_read(fd, data, len))
			return -1;
		if (head[3] == H2_SETTINGS && !(head[4] & H2_ACK))
			fake_frame(fd, H2_SETTINGS, H2_ACK, 0, "", 0);
		if (head[3] == H2_DATA && have + len <= room) {
			memcpy(body + have, data, len);
			have += len;
		}
		if (head[3] <= H2_HEADERS && head[4] & H2_END_STREAM)
			return (int)have;
	}
	return -1;
}

static inline void fake_count(struct fake_gobgp *gobgp, const uint8_t *body, int len)
{
	Apipb__ListPathRequest *list =
		len > 5 ? apipb__list_path_request__unpack(NULL, (size_t)len - 5, body + 5) : NULL;

	if (list && list->enable_only_binary)
		gobgp->lists++;
	else
		gobgp->streams++;
	if (list)
		apipb__list_path_request__free_unpacked(list, NULL);
}

static inline void fake_reply(struct fake_gobgp *gobgp, int fd)
{
	static const uint8_t garbage[] = { 0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t early[] = { 0, 0, 0, 0, 200, 1, 2, 3 };

	switch (gobgp->mood) {
	case MOOD_VERSION_4:
		fake_headers(fd, "200", "12", "unknown service apipb.GobgpApi", true);
		return;
	case MOOD_REFUSES:
		fake_headers(fd, "200", "2", "bgp server hasn't started yet", true);
		return;
	case MOOD_NOT_FOUND:
		fake_headers(fd, "404", NULL, NULL, true);
		return;
	default:
		break;
	}
	fake_headers(fd, "200", NULL, NULL, false);
	if (gobgp->mood == MOOD_GARBAGE)
		fake_frame(fd, H2_DATA, 0, 1, garbage, sizeof(garbage));
	if (gobgp->mood == MOOD_TRUNCATED || gobgp->mood == MOOD_HALF)
		fake_frame(fd, H2_DATA, 0, 1, early, sizeof(early));
	if (gobgp->mood == MOOD_NO_STATUS)
		fake_frame(fd, H2_DATA, H2_END_STREAM, 1, "", 0);
	else if (gobgp->mood != MOOD_HALF)
		fake_headers(fd, NULL, "0", NULL, true);
}

static inline void fake_talk(struct fake_gobgp *gobgp, int fd)
{
	static const char old[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	uint8_t body[65536];
	uint8_t rest[512];

	if (gobgp->mood == MOOD_NONSENSE) {
		(void)!recv(fd, body, sizeof(body), 0);
		(void)!send(fd, old, sizeof(old) - 1, MSG_NOSIGNAL);
	} else {
		int len = fake_request(fd, body, sizeof(body));
		if (len >= 0 && gobgp->mood != MOOD_SILENT) {
			fake_count(gobgp, body, len);
			fake_reply(gobgp, fd);
		}
	}
	if (gobgp->mood != MOOD_HALF) {
		/* Until the other side has had enough. */
		while (recv(fd, rest, sizeof(rest), 0) > 0)
			;
	}
	close(fd);
}

static inline void *fake_run(void *arg)
{
	struct fake_gobgp *gobgp = arg;

	for (;;) {
		int fd = accept(gobgp->listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		fake_talk(gobgp, fd);
	}
}

static inline void fake_start(struct fake_gobgp *gobgp)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	gobgp->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(gobgp->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(gobgp->listener, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(listen(gobgp->listener, 4), 0);
	gobgp->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&gobgp->thread, NULL, fake_run, gobgp), 0);
}

static inline void fake_stop(struct fake_gobgp *gobgp)
{
	shutdown(gobgp->listener, SHUT_RDWR);
	pthread_join(gobgp->thread, NULL);
	close(gobgp->listener);
}
