/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/udp on loopback: receipt, steering by sender, a port in use. */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ingest/udp.h"

#define THREADS 4
#define SENDERS 32

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	close(fd);
	return ntohs(in.sin_port);
}

static struct config_listen listen_on(const char *ip, uint16_t port)
{
	struct config_listen listen = { .port = port };

	assert_int_equal(ip_parse(ip, &listen.ip), 0);
	return listen;
}

static void send_from(const char *ip, uint16_t port, const char *words)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, ip, &from.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(sendto(fd, words, strlen(words), 0, (struct sockaddr *)&to, sizeof(to)),
			 strlen(words));
	close(fd);
}

struct seen {
	int thread;
	int of_sender[256]; /* last address byte to thread + 1 */
	int datagrams;
	int strays;
};

static void handle(void *self, const struct datagram *datagram)
{
	struct seen *seen = self;
	int *slot = &seen->of_sender[datagram->src.b[15]];

	assert_true(ip_is_v4(&datagram->src));
	assert_memory_equal(datagram->data, "hello", 5);
	if (*slot && *slot != seen->thread + 1)
		seen->strays++;
	*slot = seen->thread + 1;
	seen->datagrams++;
}

static void drain(struct udp_receiver *receiver, const int *fds, uint16_t port, struct seen *seen)
{
	for (int t = 0; t < THREADS; t++) {
		struct udp_socket socket = { .fd = fds[t], .port = port };
		seen->thread = t;
		while (udp_receive(receiver, &socket, 7, handle, seen) > 0)
			;
	}
}

static void a_sender_stays_on_one_thread(void **state)
{
	uint16_t port = free_port();
	struct config_listen listen = listen_on("::", port);
	struct udp_receiver *receiver = udp_receiver_new();
	struct seen seen = { 0 };
	struct text error = text_heap();
	uint64_t granted = 0;
	int fds[THREADS];
	int used = 0;

	(void)state;
	assert_non_null(receiver);
	assert_int_equal(udp_group_open(&listen, THREADS, 1 << 20, fds, &granted, &error), 0);
	assert_true(granted > 0);
	for (int round = 0; round < 3; round++) {
		for (int s = 0; s < SENDERS; s++) {
			char ip[32];
			snprintf(ip, sizeof(ip), "127.0.0.%d", s + 1);
			send_from(ip, port, "hello");
		}
	}
	drain(receiver, fds, port, &seen);
	assert_int_equal(seen.datagrams, 3 * SENDERS);
	assert_int_equal(seen.strays, 0);
	for (int t = 0; t < THREADS; t++) {
		bool any = false;
		for (int s = 0; s < 256; s++)
			any |= seen.of_sender[s] == t + 1;
		used += any;
		close(fds[t]);
	}
	assert_true(used > 1); /* 32 senders on one of 4 threads would be no steering at all */
	assert_int_equal(udp_receiver_stats(receiver)->datagrams, 3 * SENDERS);
	udp_receiver_free(receiver);
	text_done(&error);
}

static void a_port_in_use_is_refused_with_advice(void **state)
{
	uint16_t port = free_port();
	struct config_listen listen = listen_on("127.0.0.1", port);
	struct text error = text_heap();
	uint64_t granted = 0;
	int fds[1];
	int again[1];

	(void)state;
	assert_int_equal(udp_group_open(&listen, 1, 1 << 16, fds, &granted, &error), 0);
	assert_int_equal(udp_group_open(&listen, 1, 1 << 16, again, &granted, &error), -EADDRINUSE);
	assert_non_null(strstr(text_string(&error), "ss -ulpn"));
	close(fds[0]);
	text_done(&error);
}

static void an_address_we_do_not_have_is_refused(void **state)
{
	struct config_listen listen = listen_on("192.0.2.1", free_port());
	struct text error = text_heap();
	uint64_t granted = 0;
	int fds[1];

	(void)state;
	assert_int_equal(udp_group_open(&listen, 1, 1 << 16, fds, &granted, &error),
			 -EADDRNOTAVAIL);
	assert_non_null(strstr(text_string(&error), "no such address"));
	text_done(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_stays_on_one_thread),
		cmocka_unit_test(a_port_in_use_is_refused_with_advice),
		cmocka_unit_test(an_address_we_do_not_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
