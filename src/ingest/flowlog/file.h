/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file: a flow-log file, plain or gzip (RFC 1952), as a window that slides over its text.
 *
 * One thread. All memory is taken by flowlog_file_new(), once for any number of files; each call
 * reads and unpacks a bounded piece, however much a packed file holds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

/** Most text that one flowlog_file_fill() adds. */
#define FLOWLOG_PIECE ((size_t)256 << 10)

struct flowlog_file;

/** flowlog_file_new() - NULL when memory is short. */
struct flowlog_file *flowlog_file_new(void);

/** flowlog_file_free() - closes what is open; NULL is fine. */
void flowlog_file_free(struct flowlog_file *file);

/**
 * flowlog_file_open() - read from the beginning; what was open before is closed.
 * @stream: taken; standard input is never closed
 */
void flowlog_file_open(struct flowlog_file *file, FILE *stream);

/** flowlog_file_close() - forget the file; harmless when none is open. */
void flowlog_file_close(struct flowlog_file *file);

/**
 * flowlog_file_fill() - add the next piece to the window.
 *
 * Return: 1 when there is more text; 0 at the end, where a plain file may grow later; -WEIR_ETRUNC
 * when a packed file ends early, -WEIR_EFORMAT when it is broken, negative errno.
 */
WEIR_CHECK int flowlog_file_fill(struct flowlog_file *file);

/** flowlog_file_window() - text that is read but not used. */
const char *flowlog_file_window(const struct flowlog_file *file, size_t *ret_len);

/** flowlog_file_use() - the first @len bytes of the window are done with. */
void flowlog_file_use(struct flowlog_file *file, size_t len);

/** flowlog_file_skip() - go on at @offset of the text. Return: as flowlog_file_fill(). */
WEIR_CHECK int flowlog_file_skip(struct flowlog_file *file, uint64_t offset);

/** flowlog_file_offset() - where in the text the window begins. */
uint64_t flowlog_file_offset(const struct flowlog_file *file);

/** flowlog_file_packed() - it is gzip; known after the first flowlog_file_fill(). */
bool flowlog_file_packed(const struct flowlog_file *file);

/** flowlog_file_read() - bytes of the file itself read so far. */
uint64_t flowlog_file_read(const struct flowlog_file *file);
