/* SPDX-License-Identifier: Apache-2.0 */
/* scan: inotify events and walks over the tree in, paths of files out. */
#include "ingest/flowlog/scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"

#define QUEUE_MAX  512
#define DEPTH_MAX  16
/** Entries of folders looked at in one step. */
#define STEP       256
#define EVENTS     (IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR)
#define EVENT_ROOM ((size_t)16 << 10)

/** A file to read. */
struct found {
	char path[PATH_MAX];
	uint64_t mtime_ns;
};

/** A folder that inotify watches. */
struct watch {
	int number;
	char *path;
};

/** A folder the walk is in. */
struct level {
	DIR *dir;
	size_t path_len;
};

struct scan {
	const char *root;
	uint64_t every_ns;
	struct scan_filter filter;
	int fd;
	int error;
	struct found queue[QUEUE_MAX];
	unsigned count;
	bool overflown; /**< files were left out: walk again when the queue is empty */
	struct level levels[DEPTH_MAX];
	unsigned depth; /**< 0: no walk is on */
	char path[PATH_MAX];
	char only[NAME_MAX + 1]; /**< the root is a file: names that begin so; "": any */
	uint64_t due_ns;         /**< of the next walk; monotonic */
	struct watch watches[SCAN_WATCHES];
	unsigned watch_count;
	_Alignas(struct inotify_event) char events[EVENT_ROOM];
};

int scan_open(const char *root, uint64_t every_ns, const struct scan_filter *filter,
	      struct scan **ret_scan)
{
	struct scan *scan = calloc(1, sizeof(*scan)); /* banned-ok: once at open */

	if (!scan)
		return -ENOMEM;
	scan->root = root;
	scan->every_ns = every_ns;
	scan->filter = *filter;
	/* Without inotify the walk alone finds files, only later. */
	scan->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	*ret_scan = scan;
	return 0;
}

static void leave(struct scan *scan)
{
	closedir(scan->levels[--scan->depth].dir);
}

void scan_close(struct scan *scan)
{
	if (!scan)
		return;
	while (scan->depth)
		leave(scan);
	for (unsigned i = 0; i < scan->watch_count; i++)
		free(scan->watches[i].path);
	if (scan->fd >= 0)
		close(scan->fd);
	free(scan);
}

int scan_fd(const struct scan *scan)
{
	return scan->fd;
}

unsigned scan_waiting(const struct scan *scan)
{
	return scan->count;
}

int scan_error(const struct scan *scan)
{
	return scan->error;
}

void scan_soon(struct scan *scan, uint64_t at_ns)
{
	if (at_ns < scan->due_ns)
		scan->due_ns = at_ns;
}

static uint64_t mtime_of(const struct stat *info)
{
	return (uint64_t)info->st_mtim.tv_sec * NS_PER_S + (uint64_t)info->st_mtim.tv_nsec;
}

/* The oldest makes room for what is newer. */
static struct found *place_for(struct scan *scan, const char *path, uint64_t mtime_ns)
{
	struct found *oldest = &scan->queue[0];

	for (unsigned i = 0; i < scan->count; i++) {
		struct found *f = &scan->queue[i];
		if (strcmp(f->path, path) == 0)
			return f;
		if (f->mtime_ns < oldest->mtime_ns)
			oldest = f;
	}
	if (scan->count < QUEUE_MAX)
		return &scan->queue[scan->count++];
	scan->overflown = true;
	return oldest->mtime_ns < mtime_ns ? oldest : NULL;
}

static void consider(struct scan *scan, const char *path, const struct stat *info)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	/* Names that begin with a dot are files still being written, by custom. */
	if (name[0] == '.' || !S_ISREG(info->st_mode) || info->st_size == 0)
		return;
	if (strncmp(name, scan->only, strlen(scan->only)) != 0 ||
	    !scan->filter.wanted(scan->filter.self, path, info))
		return;
	struct found *place = place_for(scan, path, mtime_of(info));
	if (!place)
		return;
	snprintf(place->path, sizeof(place->path), "%s", path);
	place->mtime_ns = mtime_of(info);
}

bool scan_next(struct scan *scan, char ret_path[static PATH_MAX])
{
	unsigned newest = 0;

	if (scan->count == 0)
		return false;
	for (unsigned i = 1; i < scan->count; i++) {
		const struct found *f = &scan->queue[i];
		const struct found *best = &scan->queue[newest];
		if (f->mtime_ns > best->mtime_ns ||
		    (f->mtime_ns == best->mtime_ns && strcmp(f->path, best->path) > 0))
			newest = i;
	}
	memcpy(ret_path, scan->queue[newest].path, PATH_MAX);
	scan->queue[newest] = scan->queue[--scan->count];
	if (scan->count == 0 && scan->overflown) {
		scan->overflown = false;
		scan->due_ns = 0;
	}
	return true;
}

/* Let inotify tell of changes in the folder at scan->path. */
static void watch(struct scan *scan)
{
	if (scan->fd < 0 || scan->watch_count == SCAN_WATCHES)
		return;
	int number = inotify_add_watch(scan->fd, scan->path, EVENTS);
	for (unsigned i = 0; i < scan->watch_count; i++) {
		if (scan->watches[i].number == number)
			return;
	}
	char *path = number < 0 ? NULL : strdup(scan->path); /* banned-ok: once a folder */
	if (path)
		scan->watches[scan->watch_count++] = (struct watch){ number, path };
}

/* Into the folder at scan->path. Return: 0 or negative errno. */
static int enter(struct scan *scan)
{
	if (scan->depth == DEPTH_MAX)
		return 0;
	/* First watch, then look: what comes in between is seen twice, never missed. */
	watch(scan);
	DIR *dir = opendir(scan->path);
	if (!dir)
		return -errno;
	scan->levels[scan->depth++] = (struct level){ dir, strlen(scan->path) };
	return 0;
}

static void begin_walk(struct scan *scan)
{
	struct stat info;
	const char *slash = strrchr(scan->root, '/');

	scan->only[0] = '\0';
	snprintf(scan->path, sizeof(scan->path), "%s", scan->root);
	if (stat(scan->root, &info) == 0 && S_ISREG(info.st_mode)) {
		snprintf(scan->only, sizeof(scan->only), "%s", slash ? slash + 1 : scan->root);
		snprintf(scan->path, sizeof(scan->path), "%.*s",
			 slash ? (int)(slash - scan->root) : 1, slash ? scan->root : ".");
		if (slash == scan->root)
			snprintf(scan->path, sizeof(scan->path), "/");
	}
	scan->error = enter(scan);
}

static void look_at(struct scan *scan, const char *name)
{
	size_t len = scan->levels[scan->depth - 1].path_len;
	struct stat info;

	if (name[0] == '.' || len + strlen(name) + 2 > sizeof(scan->path))
		return;
	snprintf(scan->path + len, sizeof(scan->path) - len, "/%s", name);
	if (stat(scan->path, &info) == 0) {
		if (!S_ISDIR(info.st_mode))
			consider(scan, scan->path, &info);
		else if (!scan->only[0] && enter(scan) == 0)
			return;
	}
	scan->path[len] = '\0';
}

static void walk(struct scan *scan)
{
	for (unsigned i = 0; i < STEP && scan->depth; i++) {
		struct level *level = &scan->levels[scan->depth - 1];
		const struct dirent *entry = readdir(level->dir);
		scan->path[level->path_len] = '\0';
		if (entry)
			look_at(scan, entry->d_name);
		else
			leave(scan);
	}
}

static const char *folder_of(const struct scan *scan, int number)
{
	for (unsigned i = 0; i < scan->watch_count; i++) {
		if (scan->watches[i].number == number)
			return scan->watches[i].path;
	}
	return NULL;
}

/* The folder is gone: its number will not come again. */
static void forget(struct scan *scan, int number)
{
	for (unsigned i = 0; i < scan->watch_count; i++) {
		if (scan->watches[i].number != number)
			continue;
		free(scan->watches[i].path);
		scan->watches[i] = scan->watches[--scan->watch_count];
		return;
	}
}

static void take_event(struct scan *scan, const struct inotify_event *event)
{
	char path[PATH_MAX];
	struct stat info;
	const char *folder = folder_of(scan, event->wd);

	if (event->mask & IN_IGNORED) {
		forget(scan, event->wd);
	} else if (event->mask & (IN_Q_OVERFLOW | IN_ISDIR)) {
		scan->due_ns = 0;
	} else if (folder && event->len && event->name[0] != '.') {
		int n = snprintf(path, sizeof(path), "%s/%s", folder, event->name);
		if (n > 0 && (size_t)n < sizeof(path) && stat(path, &info) == 0)
			consider(scan, path, &info);
	}
}

static void take_events(struct scan *scan)
{
	ssize_t len = scan->fd < 0 ? 0 : read(scan->fd, scan->events, sizeof(scan->events));

	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const void *)(scan->events + at);
		take_event(scan, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

int scan_step(struct scan *scan, uint64_t now_ns)
{
	take_events(scan);
	if (!scan->depth && now_ns >= scan->due_ns) {
		scan->due_ns = now_ns + scan->every_ns;
		begin_walk(scan);
	}
	walk(scan);
	return scan->depth > 0;
}
