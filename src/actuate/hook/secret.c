/* SPDX-License-Identifier: Apache-2.0 */
/* secret: see secret.h. */
#include "actuate/hook/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of RFC 6750, 2.1: nothing that could end the line of a header. */
static const char token_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~+/";

static int judge(const struct stat *status, const char *path, const char *key, struct text *why)
{
	if (!S_ISREG(status->st_mode)) {
		text_addf(why, "`%s`: %s is no file", key, path);
		return -EINVAL;
	}
	if (status->st_mode & (S_IRWXO | S_IWGRP | S_IXGRP)) {
		text_addf(why,
			  "`%s`: others than Weir may read or change %s (mode %03o); `chmod 600 "
			  "%s`, or 640 with Weir's group",
			  key, path, (unsigned)status->st_mode & 0777, path);
		return -EPERM;
	}
	return 0;
}

/* Return: the file, or a negative error with @why. */
static int open_private(const char *path, const char *key, struct text *why)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &status) < 0) {
		int err = errno;
		text_addf(why, "`%s`: %s: %s; Weir's user has to be able to read it", key, path,
			  strerror(err));
		if (fd >= 0)
			close(fd);
		return -err;
	}
	int err = judge(&status, path, key, why);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

int hook_secret_file(const char *path, const char *key, struct text *why)
{
	int fd = open_private(path, key, why);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* What editors leave at the end of a line belongs to nothing. */
static size_t without_end(const char *data, size_t len)
{
	while (len && (data[len - 1] == '\n' || data[len - 1] == '\r' || data[len - 1] == ' '))
		len--;
	return len;
}

int hook_secret_read(const char *path, const char *key, char ret_secret[HOOK_SECRET_MAX],
		     struct text *why)
{
	int fd = open_private(path, key, why);
	size_t used = 0;
	ssize_t count = 1;

	ret_secret[0] = '\0';
	if (fd < 0)
		return fd;
	while (count > 0 && used < HOOK_SECRET_MAX) {
		count = read(fd, ret_secret + used, HOOK_SECRET_MAX - used);
		used += count > 0 ? (size_t)count : 0;
	}
	close(fd);
	size_t len = without_end(ret_secret, used);
	if (count == 0 && len && !memchr(ret_secret, '\n', len) && !memchr(ret_secret, '\0', len)) {
		ret_secret[len] = '\0';
		return 0;
	}
	hook_secret_wipe(ret_secret);
	text_addf(why, "`%s`: %s does not hold one line of at most %d characters, and nothing else",
		  key, path, HOOK_SECRET_MAX - 1);
	return -EINVAL;
}

void hook_secret_wipe(char secret[HOOK_SECRET_MAX])
{
	sodium_memzero(secret, HOOK_SECRET_MAX);
}

int hook_token_check(const char *token, const char *path, struct text *why)
{
	size_t len = strspn(token, token_letters);

	len += strspn(token + len, "=");
	if (token[0] && token[0] != '=' && !token[len])
		return 0;
	text_addf(why,
		  "`token_file`: %s holds something else than a bearer token, which is made of "
		  "letters, digits and -._~+/=",
		  path);
	return -EINVAL;
}
