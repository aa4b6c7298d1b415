/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/hook with an address: what is posted there, and what its answers do. */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook_scene.h"

#define ANSWERS  8
#define HEAD_MAX 4096

#define OK_EMPTY     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
/* Without a length: what follows, up to the end of the connection. */
#define STATUS(line) "HTTP/1.1 " line "\r\nConnection: close\r\n\r\n"

/* Stands for an answer that never comes, or never ends. */
static const char silence[] = "";
static const char flood[] = "flood";

/* An HTTP server that gives prepared answers in turn, the last one for ever. */
struct server {
	int fd;
	uint16_t port;
	pthread_t thread;
	const char *answers[ANSWERS]; /* written before a request, read after it */
	atomic_uint count;            /* requests */
	char requests[ANSWERS][HEAD_MAX];
};

struct fixture {
	struct scene scene;
	struct server server;
	char url[64];
};

static bool is_whole(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strcasestr(request, "\r\nContent-Length:");
	unsigned bytes = 0;

	return end && length && sscanf(length, "%*[^:]: %u", &bytes) == 1 &&
	       strlen(end + 4) >= bytes;
}

static void hear(int fd, char *request)
{
	size_t len = 0;

	while (len < HEAD_MAX - 1 && !is_whole(request)) {
		ssize_t count = recv(fd, request + len, HEAD_MAX - 1 - len, 0);
		if (count <= 0)
			return;
		len += (size_t)count;
		request[len] = '\0';
	}
}

static void send_flood(int fd)
{
	static const char head[] = STATUS("200 OK");
	char block[4096];

	memset(block, 'x', sizeof(block));
	ssize_t sent = send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL);
	while (sent > 0)
		sent = send(fd, block, sizeof(block), MSG_NOSIGNAL);
}

static void *serve(void *self)
{
	struct server *server = self;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		unsigned n = server->count;
		char rest[64];
		hear(fd, server->requests[n < ANSWERS ? n : ANSWERS - 1]);
		server->count++;
		n = n < ANSWERS ? n : ANSWERS - 1;
		while (n > 0 && !server->answers[n])
			n--;
		const char *answer = server->answers[n];
		if (answer == flood)
			send_flood(fd);
		else if (answer == silence)
			while (recv(fd, rest, sizeof(rest), 0) > 0)
				;
		else
			(void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *server)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(in);

	server->answers[0] = OK_EMPTY;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&in, &len), 0);
	server->port = ntohs(in.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
	if (server->fd < 0)
		return;
	(void)shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
	server->fd = -1;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	server_start(&f->server);
	snprintf(f->url, sizeof(f->url), "http://me:geheim@127.0.0.1:%u/hook", f->server.port);
	f->scene.settings = (struct config_actuator){ .url = f->url, .timeout_ns = 50 * NS_PER_S };
	scene_open(&f->scene);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	scene_close(&f->scene);
	server_stop(&f->server);
	free(f);
	return 0;
}

/* The first message, that nothing was in force before, is out of the way; then this one plan. */
static void prepare(struct fixture *f, const char *answer)
{
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(f->server.count, 1);
	f->server.answers[1] = answer;
	scene_want(&f->scene, &wanted);
}

static void fails_so(struct fixture *f, int err, const char *words)
{
	assert_int_equal(scene_go(&f->scene), err);
	assert_false(f->scene.effects[0].applied);
	says(f->scene.why, words);
	assert_null(strstr(f->scene.why, "geheim"));
}

static void a_plan_is_posted_once(void **state)
{
	struct fixture *f = *state;

	prepare(f, OK_EMPTY);
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(scene_go(&f->scene), 0);
	assert_true(f->scene.effects[0].applied);
	assert_int_equal(f->server.count, 2);
	const char *request = f->server.requests[1];
	says(request, "POST /hook HTTP/1.1\r\n");
	says(request, "\r\nContent-Type: application/json\r\n");
	says(request, "\r\nIdempotency-Key: p1-apply-");
	says(request, "\"event\":\"apply\"");
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), 0);
	says(f->server.requests[2], "\r\nIdempotency-Key: p1-withdraw-");
	assert_int_equal(f->server.count, 3);
}

static void errors_of_theirs_are_tried_again(void **state)
{
	struct fixture *f = *state;

	f->scene.settings.retries = 2;
	scene_restart(&f->scene);
	prepare(f, STATUS("503 Service Unavailable") "come back");
	fails_so(f, -ENOTCONN, "failed with HTTP status 503: come back");
	assert_int_equal(f->server.count, 4);
	f->server.answers[4] = STATUS("429 Too Many Requests");
	f->server.answers[5] = STATUS("201 Created");
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(f->server.count, 6);
}

static void what_is_refused_is_not_tried_again(void **state)
{
	struct fixture *f = *state;

	f->scene.settings.retries = 5;
	scene_restart(&f->scene);
	prepare(f, STATUS("422 Unprocessable Content") "no such machine");
	fails_so(f, -EACCES, "refuses with HTTP status 422: no such machine");
	fails_so(f, -EACCES, "refuses with HTTP status 422: no such machine");
	assert_int_equal(f->server.count, 2);
}

static void we_do_not_go_elsewhere(void **state)
{
	struct fixture *f = *state;
	char answer[160];

	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:%u/there\r\n"
		 "Content-Length: 0\r\nConnection: close\r\n\r\n",
		 f->server.port);
	prepare(f, answer);
	fails_so(f, -EACCES, "put the final address into `url`");
	assert_int_equal(f->server.count, 2);
}

static void answers_are_respected(void **state)
{
	struct fixture *f = *state;

	prepare(f, STATUS("200 OK") "{\"held\": false, \"why\": \"maintenance\"}");
	fails_so(f, -EACCES, "says that it does not hold it: maintenance");
	f->scene.plans[0].plan.level = LEVEL_QUARANTINE;
	f->scene.plans[0].plan.expires_ns = 0;
	f->server.answers[2] = STATUS("200 OK") "{\"held\": true}";
	assert_int_equal(scene_go(&f->scene), 0);
	assert_true(f->scene.effects[0].applied);
	f->server.answers[3] = STATUS("200 OK") "{\"held\": true, \"why\": \"locked\"}";
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), -EACCES);
	says(f->scene.why, "withdraw of p1: ");
	says(f->scene.why, "still holds it: locked");
	f->server.answers[4] = STATUS("404 Not Found");
	f->scene.set.now_ns += 299 * NS_PER_S;
	assert_int_equal(scene_go(&f->scene), -EACCES);
	assert_int_equal(f->server.count, 4);
	f->scene.set.now_ns += NS_PER_S;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(f->server.count, 5);
}

static void nonsense_is_no_answer(void **state)
{
	struct fixture *f = *state;

	prepare(f, STATUS("200 OK") "{\"held\": 7}");
	fails_so(f, -WEIR_EFORMAT, "not {\"held\"");
	f->server.answers[2] = "220 mail.example ESMTP\r\n";
	fails_so(f, -WEIR_EFORMAT, "not HTTP");
	f->server.answers[3] = flood;
	fails_so(f, -WEIR_EFORMAT, "more than 64 KiB");
	f->server.answers[4] = STATUS("200 OK") "<html>done</html>";
	assert_int_equal(scene_go(&f->scene), 0);
}

static void silence_ends_in_time(void **state)
{
	struct fixture *f = *state;

	prepare(f, silence);
	f->scene.settings.timeout_ns = 200 * NS_PER_MS;
	f->server.answers[2] = silence;
	f->server.answers[1] = OK_EMPTY;
	scene_restart(&f->scene);
	/* The sync of the new process has the whole set, too. */
	fails_so(f, -ETIMEDOUT, "did not answer in time");
}

static void nobody_there_is_said(void **state)
{
	struct fixture *f = *state;

	prepare(f, OK_EMPTY);
	server_stop(&f->server);
	fails_so(f, -ENOTCONN, "cannot be reached");
	says(f->scene.why, "is it running?");
}

/* With the mode that such a file has; the end of the line is an editor's. */
static void write_private(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_true(fprintf(file, "%s\n", text) > 0);
	assert_int_equal(fclose(file), 0);
}

/* Also a server that repeats what it was sent does not bring it into a log. */
static void a_token_is_shown_to_the_other_side_alone(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/weir-test-token-XXXXXX";
	char path[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/token", dir);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/hook", f->server.port);
	f->scene.settings.token_file = path;
	write_private(path, "hush-1");
	scene_restart(&f->scene);
	prepare(f, STATUS("422 Unprocessable Content") "Bearer hush-1? hush-1!");
	fails_so(f, -EACCES, "HTTP status 422: Bearer ******? ******!");
	says(f->server.requests[1], "\r\nAuthorization: Bearer hush-1\r\n");
	/* Exchanged while Weir runs. */
	write_private(path, "hush-2");
	f->server.answers[2] = OK_EMPTY;
	f->scene.plans[0].plan.level = LEVEL_QUARANTINE;
	assert_int_equal(scene_go(&f->scene), 0);
	says(f->server.requests[2], "\r\nAuthorization: Bearer hush-2\r\n");
	assert_int_equal(chmod(path, 0644), 0);
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), -EPERM);
	says(f->scene.why, "chmod 600");
	assert_int_equal(f->server.count, 3);
	unlink(path);
	rmdir(dir);
}

/* A server with a certificate that it made itself; 0: there is no openssl here. */
static FILE *start_tls(const char *dir, pid_t *ret_pid, unsigned *ret_port)
{
	char command[512];
	char line[256];
	int pid = 0;

	*ret_port = 0;
	snprintf(command, sizeof(command),
		 "cd %s && echo $$ && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out "
		 "cert -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null && exec "
		 "openssl s_server -www -accept 127.0.0.1:0 -key key -cert cert 2>&1",
		 dir);
	FILE *server = popen(command, "r");
	assert_non_null(server);
	while (*ret_port == 0 && fgets(line, sizeof(line), server)) {
		if (pid == 0)
			(void)sscanf(line, "%d", &pid);
		(void)sscanf(line, "ACCEPT 127.0.0.1:%u", ret_port);
	}
	*ret_pid = (pid_t)pid;
	return server;
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
	struct scene scene = { .settings = { .timeout_ns = 50 * NS_PER_S } };
	const char *tmp = getenv("TMPDIR");
	char dir[128];
	char words[160];
	unsigned port;
	pid_t pid;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/weir-tls-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	FILE *server = start_tls(dir, &pid, &port);
	if (port) {
		snprintf(words, sizeof(words), "https://127.0.0.1:%u/", port);
		scene.settings.url = words;
		scene_open(&scene);
		assert_int_equal(scene_go(&scene), -ENOTCONN);
		says(scene.why, "does not trust");
		says(scene.why, "update-ca-certificates");
		scene_close(&scene);
		assert_int_equal(kill(pid, SIGKILL), 0);
	}
	(void)pclose(server);
	snprintf(words, sizeof(words), "rm -r %s", dir);
	assert_int_equal(system(words), 0);
	if (!port) {
		print_message("openssl is missing\n");
		skip();
	}
}

static void addresses_that_are_not_ours_to_use_are_refused(void **state)
{
	static const char *const bad[] = {
		"http://127.0.0.1@example.net/",
		"http://127.0.0.1.example.net/",
		"http://localhost.example.net/",
		"ftp://127.0.0.1/",
		"http://192.0.2.1/",
	};
	struct config_actuator settings = { .name = "a" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		settings.url = bad[i];
		is_refused_at_open(&settings, "begins with https://");
	}
	settings.url = "file:///etc/passwd";
	is_refused_at_open(&settings, "is no address");
	settings.url = "https://";
	is_refused_at_open(&settings, "is no address");
	settings.url = "https://me:geheim@127.0.0.1/";
	settings.token_file = "/nonexistent";
	is_refused_at_open(&settings, "leave one out");
	settings.url = "https://127.0.0.1/";
	is_refused_at_open(&settings, "`token_file`: /nonexistent: No such file");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_plan_is_posted_once),
		CASE(errors_of_theirs_are_tried_again),
		CASE(what_is_refused_is_not_tried_again),
		CASE(we_do_not_go_elsewhere),
		CASE(answers_are_respected),
		CASE(nonsense_is_no_answer),
		CASE(silence_ends_in_time),
		CASE(nobody_there_is_said),
		CASE(a_token_is_shown_to_the_other_side_alone),
		cmocka_unit_test(a_certificate_that_nobody_vouches_for_is_refused),
		cmocka_unit_test(addresses_that_are_not_ours_to_use_are_refused),
	};

	return cmocka_run_group_tests_name("actuate/hook_url", tests, NULL, NULL);
}
