/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: asks a running daemon over its unix socket, by libcurl.
 *
 * Talks to the socket it is given and to nothing else: no proxy, no
 * redirection, no name resolution. Bounded in time and size.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

/** Where a daemon listens when the configuration does not say otherwise. */
#define CONTROL_SOCKET_DEFAULT "/run/weir/weir.sock"

/** A daemon serves so many connections at once; the next ones wait. */
#define CONTROL_CONNECTIONS_MAX 64U
/** Seconds that question and answer together may take before the daemon ends the connection. */
#define CONTROL_EXCHANGE_S      10U

/** What came of a request; text_done() `body` and `error` in the end. */
struct control_reply {
	unsigned status;   /**< HTTP status; 0 when nobody answered */
	struct text body;  /**< as sent */
	struct text error; /**< what is wrong and what to do, one line; empty on success */
};

/**
 * control_get() - ask for one path.
 * @socket: path of the unix socket
 * @path: as "/api/v1/status?x=y", characters that need it already escaped
 * @ret_reply: to be released with control_reply_done() whatever the result
 *
 * Return: 0 when the answer is 200, with `body`. Otherwise negative with `error`: -ECONNREFUSED
 * or -ENOENT when no daemon is there, -EACCES, -ETIMEDOUT, -ENAMETOOLONG, -EFBIG, -EPROTO for an answer that is
 * a problem (its detail is the error, its code is `status`), -EIO for everything else.
 */
WEIR_CHECK int control_get(const char *socket, const char *path, struct control_reply *ret_reply);

/** control_post() - as control_get(), with a JSON body that asks for something to be done. */
WEIR_CHECK int control_post(const char *socket, const char *path, const char *json,
			    struct control_reply *ret_reply);

/** control_reply_done() - release the texts. */
void control_reply_done(struct control_reply *reply);
