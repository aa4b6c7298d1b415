/* SPDX-License-Identifier: Apache-2.0 */
/* fence: a destination in, permission or a refusal out. See fence.h. */
#include "fence.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEND_BUFFER (4 << 20)

static bool is_loopback(const struct sockaddr_in *address)
{
	return ntohl(address->sin_addr.s_addr) >> 24 == 127;
}

/* A namespace of its own is one that the first process of the machine is not in. */
static bool in_own_namespace(void)
{
	struct stat own;
	struct stat first;

	if (stat("/proc/self/ns/net", &own) || stat("/proc/1/ns/net", &first))
		return false;
	return own.st_ino != first.st_ino || own.st_dev != first.st_dev;
}

int fence_check(const struct sockaddr_in *to, const char **ret_why)
{
	if (is_loopback(to))
		return 0;
	if (in_own_namespace())
		return 0;
	*ret_why = "it is not loopback (127.0.0.0/8), and this is no network namespace made for"
		   " the test (see `ip netns`)";
	return -EACCES;
}

int fence_socket(const struct sockaddr_in *from, const struct sockaddr_in *to)
{
	int one = 1;
	int room = SEND_BUFFER;
	const char *why;

	if (fence_check(to, &why))
		return -EACCES;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_DONTROUTE, &one, sizeof(one)) ||
	    bind(fd, (const struct sockaddr *)from, sizeof(*from)) ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to))) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}
