/* SPDX-License-Identifier: Apache-2.0 */
/* memory: /proc/meminfo, /proc/self/cgroup and the limits there in; bytes out. Any thread. */
#include "daemon/memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

static void lower(uint64_t *limit, uint64_t bytes)
{
	if (bytes && (*limit == 0 || bytes < *limit))
		*limit = bytes;
}

/* The first line of a file, without the line's end. Return: false if there is none. */
static bool first_line(const char *path, char *ret_line, size_t cap)
{
	FILE *file = fopen(path, "re");
	bool found = file && fgets(ret_line, (int)cap, file);

	if (file)
		fclose(file);
	if (found)
		ret_line[strcspn(ret_line, "\n")] = '\0';
	return found;
}

static uint64_t machine_bytes(const char *root)
{
	char path[PATH_MAX];
	char line[128];
	char number[32];
	uint64_t kib;

	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	if (!first_line(path, line, sizeof(line)) ||
	    sscanf(line, "MemTotal: %31[0-9] kB", number) != 1 || parse_u64(number, &kib))
		return 0;
	return kib * 1024;
}

/* The limits of a group and of those around it; of a path that is not there, of those that are. */
static void lower_by_groups(const char *tree, const char *group, const char *file, uint64_t *limit)
{
	char path[PATH_MAX];
	char line[64];
	size_t len = strlen(group);

	for (;;) {
		uint64_t bytes;
		while (len && group[len - 1] == '/')
			len--;
		int n = snprintf(path, sizeof(path), "%s%.*s/%s", tree, (int)len, group, file);
		/* "max", and the huge number of version 1 that means the same, lower nothing. */
		if (n > 0 && (size_t)n < sizeof(path) && first_line(path, line, sizeof(line)) &&
		    !parse_u64(line, &bytes))
			lower(limit, bytes);
		if (len == 0)
			return;
		while (len && group[len - 1] != '/')
			len--;
	}
}

/* A line of /proc/self/cgroup: "0::/group" in version 2, "4:memory:/group" in version 1. */
static void lower_by_line(const char *root, char *line, uint64_t *limit)
{
	char tree[PATH_MAX / 2];
	char *kinds = strchr(line, ':');
	char *group = kinds ? strchr(kinds + 1, ':') : NULL;

	if (!group)
		return;
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	bool unified = kinds[1] == '\0';
	if (!unified && strcmp(kinds + 1, "memory") != 0)
		return;
	snprintf(tree, sizeof(tree), "%s/sys/fs/cgroup%s", root, unified ? "" : "/memory");
	lower_by_groups(tree, group, unified ? "memory.max" : "memory.limit_in_bytes", limit);
}

uint64_t memory_limit(const char *root)
{
	char path[PATH_MAX];
	char line[PATH_MAX];
	uint64_t limit = machine_bytes(root);

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	FILE *groups = fopen(path, "re");
	while (groups && fgets(line, sizeof(line), groups))
		lower_by_line(root, line, &limit);
	if (groups)
		fclose(groups);
	return limit;
}
