/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_capture: any bytes as a capture file, read as recognised and as packets. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "ingest/capture.h"
#include "ingest/state.h"

static void take_flows(void *self, struct flow *flows, size_t count)
{
	*(uint64_t *)self += flows[0].bytes + count;
}

static void read_as(struct decode_state *state, const char *path, const char *as)
{
	uint64_t sum = 0;
	char line[512];
	struct text error = text_fixed(line, sizeof(line));
	struct capture_stats stats = { 0 };
	const struct flow_sink sink = { take_flows, NULL, &sum };
	const struct capture_request request = { .path = path, .as = as };
	int r = capture_read(&request, state, &sink, &stats, &error);

	/* A failure is explained, a success is not. */
	if ((r < 0) != (error.len > 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config config = { .max_exporters = 16,
					      .max_templates = 16,
					      .max_held_bytes = 4096 };
	static struct decode_state *state;
	char path[64];
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (!state)
		state = decode_state_new(&config, 1);
	if (fd < 0 || !state || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_as(state, path, NULL);
	read_as(state, path, "packets");
	close(fd);
	return 0;
}
