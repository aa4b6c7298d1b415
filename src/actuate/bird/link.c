/* SPDX-License-Identifier: Apache-2.0 */
/* link: see link.h. */
#include "actuate/bird/link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define COMMAND_MAX 256

void bird_answer_done(struct bird_answer *answer)
{
	text_done(&answer->lines);
	*answer = (struct bird_answer){ 0 };
}

const char *bird_last(const struct bird_answer *answer)
{
	return text_string(&answer->lines) + answer->last;
}

static int tell(const struct bird_link *link, int err, struct text *why)
{
	if (err == -ETIMEDOUT)
		text_addf(why, "BIRD does not answer on %s; is it very busy? Raise `timeout`",
			  link->path);
	else if (err == -WEIR_EFORMAT)
		text_addf(why, "what answers on %s is not BIRD 2; look at `socket`", link->path);
	else if (err == -EACCES)
		text_addf(why, "no right to use %s; add the daemon's user to the group `bird`",
			  link->path);
	else
		text_addf(why, "BIRD cannot be reached on %s: %s; start it, or look at `socket`",
			  link->path, err == -ENOTCONN ? "nobody there" : strerror(-err));
	return err;
}

/* Wait until the socket is ready, but not beyond the time. */
static int wait_for(const struct bird_link *link, short events, uint64_t until_ns)
{
	for (;;) {
		uint64_t now_ns = clock_mono_ns();
		struct pollfd one = { .fd = link->fd, .events = events };
		if (now_ns >= until_ns)
			return -ETIMEDOUT;
		int ready = poll(&one, 1, (int)((until_ns - now_ns) / NS_PER_MS + 1));
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(struct bird_link *link, const char *data, size_t len, uint64_t until_ns)
{
	while (len > 0) {
		int err = wait_for(link, POLLOUT, until_ns);
		if (err < 0)
			return err;
		ssize_t sent = send(link->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -ENOTCONN;
		if (sent > 0) {
			data += sent;
			len -= (size_t)sent;
		}
	}
	return 0;
}

static int fill(struct bird_link *link, uint64_t until_ns)
{
	int err = wait_for(link, POLLIN, until_ns);

	if (err < 0)
		return err;
	if (link->begin == link->end)
		link->begin = link->end = 0;
	if (link->end == sizeof(link->buffer))
		return -WEIR_EFORMAT; /* no line of BIRD's is that long */
	ssize_t got = recv(link->fd, link->buffer + link->end, sizeof(link->buffer) - link->end,
			   MSG_DONTWAIT);
	if (got == 0)
		return -ENOTCONN;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -ENOTCONN;
	link->end += (size_t)got;
	return 0;
}

/* Next line, without its end, into @line. */
static int read_line(struct bird_link *link, struct text *line, uint64_t until_ns)
{
	text_clear(line);
	for (;;) {
		char *from = link->buffer + link->begin;
		char *end = memchr(from, '\n', link->end - link->begin);
		if (end) {
			text_add_n(line, from, (size_t)(end - from));
			link->begin += (size_t)(end - from) + 1;
			return line->failed ? -WEIR_EFORMAT : 0;
		}
		if (link->begin > 0) {
			memmove(link->buffer, from, link->end - link->begin);
			link->end -= link->begin;
			link->begin = 0;
		}
		int err = fill(link, until_ns);
		if (err < 0)
			return err;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Return: the code of a line, 0 of one that continues, -1 of nonsense. */
static int code_of(const char *line, bool *ret_last)
{
	*ret_last = false;
	if (line[0] == ' ' || line[0] == '+')
		return 0;
	for (int i = 0; i < 4; i++) {
		if (!is_digit(line[i]))
			return -1;
	}
	if (line[4] != ' ' && line[4] != '-')
		return -1;
	*ret_last = line[4] == ' ';
	return (line[0] - '0') * 1000 + (line[1] - '0') * 100 + (line[2] - '0') * 10 +
	       (line[3] - '0');
}

static int read_answer(struct bird_link *link, struct bird_answer *answer, uint64_t until_ns)
{
	char buffer[sizeof(link->buffer) + 1];
	struct text line = text_fixed(buffer, sizeof(buffer));
	bool last = false;

	bird_answer_done(answer);
	answer->lines = text_heap();
	while (!last) {
		int err = read_line(link, &line, until_ns);
		if (err < 0)
			return err;
		int code = code_of(text_string(&line), &last);
		if (code < 0 || answer->lines.len + line.len > BIRD_ANSWER_MAX)
			return -WEIR_EFORMAT;
		answer->last = answer->lines.len + 5;
		answer->code = code;
		text_add_n(&answer->lines, text_string(&line), line.len);
		if (!last)
			text_add(&answer->lines, "\n");
	}
	return answer->lines.failed ? -ENOMEM : 0;
}

int bird_ask(struct bird_link *link, const char *command, struct bird_answer *ret_answer,
	     struct text *why)
{
	uint64_t until_ns = clock_mono_ns() + link->timeout_ns;
	char line[COMMAND_MAX];
	int len = snprintf(line, sizeof(line), "%s\n", command);
	int err = send_all(link, line, (size_t)len, until_ns);

	if (err == 0)
		err = read_answer(link, ret_answer, until_ns);
	if (err < 0)
		return tell(link, err, why);
	if (ret_answer->code == BIRD_DENIED)
		return tell(link, -EACCES, why);
	return 0;
}

static int open_socket(struct bird_link *link)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(link->path) >= sizeof(to.sun_path))
		return -EINVAL;
	memcpy(to.sun_path, link->path, strlen(link->path));
	link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->fd < 0)
		return -errno;
	/* On a unix socket it is done at once, or the queue is full: EAGAIN. */
	if (connect(link->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	int err = errno;
	return err == EACCES ? -EACCES : err == EAGAIN ? -ETIMEDOUT : -ENOTCONN;
}

int bird_connect(const char *path, uint64_t timeout_ns, struct bird_link *ret_link,
		 struct text *why)
{
	struct bird_answer greeting = { 0 };

	ret_link->fd = -1;
	ret_link->path = path;
	ret_link->timeout_ns = timeout_ns;
	ret_link->begin = ret_link->end = 0;
	int err = open_socket(ret_link);
	if (err == 0)
		err = read_answer(ret_link, &greeting, clock_mono_ns() + timeout_ns);
	if (err == 0 && greeting.code != BIRD_READY)
		err = -WEIR_EFORMAT;
	bird_answer_done(&greeting);
	if (err == 0)
		return 0;
	bird_hang_up(ret_link);
	return tell(ret_link, err, why);
}

void bird_hang_up(struct bird_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}
