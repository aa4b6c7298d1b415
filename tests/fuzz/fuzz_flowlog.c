/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_flowlog: any bytes as a flow log, whole, in pieces, and packed. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "ingest/flowlog/flowlog.h"
#include "ingest/flowlog/read.h"
#include "ingest/state.h"

static void take_flows(void *self, struct flow *flows, size_t count)
{
	*(uint64_t *)self += flows[0].bytes + count;
}

/* The same flows must come whatever the pieces are. */
static uint64_t read_pieces(struct decode_state *state, const uint8_t *data, size_t size, size_t by)
{
	static struct flowlog *log;
	uint64_t sum = 0;
	const struct flow_sink sink = { .flows = take_flows, .self = &sum };
	const struct flowlog_input input = { .state = state, .sink = &sink };
	size_t front = 0;

	if (!log)
		log = flowlog_new();
	uint64_t before = flowlog_counts(log)->flows;
	flowlog_begin(log, &input);
	for (size_t end = by; front < size; end += by) {
		if (end > size)
			end = size;
		size_t used =
			flowlog_take(log, (const char *)data + front, end - front, end == size, 3);
		if (used > end - front || (used == 0 && end == size))
			break;
		front += used;
	}
	return flowlog_counts(log)->flows - before;
}

static void read_file(struct decode_state *state, const uint8_t *data, size_t size)
{
	static struct flowlog_reader *reader;
	uint64_t sum = 0;
	char path[64];
	char line[1024];
	struct text error = text_fixed(line, sizeof(line));
	const struct flow_sink sink = { .flows = take_flows, .self = &sum };
	int fd = memfd_create("flowlog", MFD_CLOEXEC);

	if (!reader)
		reader = flowlog_reader_new();
	if (fd < 0 || !reader || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const struct flowlog_request request = { .path = path };
	int r = flowlog_read(reader, &request, state, &sink, &error);
	/* A failure is explained, a success is not. */
	if ((r < 0) != (error.len > 0))
		abort();
	(void)flowlog_is(path);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config config = { .max_exporters = 16,
					      .max_templates = 16,
					      .max_held_bytes = 4096 };
	static struct decode_state *state;

	if (!state)
		state = decode_state_new(&config, 1);
	if (!state)
		abort();
	(void)read_pieces(state, data, size, 7);
	(void)read_pieces(state, data, size, size ? size : 1);
	read_file(state, data, size);
	return 0;
}
