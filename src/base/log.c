/* SPDX-License-Identifier: Apache-2.0 */
/* log: one line in, one write to standard error out. Any thread. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

static atomic_int level_now = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&level_now, (int)level);
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char buffer[1024];
	char time[TIME_TEXT_MAX];
	struct text line = text_fixed(buffer, sizeof(buffer) - 1);
	va_list args;

	if ((int)level > atomic_load(&level_now))
		return;
	text_addf(&line, "%s %-7s %s: ", time_format(clock_wall_ns(), time), names[level], area);
	va_start(args, format);
	text_vaddf(&line, format, args);
	va_end(args);
	buffer[line.len] = '\n';
	/* One write, so that lines of several threads never mix; a full pipe loses the line. */
	ssize_t written = write(STDERR_FILENO, buffer, line.len + 1);
	(void)written;
}
