/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/udp on loopback: receipt, steering by sender, a port in use. */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ingest/udp.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define THREADS 4
#define SENDERS 32

static const struct udp_options one = { .threads = 1, .buffer_bytes = 1 << 20 };
static const struct udp_options coalesced = { .threads = 1, .buffer_bytes = 1 << 20, .gro = true };
static const struct udp_options four = { .threads = THREADS, .buffer_bytes = 1 << 20, .gro = true };

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
	assert_int_equal(udp_group_open(&listen, &four, fds, &granted, &error), 0);
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
	assert_int_equal(udp_group_open(&listen, &one, fds, &granted, &error), 0);
	assert_int_equal(udp_group_open(&listen, &one, again, &granted, &error), -EADDRINUSE);
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
	assert_int_equal(udp_group_open(&listen, &one, fds, &granted, &error), -EADDRNOTAVAIL);
	assert_non_null(strstr(text_string(&error), "no such address"));
	text_done(&error);
}

/* What came: lengths and first bytes of the datagrams. */
struct pieces {
	size_t count;
	size_t len[256];
	uint8_t first[256];
	uint8_t last[256];
};

static void note_piece(void *self, const struct datagram *datagram)
{
	struct pieces *pieces = self;

	assert_true(pieces->count < 256);
	assert_int_equal(datagram->src.b[15], 1);
	assert_int_equal(datagram->received_ns, 7);
	pieces->len[pieces->count] = datagram->len;
	pieces->first[pieces->count] = datagram->len ? datagram->data[0] : 0;
	pieces->last[pieces->count++] = datagram->len ? datagram->data[datagram->len - 1] : 0;
}

/* Send @len bytes as datagrams of @segment each; byte n of datagram d is d. */
static bool send_segments(uint16_t port, size_t len, uint16_t segment)
{
	static uint8_t bytes[65536];
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int size = segment;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(len < sizeof(bytes));
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i / segment + 1);
	bool works = setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) == 0;
	ssize_t sent = sendto(fd, bytes, len, 0, (struct sockaddr *)&to, sizeof(to));
	if (works)
		assert_int_equal(sent, len);
	close(fd);
	return works;
}

struct gro {
	uint16_t port;
	int fd;
	struct udp_socket socket;
	struct udp_receiver *receiver;
	struct pieces pieces;
};

static void gro_open(struct gro *gro, const struct udp_options *options)
{
	uint64_t granted = 0;
	struct text error = text_heap();

	*gro = (struct gro){ .port = free_port(), .receiver = udp_receiver_new() };
	struct config_listen listen = listen_on("127.0.0.1", gro->port);
	assert_non_null(gro->receiver);
	assert_int_equal(udp_group_open(&listen, options, &gro->fd, &granted, &error), 0);
	gro->socket = (struct udp_socket){ .fd = gro->fd, .port = gro->port };
	text_done(&error);
}

static void gro_receive(struct gro *gro)
{
	gro->pieces.count = 0;
	while (udp_receive(gro->receiver, &gro->socket, 7, note_piece, &gro->pieces) > 0)
		;
}

static void gro_close(struct gro *gro)
{
	close(gro->fd);
	udp_receiver_free(gro->receiver);
}

static void expect_segments(const struct gro *gro, size_t len, size_t segment)
{
	size_t count = (len + segment - 1) / segment;

	assert_int_equal(gro->pieces.count, count);
	for (size_t i = 0; i < count; i++) {
		size_t wanted = i + 1 < count ? segment : len - (count - 1) * segment;
		assert_int_equal(gro->pieces.len[i], wanted);
		assert_int_equal(gro->pieces.first[i], (uint8_t)(i + 1));
		assert_int_equal(gro->pieces.last[i], (uint8_t)(i + 1));
	}
}

static void coalesced_datagrams_are_taken_apart(void **state)
{
	static const struct {
		size_t len;
		uint16_t segment;
	} cases[] = { { 40 * 1400, 1400 },
		      { 3 * 1400 + 1, 1400 },
		      { 2 * 100 + 99, 100 },
		      { 1400, 1400 },
		      { 64, 1 },
		      { 2, 1 } };
	struct gro gro;
	uint64_t datagrams = 0;

	(void)state;
	gro_open(&gro, &coalesced);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!send_segments(gro.port, cases[i].len, cases[i].segment)) {
			gro_close(&gro);
			print_message("this kernel has no UDP_SEGMENT (Linux 4.18)\n");
			skip();
		}
		gro_receive(&gro);
		expect_segments(&gro, cases[i].len, cases[i].segment);
		datagrams += gro.pieces.count;
		assert_int_equal(udp_receiver_stats(gro.receiver)->datagrams, datagrams);
	}
	assert_int_equal(udp_receiver_stats(gro.receiver)->truncated, 0);
	/* Else nothing was coalesced, and the test has tested nothing. */
	assert_true(udp_receiver_stats(gro.receiver)->pieces < datagrams / 4);
	gro_close(&gro);
}

static void without_gro_each_comes_by_itself(void **state)
{
	struct gro gro;

	(void)state;
	gro_open(&gro, &one);
	if (!send_segments(gro.port, 10 * 1000 + 7, 1000)) {
		gro_close(&gro);
		print_message("this kernel has no UDP_SEGMENT (Linux 4.18)\n");
		skip();
	}
	gro_receive(&gro);
	expect_segments(&gro, 10 * 1000 + 7, 1000);
	assert_int_equal(udp_receiver_stats(gro.receiver)->pieces, 11);
	gro_close(&gro);
}

static void an_empty_datagram_is_one(void **state)
{
	struct gro gro;

	(void)state;
	gro_open(&gro, &coalesced);
	send_from("127.0.0.1", gro.port, "");
	gro_receive(&gro);
	assert_int_equal(gro.pieces.count, 1);
	assert_int_equal(gro.pieces.len[0], 0);
	gro_close(&gro);
}

/* Nothing is read, so no datagram can tell of the drops, and none comes afterwards. */
static void drops_are_counted_without_another_datagram(void **state)
{
	static const struct udp_options small = { .threads = 1, .buffer_bytes = 1 << 16 };
	char words[1401];
	struct gro gro;
	uint64_t drops = 0;
	uint64_t queued = 0;

	(void)state;
	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	gro_open(&gro, &small);
	for (int i = 0; i < 1000; i++)
		send_from("127.0.0.1", gro.port, words);
	if (udp_refresh(gro.receiver, &gro.socket, &drops, &queued)) {
		gro_close(&gro);
		print_message("this kernel has no SO_MEMINFO (Linux 4.12)\n");
		skip();
	}
	assert_true(drops > 0 && drops < 1000);
	assert_true(queued > 0);
	/* What was in the queue tells of older counts; it must not be counted again. */
	uint64_t taken = 0;
	do {
		gro.pieces.count = 0;
		(void)udp_receive(gro.receiver, &gro.socket, 7, note_piece, &gro.pieces);
		taken += gro.pieces.count;
	} while (gro.pieces.count);
	assert_int_equal(taken + drops, 1000);
	assert_int_equal(udp_receiver_stats(gro.receiver)->kernel_drops, drops);
	assert_int_equal(udp_refresh(gro.receiver, &gro.socket, &drops, &queued), 0);
	assert_int_equal(drops, 0);
	assert_int_equal(queued, 0);
	gro_close(&gro);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_stays_on_one_thread),
		cmocka_unit_test(a_port_in_use_is_refused_with_advice),
		cmocka_unit_test(an_address_we_do_not_have_is_refused),
		cmocka_unit_test(coalesced_datagrams_are_taken_apart),
		cmocka_unit_test(without_gro_each_comes_by_itself),
		cmocka_unit_test(an_empty_datagram_is_one),
		cmocka_unit_test(drops_are_counted_without_another_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
