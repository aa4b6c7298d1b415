/* SPDX-License-Identifier: Apache-2.0 */
/* disk: see disk.h. */
#include "actuate/bird/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USUAL_MODE 0644

static int tell(const char *path, int err, struct text *why)
{
	const char *advice = err == -EACCES || err == -EPERM || err == -EROFS
				     ? "the daemon's user must be able to write its folder"
			     : err == -ENOENT ? "make its folder, or look at `include`"
					      : "mend that; it is tried again";

	text_addf(why, "%s: %s; %s", path, strerror(-err), advice);
	return err == -EPERM || err == -EROFS ? -EACCES : err;
}

static int beside(const char *path, const char *end, char *ret_path)
{
	int len = snprintf(ret_path, PATH_MAX, "%s%s", path, end);

	return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int read_all(int fd, struct text *ret_text)
{
	char part[16384];

	for (;;) {
		ssize_t got = read(fd, part, sizeof(part));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return ret_text->failed ? -ENOMEM : 0;
		if (ret_text->len + (size_t)got > DISK_MOST)
			return -EFBIG;
		text_add_n(ret_text, part, (size_t)got);
	}
}

int disk_read(const char *path, struct text *ret_text, bool *ret_there, struct text *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	text_clear(ret_text);
	*ret_there = fd >= 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : tell(path, -errno, why);
	int err = read_all(fd, ret_text);
	close(fd);
	return err < 0 ? tell(path, err, why) : 0;
}

static int write_all(int fd, const struct text *text)
{
	const char *at = text_string(text);
	size_t left = text->len;

	while (left > 0) {
		ssize_t done = write(fd, at, left);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		at += done;
		left -= (size_t)done;
	}
	return 0;
}

/* As the file that was there: BIRD, another user, must be able to read it. */
static void look_alike(int fd, const char *path)
{
	struct stat old;
	bool there = stat(path, &old) == 0;

	if (there && fchown(fd, (uid_t)-1, old.st_gid) < 0)
		there = false; /* not of that group: then let all read it */
	(void)fchmod(fd, there ? old.st_mode & 0777 : USUAL_MODE);
}

static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

static int write_new(const char *fresh, const char *path, const struct text *text, bool sync)
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	look_alike(fd, path);
	int err = write_all(fd, text);
	if (err == 0 && sync && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && err == 0)
		err = -errno;
	if (err < 0)
		(void)unlink(fresh);
	return err;
}

static int put(const char *path, const char *like, const struct text *text, bool sync)
{
	char fresh[PATH_MAX];
	int err = beside(path, ".new", fresh);

	if (err == 0)
		err = write_new(fresh, like, text, sync);
	if (err == 0 && rename(fresh, path) < 0)
		err = -errno;
	return err;
}

int disk_replace(const char *path, const struct text *text, struct text *why)
{
	int err = put(path, path, text, true);

	if (err < 0)
		return tell(path, err, why);
	sync_folder(path);
	return 0;
}

int disk_keep(const char *path, struct text *why)
{
	char before[PATH_MAX];
	struct text old = text_heap();
	bool there;
	int err = beside(path, ".before", before);

	if (err < 0)
		return tell(path, err, why);
	if (access(before, F_OK) == 0)
		return 0;
	err = disk_read(path, &old, &there, why);
	if (err == 0 && there) {
		/* Not synced: it is for a crash of this process, and costs time otherwise. */
		err = put(before, path, &old, false);
		if (err < 0)
			tell(before, err, why);
	}
	text_done(&old);
	return err;
}

int disk_take_back(const char *path, bool was_there, struct text *why)
{
	char before[PATH_MAX];
	int err = beside(path, ".before", before);

	if (err == 0 && rename(before, path) < 0)
		err = errno == ENOENT ? 0 : -errno;
	else
		was_there = true;
	if (err == 0 && !was_there && unlink(path) < 0)
		err = errno == ENOENT ? 0 : -errno;
	if (err < 0)
		return tell(path, err, why);
	sync_folder(path);
	return 0;
}

void disk_settle(const char *path)
{
	char before[PATH_MAX];

	if (beside(path, ".before", before) == 0)
		(void)unlink(before);
}
