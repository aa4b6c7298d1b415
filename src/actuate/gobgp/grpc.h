/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grpc: messages to GoBGP in, its messages out.
 *
 * gRPC is a POST over HTTP/2: each message has five bytes before it, a 0 and its
 * length; how it went stands in the trailer `grpc-status`. Any number of messages
 * each way. Each call is a connection of its own: libcurl before 8.0 fails with
 * a second request on one (curl issue 10634). Worker thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/** Most bytes of all messages of one answer. */
#define GRPC_MOST (64U << 20)

/** Whom to ask. */
struct grpc_peer {
	const char *address; /**< host:port, or unix:/path; borrowed */
	uint64_t timeout_ns; /**< of one call */
};

/** Bytes that grow. */
struct grpc_bytes {
	uint8_t *data;
	size_t len;
	size_t cap;
};

/** grpc_bytes_done() - harmless when repeated. */
void grpc_bytes_done(struct grpc_bytes *bytes);

/** grpc_frame() - room for one more message of @len bytes at the end; NULL: no memory. */
uint8_t *grpc_frame(struct grpc_bytes *bytes, size_t len);

/**
 * grpc_next() - the next message of an answer.
 * @at: where it is looked for; moved behind it. Start with 0.
 * @ret_data: inside @bytes
 *
 * Return: 1; 0 at the end; -WEIR_ETRUNC.
 */
WEIR_CHECK int grpc_next(const struct grpc_bytes *bytes, size_t *at, const uint8_t **ret_data,
			 size_t *ret_len);

/**
 * grpc_call() - one call.
 * @method: "AddPathStream"
 * @request: frames
 * @ret_answer: zeroed; gets frames, to be released by the caller in any case
 * @why: on failure gets one sentence that says what to do
 *
 * Return: 0; -ENOTCONN, -ETIMEDOUT, -WEIR_EFORMAT, -WEIR_EVERSION (another version of the API),
 * -EOPNOTSUPP (GoBGP refused), -EFBIG, -ENOMEM.
 */
WEIR_CHECK int grpc_call(const struct grpc_peer *peer, const char *method,
			 const struct grpc_bytes *request, struct grpc_bytes *ret_answer,
			 struct text *why);
