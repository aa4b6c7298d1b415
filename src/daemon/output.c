/* SPDX-License-Identifier: Apache-2.0 */
/* output: text in, large writes to standard output out. */
#include "daemon/output.h"

#include <errno.h>
#include <unistd.h>

#define SPILL_AT ((size_t)64 * 1024)

struct output output_open(void)
{
	return (struct output){ .text = text_heap() };
}

static void write_all(struct output *output)
{
	const char *at = text_string(&output->text);
	size_t left = output->text.len;

	if (output->text.failed && !output->error)
		output->error = -ENOMEM;
	while (left > 0 && !output->error) {
		ssize_t written = write(STDOUT_FILENO, at, left);
		if (written < 0 && errno != EINTR) {
			output->error = -errno;
		} else if (written > 0) {
			at += written;
			left -= (size_t)written;
		}
	}
	text_clear(&output->text);
}

void output_spill(struct output *output)
{
	if (output->text.len >= SPILL_AT)
		write_all(output);
}

int output_close(struct output *output)
{
	write_all(output);
	text_done(&output->text);
	return output->error;
}
