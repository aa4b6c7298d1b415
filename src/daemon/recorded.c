/* SPDX-License-Identifier: Apache-2.0 */
/* recorded: tells flow logs from captures, and has each read by its own reader. */
#include "daemon/recorded.h"

#include <errno.h>
#include <string.h>

#include "daemon/stream.h"

/* Flow logs by name, or by what is in them where nobody named anything. */
static bool is_flowlog(const struct capture_request *request, enum flowlog_format *ret_format)
{
	*ret_format = FLOWLOG_AUTO;
	if (request->as)
		return flowlog_format_find(request->as, ret_format);
	return request->stream ? flowlog_is_stream(request->stream) : flowlog_is(request->path);
}

static void tell_passed_over(const struct flowlog_counts *counts, const char *path,
			     struct text *error)
{
	if (counts->undecodable == 0)
		return;
	text_addf(error, "%s: %llu piece%s could not be used, the first in line %llu (%s)", path,
		  (unsigned long long)counts->undecodable, counts->undecodable == 1 ? "" : "s",
		  (unsigned long long)counts->first_bad_line,
		  reason_name(counts->first_bad_reason));
}

static int read_flowlog(struct recorded *recorded, const struct capture_request *request,
			enum flowlog_format format, struct decode_state *state,
			const struct flow_sink *sink, struct text *error)
{
	const struct flowlog_request log = {
		.path = request->path,
		.stream = request->stream,
		.format = format,
		.time = request->hooks.time,
		.progress = request->hooks.progress,
		.stop = request->hooks.stop,
		.self = request->hooks.self,
	};

	if (!recorded->logs)
		recorded->logs = flowlog_reader_new();
	if (!recorded->logs) {
		if (request->stream)
			fclose(request->stream);
		text_addf(error, "%s: not enough memory to read it", request->path);
		return -ENOMEM;
	}
	int err = flowlog_read(recorded->logs, &log, state, sink, error);
	if (!err) {
		const struct flowlog_counts counts = flowlog_reader_counts(recorded->logs);
		tell_passed_over(&counts, request->path, error);
	}
	return err;
}

static int read_any(struct recorded *recorded, const struct capture_request *request,
		    struct decode_state *state, const struct flow_sink *sink, struct text *error)
{
	enum flowlog_format format;

	if (is_flowlog(request, &format))
		return read_flowlog(recorded, request, format, state, sink, error);
	return capture_read(request, state, sink, &recorded->capture, error);
}

int recorded_read(struct recorded *recorded, const struct capture_request *request,
		  struct decode_state *state, const struct flow_sink *sink, struct text *error)
{
	const struct capture_hooks *hooks = &request->hooks;
	struct capture_request open = *request;
	int err = stream_open(request->path, hooks->stop, hooks->self, error, &open.stream);

	if (!err)
		err = read_any(recorded, &open, state, sink, error);
	/* What a call that was interrupted says about it is nobody's fault. */
	if (hooks->stop && hooks->stop(hooks->self)) {
		text_clear(error);
		return -EINTR;
	}
	return err;
}

struct flowlog_counts recorded_logs(const struct recorded *recorded)
{
	return recorded->logs ? *flowlog_reader_totals(recorded->logs)
			      : (struct flowlog_counts){ 0 };
}

void recorded_done(struct recorded *recorded)
{
	flowlog_reader_free(recorded->logs);
	recorded->logs = NULL;
}
