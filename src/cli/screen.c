/* SPDX-License-Identifier: Apache-2.0 */
/* screen: a few ANSI sequences that every terminal of the last decades knows. */
#include "cli/screen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define HOME        "\033[H"
#define CLEAR_LINE  "\033[K"
#define CLEAR_REST  "\033[J"

bool screen_is_there(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static sigset_t held_signals(void)
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	return set;
}

static void put(const char *sequence)
{
	fputs(sequence, stdout);
	(void)fflush(stdout);
}

void screen_open(void)
{
	sigset_t set = held_signals();

	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	put(HIDE_CURSOR HOME CLEAR_REST);
}

void screen_close(void)
{
	sigset_t set = held_signals();

	put(SHOW_CURSOR);
	/* Asked twice to go: once is enough. */
	while (sigtimedwait(&set, NULL, &(struct timespec){ 0 }) > 0)
		;
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

struct screen_size screen_get_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return (struct screen_size){ 80, 24 };
	return (struct screen_size){ size.ws_col, size.ws_row };
}

/* Bytes of a line that @width characters take; continuation bytes of UTF-8 take no place. */
static size_t cut(const char *line, size_t len, size_t width)
{
	size_t at = 0;

	for (; at < len; at++) {
		bool begins = ((unsigned char)line[at] & 0xc0) != 0x80;
		if (begins && width-- == 0)
			break;
	}
	return at;
}

void screen_frame(const char *page, const struct screen_size *size, struct text *out)
{
	text_add(out, HOME);
	for (size_t row = 0; *page && row + 1 < size->height; row++) {
		size_t len = strcspn(page, "\n");
		text_add_n(out, page, cut(page, len, size->width));
		text_add(out, CLEAR_LINE "\n");
		page += len + (page[len] == '\n');
	}
	text_add(out, CLEAR_REST);
}

void screen_show(const char *page)
{
	struct screen_size size = screen_get_size();
	struct text frame = text_heap();

	screen_frame(page, &size, &frame);
	if (!frame.failed)
		put(text_string(&frame));
	text_done(&frame);
}

/* The shell gets a terminal in order, and we draw anew when it gives it back. */
static void pause_here(void)
{
	put(SHOW_CURSOR);
	(void)raise(SIGSTOP);
	put(HIDE_CURSOR);
}

bool screen_wait(uint64_t ns)
{
	sigset_t set = held_signals();
	struct timespec most = { .tv_sec = (time_t)(ns / NS_PER_S),
				 .tv_nsec = (long)(ns % NS_PER_S) };
	int signal = sigtimedwait(&set, NULL, &most);

	if (signal == SIGTSTP)
		pause_here();
	return signal < 0 || signal == SIGTSTP || signal == SIGWINCH;
}
