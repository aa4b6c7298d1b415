/* SPDX-License-Identifier: Apache-2.0 */
/* progress: bytes done and bytes in all in, one line redrawn on the terminal out. */
#include "daemon/progress.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "base/text.h"

#define QUIET_NS  NS_PER_S
#define REDRAW_NS (NS_PER_S / 5)

static void draw(const char *line, size_t len)
{
	/* A line about progress that cannot be drawn is no loss. */
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written;
}

struct progress progress_of(const char *what)
{
	return (struct progress){ .what = what,
				  .began_ns = isatty(STDERR_FILENO) ? clock_mono_ns() : 0 };
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total)
{
	char buffer[256];
	char bytes[32];
	struct text line = text_fixed(buffer, sizeof(buffer));
	uint64_t now_ns = progress->began_ns ? clock_mono_ns() : 0;

	if (!now_ns || now_ns < progress->began_ns + QUIET_NS ||
	    now_ns < progress->shown_ns + REDRAW_NS)
		return;
	progress->shown_ns = now_ns;
	double seconds = (double)(now_ns - progress->began_ns) / NS_PER_S;
	uint64_t speed = (uint64_t)((double)done / seconds);
	text_addf(&line, "\r\033[K%.60s: ", progress->what);
	if (total)
		text_addf(&line, "%u%%, ", (unsigned)(done * 100 / total));
	text_addf(&line, "%s/s", quantity_format(speed, QUANTITY_BYTES, bytes));
	if (total > done && speed)
		text_addf(&line, ", %llu s left", (unsigned long long)((total - done) / speed));
	draw(line.data, line.len);
}

void progress_end(struct progress *progress)
{
	if (progress->shown_ns)
		draw("\r\033[K", 4);
}
