/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: a path that can be read only once (a pipe, `<(…)`, a device) in, an open stream out.
 *
 * Files are opened by whoever reads them, as often as need be. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

/**
 * stream_open() - open such a path, and wait until somebody writes to it.
 * @stop: asked while it waits: shall it give up? @self is handed to it. May be NULL
 * @error: on failure one line for people
 * @ret_stream: owned by the caller; NULL for "-", a file, a folder, and what is not there
 *
 * Says on standard error that it waits, when nothing has come for two seconds.
 *
 * Return: 0; -EINTR if @stop said so, -WEIR_ETRUNC if nothing was written, negative errno.
 */
WEIR_CHECK int stream_open(const char *path, bool (*stop)(void *self), void *self,
			   struct text *error, FILE **ret_stream);
