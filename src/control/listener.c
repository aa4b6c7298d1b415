/* SPDX-License-Identifier: Apache-2.0 */
/* listener: a path in, a listening unix socket (unix(7)) out. */
#include "control/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Connections the kernel keeps waiting. */
#define BACKLOG      64
/* Two daemons that start together take turns; one needs far less than this. */
#define LOCK_TRIES   40
#define LOCK_WAIT_NS 50000000

#define ADVICE "start weir as a user who may, or set control.socket to another path"

static int say(struct text *error, int err, const char *what, const char *path, const char *advice)
{
	text_addf(error, "%s %s: %s; %s", what, path, strerror(-err), advice);
	return err;
}

static int set_address(const char *path, struct sockaddr_un *ret_address, struct text *error)
{
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret_address->sun_path)) {
		text_addf(error,
			  "control socket %s: the path is longer than %zu characters, which unix "
			  "sockets cannot have; set control.socket to a shorter one",
			  path, sizeof(ret_address->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(ret_address->sun_path, path, strlen(path));
	return 0;
}

/* The folder of @path: "." when it has none, "/" at the root. */
static void parent_of(const char *path, char *folder)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	memcpy(folder, path, len);
	folder[len] = '\0';
	if (len == 0)
		memcpy(folder, slash ? "/" : ".", 2);
}

/* Only the last folder is made: a longer missing path is more likely a typing mistake. */
static int open_parent(const char *path, struct text *error)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];

	parent_of(path, folder);
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return say(error, -errno, "cannot make the control socket's folder", folder,
			   ADVICE);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return say(error, -errno, "cannot open the control socket's folder", folder,
			   ADVICE);
	return fd;
}

/* Looking for a stale file and replacing it must not interleave with another daemon's. */
static int lock_folder(int folder)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_WAIT_NS }, NULL);
	}
	return -EBUSY;
}

/* Return: 0 when nobody answers at the socket, -EADDRINUSE when somebody does. */
static int try_connect(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	/* EAGAIN: somebody listens, and has too many waiting. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		ret = -EADDRINUSE;
	else if (errno != ECONNREFUSED && errno != ENOENT)
		ret = -errno;
	close(fd);
	return ret;
}

static int remove_stale(const struct sockaddr_un *address, struct text *error)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0
				       : say(error, -errno, "cannot look at the control socket",
					     path, ADVICE);
	if (!S_ISSOCK(st.st_mode)) {
		text_addf(error,
			  "control socket %s: there is a file of that name which is no socket, and "
			  "is left alone; move it away or set control.socket to another path",
			  path);
		return -EEXIST;
	}
	int ret = try_connect(address);
	if (ret == -EADDRINUSE) {
		text_addf(error,
			  "another weir runs here: it answers at %s; stop it first, or set "
			  "control.socket to another path",
			  path);
		return ret;
	}
	if (ret < 0)
		return say(error, ret, "cannot reach the control socket", path, ADVICE);
	if (unlink(path) < 0)
		return say(error, -errno, "cannot replace the control socket left behind at", path,
			   ADVICE);
	return 0;
}

static int bind_socket(const struct sockaddr_un *address, struct listener *listener,
		       struct text *error)
{
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return say(error, -errno, "cannot make a socket for", address->sun_path,
			   "close some files");
	/* The mode before bind() bounds that of the new file, whatever the umask; after it, it is
	 * exact: at no time may anybody else connect. */
	if (fchmod(fd, 0660) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
	    chmod(address->sun_path, 0660) < 0 || lstat(address->sun_path, &st) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		int ret = say(error, -errno, "cannot listen at the control socket",
			      address->sun_path, ADVICE);
		close(fd);
		return ret;
	}
	listener->fd = fd;
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	return 0;
}

int listener_open(const char *path, struct text *error, struct listener *ret_listener)
{
	struct sockaddr_un address;
	struct listener listener = { .fd = -1 };
	int ret = set_address(path, &address, error);

	if (ret < 0)
		return ret;
	memcpy(listener.path, path, strlen(path));
	int folder = open_parent(path, error);
	if (folder < 0)
		return folder;
	ret = lock_folder(folder);
	if (ret < 0)
		(void)say(error, ret, "cannot lock the folder of the control socket", path,
			  "try again");
	else
		ret = remove_stale(&address, error);
	if (ret == 0)
		ret = bind_socket(&address, &listener, error);
	close(folder); /* and with it goes the lock */
	if (ret == 0)
		*ret_listener = listener;
	return ret;
}

void listener_remove(struct listener *listener)
{
	struct stat st;

	if (listener->path[0] && lstat(listener->path, &st) == 0 && st.st_dev == listener->dev &&
	    st.st_ino == listener->ino)
		unlink(listener->path);
	listener->path[0] = '\0';
}

void listener_close(struct listener *listener)
{
	listener_remove(listener);
	if (listener->fd >= 0)
		close(listener->fd);
	*listener = (struct listener){ .fd = -1 };
}
