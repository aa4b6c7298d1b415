/* SPDX-License-Identifier: Apache-2.0 */
/* pins: a folder on bpffs in, nothing of it left: also what another version of Weir has pinned. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "actuate/xdp/engine.h"

bool xdp_pins_are(const char *pin_dir)
{
	return access(pin_dir, F_OK) == 0;
}

/* Links first: from then on nothing is dropped any more. Return: 0 or a negative errno. */
static int unlink_all(DIR *folder, const char *prefix)
{
	const struct dirent *entry;

	rewinddir(folder);
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int remove_from(int fd, const char *pin_dir)
{
	DIR *folder = fdopendir(fd);

	if (!folder)
		return -ENOMEM;
	int err = unlink_all(folder, "link_");
	if (!err)
		err = unlink_all(folder, "");
	/* An empty folder that somebody else made for us may stay. */
	if (!err && rmdir(pin_dir) && errno != ENOENT && errno != EACCES && errno != EPERM)
		err = -errno;
	closedir(folder);
	return err;
}

/* Return: a descriptor of the folder, which is on bpffs and nobody else's, or a negative errno. */
static int open_own(const char *pin_dir)
{
	struct statfs fs;
	int fd = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) || fs.f_type != BPF_FS_MAGIC)
		err = -EOPNOTSUPP;
	else if (flock(fd, LOCK_EX | LOCK_NB))
		err = -EBUSY;
	if (err)
		close(fd);
	return err ? err : fd;
}

int xdp_pins_remove(const char *pin_dir, struct text *error)
{
	int fd = open_own(pin_dir);

	if (fd == -ENOENT)
		return 0;
	int err = fd < 0 ? fd : remove_from(fd, pin_dir);
	if (err == -EBUSY)
		text_addf(error, "%s is in use by another process: end it first", pin_dir);
	else if (err == -EOPNOTSUPP)
		text_addf(error, "%s is not on bpffs: nothing was removed; see `pin`", pin_dir);
	else if (err)
		text_addf(error, "%s cannot be emptied (%s): run as root, or `rm -r %s`", pin_dir,
			  err_text(err), pin_dir);
	return err;
}
