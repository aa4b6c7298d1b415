/* SPDX-License-Identifier: Apache-2.0 */
/* stream: opened without blocking, so that somebody can be told what is waited for. */
#include "daemon/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

/* One wait, and how many of them pass in silence. */
#define WAIT_MS     200
#define QUIET_WAITS 10

static bool is_read_once(const char *path)
{
	struct stat info;

	if (strcmp(path, "-") == 0 || stat(path, &info) < 0)
		return false;
	return !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static int wait_for_bytes(int fd, const char *path, bool (*stop)(void *self), void *self)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	for (unsigned waits = 1;; waits++) {
		int ready = poll(&poll_fd, 1, WAIT_MS);
		if (stop && stop(self))
			return -EINTR;
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (waits == QUIET_WAITS)
			cli_error(NULL, "%s: nobody has written to it yet; waiting, Ctrl-C ends it",
				  path);
	}
}

/* From now on it blocks as any stream; the first byte is put back. */
static int begin(int fd, FILE **ret_stream)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	FILE *stream = fdopen(fd, "rb");
	if (!stream)
		return -errno;
	int c = getc(stream);
	if (c == EOF) {
		int err = ferror(stream) ? -errno : -WEIR_ETRUNC;
		fclose(stream);
		return err;
	}
	(void)ungetc(c, stream);
	*ret_stream = stream;
	return 0;
}

int stream_open(const char *path, bool (*stop)(void *self), void *self, struct text *error,
		FILE **ret_stream)
{
	*ret_stream = NULL;
	if (!is_read_once(path))
		return 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int err = fd < 0 ? -errno : wait_for_bytes(fd, path, stop, self);
	if (fd >= 0 && err)
		close(fd);
	if (!err)
		err = begin(fd, ret_stream);
	if (err == -WEIR_ETRUNC)
		text_addf(error, "%s: ended before anything was written to it", path);
	else if (err)
		text_addf(error, "%s: cannot be opened: %s", path, err_text(err));
	return err;
}
