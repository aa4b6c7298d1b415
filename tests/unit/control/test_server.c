/* SPDX-License-Identifier: Apache-2.0 */
/* Server and client over a real socket: answers, problems, publishing while others read. */
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "control/client.h"
#include "control/server.h"

#define READERS 4
#define ROUNDS  200

struct fixture {
	char folder[32];
	char path[64];
	char said[1024];
	struct text error;
	struct control_server *server;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/weir-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/weir.sock", f->folder);
	f->error = text_fixed(f->said, sizeof(f->said));
	assert_int_equal(control_server_open(f->path, &f->error, &f->server), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	control_server_close(f->server);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static struct control_snapshot *snapshot_with_status(const char *json)
{
	struct control_snapshot *snapshot = control_snapshot_new();

	assert_int_equal(control_snapshot_set_status(snapshot, json), 0);
	return snapshot;
}

static void status_is_what_was_published(void **state)
{
	struct fixture *f = *state;
	struct control_reply reply;

	control_server_publish(f->server, snapshot_with_status("{\"version\":\"x\"}"));
	assert_int_equal(control_get(f->path, "/api/v1/status", &reply), 0);
	assert_int_equal(reply.status, 200);
	assert_string_equal(text_string(&reply.body), "{\"version\":\"x\"}");
	control_reply_done(&reply);
	control_server_publish(f->server, snapshot_with_status("{\"version\":\"y\"}"));
	assert_int_equal(control_get(f->path, "/api/v1/status", &reply), 0);
	assert_string_equal(text_string(&reply.body), "{\"version\":\"y\"}");
	control_reply_done(&reply);
	assert_int_equal(control_server_requests(f->server), 2);
}

static void before_the_first_snapshot_it_is_starting(void **state)
{
	struct fixture *f = *state;
	struct control_reply reply;

	assert_int_equal(control_get(f->path, "/api/v1/status", &reply), -EPROTO);
	assert_int_equal(reply.status, 503);
	assert_non_null(strstr(text_string(&reply.error), "starting"));
	control_reply_done(&reply);
}

static void an_unknown_path_is_a_problem(void **state)
{
	struct fixture *f = *state;
	struct control_reply reply;

	control_server_publish(f->server, snapshot_with_status("{}"));
	assert_int_equal(control_get(f->path, "/nothing%22here", &reply), -EPROTO);
	assert_int_equal(reply.status, 404);
	json_t *problem = json_loads(text_string(&reply.body), 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(problem, "status")), 404);
	assert_string_equal(json_string_value(json_object_get(problem, "title")), "Not Found");
	assert_non_null(strstr(text_string(&reply.error), "/nothing\"here"));
	json_decref(problem);
	control_reply_done(&reply);
}

/* Sends raw bytes and gives back what comes until the server closes or @cap is full. */
static size_t raw_request(const char *path, const char *request, size_t len, char *answer,
			  size_t cap)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t got = 0;
	ssize_t n;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(send(fd, request, len, MSG_NOSIGNAL) > 0);
	while (got < cap - 1 && (n = recv(fd, answer + got, cap - 1 - got, 0)) > 0)
		got += (size_t)n;
	answer[got] = '\0';
	close(fd);
	return got;
}

static void what_would_change_something_is_refused(void **state)
{
	static const char post[] =
		"POST /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		"Content-Length: 3\r\n\r\nabc";
	struct fixture *f = *state;
	char answer[2048];

	control_server_publish(f->server, snapshot_with_status("{}"));
	raw_request(f->path, post, sizeof(post) - 1, answer, sizeof(answer));
	assert_non_null(strstr(answer, "HTTP/1.1 405 "));
	assert_non_null(strstr(answer, "Allow: GET, HEAD"));
	assert_non_null(strstr(answer, "application/problem+json"));
}

static void a_body_is_refused(void **state)
{
	static const char get[] = "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
				  "Content-Length: 900000000\r\n\r\n";
	struct fixture *f = *state;
	char answer[2048];

	raw_request(f->path, get, sizeof(get) - 1, answer, sizeof(answer));
	assert_non_null(strstr(answer, "HTTP/1.1 413 "));
}

static void a_request_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	char answer[2048];
	size_t len = 100000;
	char *request = malloc(len);

	memset(request, 'a', len);
	memcpy(request, "GET /", 5);
	memcpy(request + len - 13, " HTTP/1.1\r\n\r\n", 13);
	raw_request(f->path, request, len, answer, sizeof(answer));
	free(request);
	assert_true(strncmp(answer, "HTTP/1.1 4", 10) == 0 || answer[0] == '\0');
	/* And the next one is served as if nothing had been. */
	control_server_publish(f->server, snapshot_with_status("{}"));
	struct control_reply reply;
	assert_int_equal(control_get(f->path, "/api/v1/status", &reply), 0);
	control_reply_done(&reply);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Is the connection ended within a second? */
static bool is_ended(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&poll_fd, 1, 1000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void who_dribbles_is_ended(void **state)
{
	static const char whole[] = "GET /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *f = *state;
	struct control_reply reply;
	char answer[2048];
	int slow = connect_to(f->path);
	int idle = connect_to(f->path);

	control_server_publish(f->server, snapshot_with_status("{}"));
	assert_int_equal(send(slow, "GET", 3, MSG_NOSIGNAL), 3);
	/* An answer on a later connection: the server has accepted the earlier ones. */
	assert_int_equal(control_get(f->path, "/api/v1/status", &reply), 0);
	control_reply_done(&reply);
	uint64_t now_ns = clock_mono_ns();
	control_server_sweep(f->server, now_ns + (CONTROL_EXCHANGE_S - 2) * NS_PER_S);
	assert_int_equal(send(idle, whole, sizeof(whole) - 1, MSG_NOSIGNAL), sizeof(whole) - 1);
	assert_true(recv(idle, answer, sizeof(answer), 0) > 0);
	assert_int_equal(send(slow, " ", 1, MSG_NOSIGNAL), 1);
	control_server_sweep(f->server, now_ns + (CONTROL_EXCHANGE_S + 2) * NS_PER_S);
	assert_true(is_ended(slow));
	close(slow);
	close(idle);
	assert_int_equal(control_get(f->path, "/api/v1/status", &reply), 0);
	control_reply_done(&reply);
}

static void a_second_server_is_refused(void **state)
{
	struct fixture *f = *state;
	struct control_server *second = NULL;
	struct control_reply reply;

	control_server_publish(f->server, snapshot_with_status("{}"));
	assert_int_equal(control_server_open(f->path, &f->error, &second), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(f->said, "another weir runs here"));
	assert_int_equal(control_get(f->path, "/api/v1/status", &reply), 0);
	control_reply_done(&reply);
}

static void the_client_says_what_is_wrong(void **state)
{
	struct fixture *f = *state;
	struct control_reply reply;
	char path[96], longer[200];

	snprintf(path, sizeof(path), "%s/absent.sock", f->folder);
	assert_int_equal(control_get(path, "/api/v1/status", &reply), -ENOENT);
	assert_non_null(strstr(text_string(&reply.error), "No such file"));
	assert_non_null(strstr(text_string(&reply.error), "weir run"));
	control_reply_done(&reply);

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(control_get(longer, "/api/v1/status", &reply), -ENAMETOOLONG);
	assert_non_null(strstr(text_string(&reply.error), "longer than 107"));
	control_reply_done(&reply);

	if (geteuid() == 0 && seteuid(65534) < 0)
		skip();
	if (getuid() == 0) {
		int ret = control_get(f->path, "/api/v1/status", &reply);
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(ret, -EACCES);
		assert_non_null(strstr(text_string(&reply.error), "permission"));
		control_reply_done(&reply);
	}
}

struct reader {
	const char *path;
	atomic_bool *stop;
	unsigned good;
	unsigned bad;
};

/* Every answer must be one published text, whole: {"a":N,"b":N} with the same N twice. */
static void *read_on(void *self)
{
	struct reader *reader = self;

	while (!atomic_load(reader->stop)) {
		struct control_reply reply;
		unsigned a = 0, b = 1;
		int ret = control_get(reader->path, "/api/v1/status", &reply);
		if (ret == 0 &&
		    sscanf(text_string(&reply.body), "{\"a\":%u,\"b\":%u}", &a, &b) == 2 && a == b)
			reader->good++;
		else
			reader->bad++;
		control_reply_done(&reply);
	}
	return NULL;
}

static void publishing_never_disturbs_readers(void **state)
{
	struct fixture *f = *state;
	atomic_bool stop = false;
	struct reader readers[READERS];
	pthread_t threads[READERS];
	unsigned good = 0;

	control_server_publish(f->server, snapshot_with_status("{\"a\":0,\"b\":0}"));
	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ .path = f->path, .stop = &stop };
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	}
	for (unsigned n = 1; n < ROUNDS; n++) {
		char json[64];
		snprintf(json, sizeof(json), "{\"a\":%u,\"b\":%u}", n, n);
		control_server_publish(f->server, snapshot_with_status(json));
		usleep(500);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(readers[i].bad, 0);
		good += readers[i].good;
	}
	assert_true(good > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(status_is_what_was_published),
		CASE(before_the_first_snapshot_it_is_starting),
		CASE(an_unknown_path_is_a_problem),
		CASE(what_would_change_something_is_refused),
		CASE(a_body_is_refused),
		CASE(a_request_too_long_is_refused),
		CASE(who_dribbles_is_ended),
		CASE(a_second_server_is_refused),
		CASE(the_client_says_what_is_wrong),
		CASE(publishing_never_disturbs_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
