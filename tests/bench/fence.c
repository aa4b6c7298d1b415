/* SPDX-License-Identifier: Apache-2.0 */
/* fence: a destination in, permission or a refusal out. See fence.h. */
#include "fence.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEND_BUFFER (4 << 20)

static bool is_loopback(const struct sockaddr_in *address)
{
	return ntohl(address->sin_addr.s_addr) >> 24 == 127;
}

/* Return: 1 when that process is in another network namespace, 0 when not, -1 when nobody says. */
static int is_elsewhere(uint64_t pid)
{
	char path[64];
	struct stat own;
	struct stat other;

	snprintf(path, sizeof(path), "/proc/%llu/ns/net", (unsigned long long)pid);
	if (stat("/proc/self/ns/net", &own) || stat(path, &other))
		return -1;
	return own.st_ino != other.st_ino || own.st_dev != other.st_dev;
}

/* Return: 0 when there is none or it cannot be told. */
static uint64_t parent_of(uint64_t pid)
{
	char path[64];
	char line[512];
	unsigned long long parent = 0;

	snprintf(path, sizeof(path), "/proc/%llu/stat", (unsigned long long)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	/* The name, in parentheses, may hold anything. */
	const char *behind = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	if (!behind || sscanf(behind, ") %*c %llu", &parent) != 1)
		parent = 0;
	fclose(file);
	return parent;
}

/*
 * A namespace of its own is one that the first process of the machine is not in. Where
 * that one's cannot be read, as in some virtual machines, an ancestor's must differ.
 */
static bool in_own_namespace(void)
{
	int elsewhere = is_elsewhere(1);
	uint64_t pid = (uint64_t)getppid();

	for (; elsewhere < 0 && pid > 1; pid = parent_of(pid)) {
		if (is_elsewhere(pid) == 1)
			elsewhere = 1;
	}
	return elsewhere == 1;
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
