/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks: how far each flow-log file was read, remembered over restarts (SQLite).
 *
 * A file is known by its path and by what it begins with, so that one that was moved or packed
 * goes on where it was, and one that was replaced begins anew. One thread.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/** So much of the beginning of a file tells it from others. */
#define MARK_HEAD_BYTES 1024
/** What the path of a mark begins with whose file gave its place to another. */
#define MARK_LAID_BY    '?'
/** Files that are remembered, of each entry of the configuration. */
#define MARKS_MAX       65536

struct marks;

/** How far one file was read. */
struct mark {
	char path[PATH_MAX];
	uint64_t offset;   /**< of its text */
	uint64_t size;     /**< of the file when it was looked at, as it lies there */
	uint64_t mtime_ns; /**< likewise */
	uint64_t inode;
	uint64_t head_hash;
	uint32_t head_len; /**< bytes of text behind head_hash */
};

/**
 * marks_open() - open or make the file.
 * @folder: of the state; NULL: remember while the program runs only
 * @log: whose marks these are; files of other logs are not seen
 * @error: one line for people on failure
 */
WEIR_CHECK int marks_open(const char *folder, const char *log, struct text *error,
			  struct marks **ret_marks);

/** marks_close() - NULL is fine. */
void marks_close(struct marks *marks);

/** marks_find() - by path. Return: false if there is none. */
bool marks_find(struct marks *marks, const char *path, struct mark *ret_mark);

/**
 * marks_find_moved() - a mark of a file that began so and is no longer where it was.
 * @head: the first bytes of the text
 * @best: replaced by one that came as far, or further
 *
 * Return: false if there is none.
 */
bool marks_find_moved(struct marks *marks, const char *head, size_t len, struct mark *best);

/** mark_is_gone() - another file lies at its path now, or none. */
bool mark_is_gone(const struct mark *mark);

/** marks_save() - write all of them or none. Return: 0, -WEIR_EFULL, or -EIO. */
WEIR_CHECK int marks_save(struct marks *marks, const struct mark *list, size_t count);

/** marks_count() - files that are remembered. */
uint64_t marks_count(const struct marks *marks);

/** marks_purge() - forget files that are gone, once there is little room left. */
void marks_purge(struct marks *marks);

/** marks_hash() - what a head is known by. */
uint64_t marks_hash(const char *head, size_t len);
