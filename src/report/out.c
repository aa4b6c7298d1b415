/* SPDX-License-Identifier: Apache-2.0 */
/* out: texts in, whole lines in a file or pipe out. Control thread. */
#include "report/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static int open_path(const char *path)
{
	/* O_NONBLOCK: a named pipe without a reader must not hold up the start. */
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK;
	int fd = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
					: open(path, flags, 0640);

	return fd < 0 ? -errno : fd;
}

int out_open(const struct config_sink *config, void **ret_out)
{
	struct stat st;
	struct out *out = malloc(sizeof(*out));
	int fd = out ? open_path(config->path) : -ENOMEM;

	if (fd < 0) {
		free(out);
		return fd;
	}
	*out = (struct out){
		.text = text_heap(),
		.path = config->path,
		.fd = fd,
		.is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode),
	};
	*ret_out = out;
	return 0;
}

void out_stats(const void *self, struct sink_stats *ret_stats)
{
	const struct out *out = self;

	*ret_stats = out->stats;
}

void out_close(void *self)
{
	struct out *out = self;

	if (!out)
		return;
	close(out->fd);
	text_done(&out->text);
	free(out);
}

/* Is there a reader that takes something? A file always does. */
static int wait_for_reader(const struct out *out)
{
	struct pollfd poll_fd = { .fd = out->fd, .events = POLLOUT };

	if (out->is_file)
		return 0;
	int n = poll(&poll_fd, 1, out->failing ? 0 : OUT_PATIENCE_MS);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n == 0 ? -EAGAIN : 0;
}

/*
 * Standard output may be shared, so it is not made non-blocking; instead no
 * write is larger than what a pipe takes at once when poll says it is ready.
 */
static int write_all(struct out *out, const char *data, size_t len, size_t *ret_done)
{
	while (*ret_done < len) {
		size_t left = len - *ret_done;
		int err = wait_for_reader(out);
		if (err)
			return err;
		if (!out->is_file && left > PIPE_BUF)
			left = PIPE_BUF;
		ssize_t n = write(out->fd, data + *ret_done, left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			*ret_done += (size_t)n;
	}
	return 0;
}

/* Part of a text has arrived and the rest will not: nobody shall see half of it. */
static void take_back(struct out *out, size_t done)
{
	struct stat st;

	if (done == 0)
		return;
	off_t end = out->is_file ? lseek(out->fd, 0, SEEK_CUR) : -1;
	/* Unless another program has appended behind it meanwhile. */
	if (end < (off_t)done || fstat(out->fd, &st) || st.st_size != end ||
	    ftruncate(out->fd, end - (off_t)done))
		out->torn = true;
}

static int write_text(struct out *out)
{
	size_t done = 0;
	size_t newline = 0;

	if (out->text.failed)
		return -ENOMEM;
	if (out->torn) {
		int err = write_all(out, "\n", 1, &newline);
		if (err)
			return err;
		out->torn = false;
	}
	int err = write_all(out, text_string(&out->text), out->text.len, &done);
	if (err)
		take_back(out, done);
	return err;
}

static const char *name_of(const struct out *out)
{
	return strcmp(out->path, "-") == 0 ? "standard output" : out->path;
}

/* A reader that keeps up now and then would fill the log with its ups and downs. */
static bool may_speak(const struct out *out, uint64_t now_ns)
{
	return out->said_ns == 0 || now_ns - out->said_ns >= OUT_LOG_EVERY_S * NS_PER_S;
}

static void count_drop(struct out *out, int err)
{
	uint64_t now_ns = clock_mono_ns();

	out->stats.dropped++;
	out->stats.last_error = err;
	out->failing = true;
	if (out->said || !may_speak(out, now_ns))
		return;
	out->said = true;
	out->said_ns = now_ns;
	log_warning("report", "%s: %s; events for it are dropped and counted until it works again",
		    name_of(out), err == -EAGAIN ? "the reader is too slow" : err_text(err));
}

void out_send(struct out *out)
{
	int err = write_text(out);

	text_clear(&out->text);
	if (err) {
		count_drop(out, err);
		return;
	}
	out->stats.emitted++;
	out->failing = false;
	if (!out->said)
		return;
	out->said = false;
	log_info("report", "%s works again; events dropped so far: %" PRIu64, name_of(out),
		 out->stats.dropped);
}
