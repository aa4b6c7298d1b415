/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen: pages in, a terminal that shows the latest of them in place out.
 *
 * Home, line by line with the rest of each cleared, then clear to the end: nothing flickers. While
 * it is open the cursor is hidden and the signals that end a program are held back, so that the
 * terminal is always left as it was found. One screen a program.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/** How large it is, in characters. */
struct screen_size {
	size_t width;
	size_t height;
};

/** screen_is_there() - standard output is a terminal that can be drawn upon. */
bool screen_is_there(void);

/** screen_open() - hide the cursor, hold signals back, begin with an empty screen. */
void screen_open(void);

/** screen_close() - the cursor is back, below the page; signals as they were not held. */
void screen_close(void);

/** screen_get_size() - now; 80x24 when the terminal does not tell. */
struct screen_size screen_get_size(void);

/** screen_frame() - append what draws @page: lines cut to the size, the last row left empty. */
void screen_frame(const char *page, const struct screen_size *size, struct text *out);

/** screen_show() - draw a page. */
void screen_show(const char *page);

/**
 * screen_wait() - let time pass; a new size ends it early.
 *
 * Return: false when the reader wants to go (SIGINT, SIGTERM, SIGHUP, SIGQUIT).
 */
bool screen_wait(uint64_t ns);
