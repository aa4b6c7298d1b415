/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress: how far a long reading is, on a terminal's standard error.
 *
 * Silent for the first second, and always where standard error is no terminal.
 */
#pragma once

#include <stdint.h>

/** One reading. */
struct progress {
	const char *what;
	uint64_t began_ns; /**< monotonic; 0: never show */
	uint64_t shown_ns; /**< last time a line was drawn; 0: none yet */
};

/** progress_of() - begin; @what is borrowed. */
struct progress progress_of(const char *what);

/** progress_show() - draw again, if it is time. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total);

/** progress_end() - wipe the line. */
void progress_end(struct progress *progress);
