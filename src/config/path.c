/* SPDX-License-Identifier: Apache-2.0 */
/* path: a path as written in, the shortest one that says the same out. */
#include "config/path.h"

#include <stdbool.h>
#include <string.h>

static bool is_standard_output(const char *path)
{
	static const char *const names[] = { "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(path, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_name(const char *part, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(part, name, len) == 0;
}

/* Where the last part of @plain begins. */
static size_t last_part(const char *plain, size_t len)
{
	while (len && plain[len - 1] != '/')
		len--;
	return len;
}

/* Put one part behind @len bytes of @plain. Return: bytes then. */
static size_t put_part(char *plain, size_t len, const char *part, size_t part_len)
{
	size_t root = plain[0] == '/';

	if (is_name(part, part_len, "."))
		return len;
	if (is_name(part, part_len, "..")) {
		size_t from = last_part(plain, len);
		bool goes_up = len > root && !is_name(plain + from, len - from, "..");
		if (goes_up)
			return from > root ? from - 1 : root;
		if (root) /* above the root is the root */
			return len;
	}
	if (len > root)
		plain[len++] = '/';
	memcpy(plain + len, part, part_len);
	return len + part_len;
}

const char *path_plain(struct arena *arena, const char *path)
{
	char *plain = arena_string(arena, path);
	size_t len = path[0] == '/';

	if (!plain)
		return NULL;
	for (const char *part = path; *part;) {
		size_t part_len = strcspn(part, "/");
		if (part_len)
			len = put_part(plain, len, part, part_len);
		part += part_len;
		part += strspn(part, "/");
	}
	plain[len] = '\0';
	return is_standard_output(plain) ? "-" : plain;
}
