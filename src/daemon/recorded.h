/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorded: a file of any kind that Weir reads, as flows; captures and flow logs.
 *
 * What `weir decode` and `weir replay` have in common. One thread.
 */
#pragma once

#include "ingest/capture.h"
#include "ingest/flowlog/read.h"

/** What was read so far; zeroed before the first file, released by recorded_done(). */
struct recorded {
	struct capture_stats capture;
	struct flowlog_reader *logs; /**< NULL before the first flow log */
};

/** Names for `--as`, as the help shows them. */
#define RECORDED_FORMATS "netflow5|netflow9|ipfix|sflow5|packets|aws-vpc|azure-nsg|gcp-vpc"

/**
 * recorded_read() - all flows of a file.
 * @request: as for capture_read(); `as` may name a flow log too
 * @error: on failure one line for people. On success empty, or one line about what was passed over
 *
 * Pipes and devices are opened once, and waited for. Return: 0, -EINTR when a hook stopped it, or
 * another negative error.
 */
WEIR_CHECK int recorded_read(struct recorded *recorded, const struct capture_request *request,
			     struct decode_state *state, const struct flow_sink *sink,
			     struct text *error);

/** recorded_logs() - what was counted in flow logs; all zero without any. */
struct flowlog_counts recorded_logs(const struct recorded *recorded);

/** recorded_done() - release what it took. */
void recorded_done(struct recorded *recorded);
