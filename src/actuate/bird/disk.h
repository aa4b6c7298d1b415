/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk: the text of a file in, the file on disk out; the one before can come back.
 *
 * Whoever reads it sees the old file or the new one, whole. While it is not known
 * whether BIRD takes the new one, the last that it took stands beside it, so that
 * a crash in between cannot leave a file that keeps BIRD from starting. Worker
 * thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

/** Largest file that is read back. */
#define DISK_MOST (64U << 20)

/**
 * disk_read() - the whole file.
 * @ret_text: heap; cleared first
 * @ret_there: there is such a file
 */
WEIR_CHECK int disk_read(const char *path, struct text *ret_text, bool *ret_there,
			 struct text *why);

/**
 * disk_replace() - put the text there, and on the disk, before it is named.
 *
 * A file that was there keeps its mode and group; a new one may be read by everybody. Return: 0,
 * -EACCES, -ENOSPC and the like, with @why.
 */
WEIR_CHECK int disk_replace(const char *path, const struct text *text, struct text *why);

/** disk_keep() - note the file as it is as the last good one, unless one is noted. */
WEIR_CHECK int disk_keep(const char *path, struct text *why);

/**
 * disk_take_back() - the last good one again, if one is noted.
 * @was_there: there was a file before; if not, and none is noted, there is none again
 */
WEIR_CHECK int disk_take_back(const char *path, bool was_there, struct text *why);

/** disk_settle() - the file as it is is good. */
void disk_settle(const char *path);
