/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @NAME@: events in, one line each in a file out.
 *
 * An example: writes the time and the type of each event. Control thread;
 * emit never blocks for long, and counts what could not be written.
 */
#include "report/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct state {
	FILE *file;
	struct sink_stats stats;
};

static int open(const struct config_sink *config, void **ret_state)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->file = fopen(config->path, "ae");
	if (!state->file) {
		int err = -errno;
		free(state);
		return err;
	}
	*ret_state = state;
	return 0;
}

static void emit(void *self, const struct event *event)
{
	struct state *state = self;

	fprintf(state->file, "%" PRIu64 " %s\n", event->time_ns, event_type_name(event->type));
	if (fflush(state->file) == 0) {
		state->stats.emitted++;
		return;
	}
	state->stats.dropped++;
	state->stats.last_error = -errno;
	clearerr(state->file);
}

static void stats(const void *self, struct sink_stats *ret_stats)
{
	const struct state *state = self;

	*ret_stats = state->stats;
}

static void close(void *self)
{
	struct state *state = self;

	if (!state)
		return;
	fclose(state->file);
	free(state);
}

const struct sink sink_@NAME@ = {
	.name = "@NAME@",
	.summary = "an example: say in one line where events go",
	.open = open,
	.emit = emit,
	.stats = stats,
	.close = close,
};
