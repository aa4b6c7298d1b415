/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan: finds files with something new below a path, newest first.
 *
 * inotify tells of changes at once; a walk over the whole tree now and then finds what it missed.
 * Both in bounded steps. One thread; all memory is taken by scan_open(), but for names of watched
 * folders, SCAN_WATCHES at most.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

/** Folders that inotify watches; deeper and further ones are found by the walk. */
#define SCAN_WATCHES 4096

struct scan;

/** Whether a file is worth reading. */
struct scan_filter {
	bool (*wanted)(void *self, const char *path, const struct stat *info);
	void *self;
};

/**
 * scan_open() - begin.
 * @root: a file, or a folder; need not be there yet. Borrowed
 * @every_ns: time between two walks
 */
WEIR_CHECK int scan_open(const char *root, uint64_t every_ns, const struct scan_filter *filter,
			 struct scan **ret_scan);

/** scan_close() - NULL is fine. */
void scan_close(struct scan *scan);

/** scan_fd() - readable when something changed. */
int scan_fd(const struct scan *scan);

/** scan_step() - take events, walk a little. @now_ns: monotonic. Return: 1 when there is more. */
int scan_step(struct scan *scan, uint64_t now_ns);

/** scan_soon() - walk again at @at_ns, if not before. */
void scan_soon(struct scan *scan, uint64_t at_ns);

/** scan_next() - the newest file found. Return: false when there is none now. */
bool scan_next(struct scan *scan, char ret_path[static PATH_MAX]);

/** scan_waiting() - files found and not taken yet. */
unsigned scan_waiting(const struct scan *scan);

/** scan_error() - why the root cannot be read, negative errno; 0: it can. */
int scan_error(const struct scan *scan);
