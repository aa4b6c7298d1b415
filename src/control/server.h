/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: the HTTP API on a unix socket, by libmicrohttpd.
 *
 * Runs one thread of its own, which reads the snapshot that the control thread
 * published last, and for the coverage ledger the disk; neither ever waits for the other longer than it takes
 * to pass a pointer. Bounded: connections, request size and the time of a whole
 * exchange have limits (control/client.h); who exceeds them is turned away and
 * nothing else happens. Whoever may open the socket file (mode 0660) may ask, and may act: who that
 * is the kernel says (SO_PEERCRED), and it stands in the audit.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "control/api.h"
#include "control/snapshot.h"

struct control_server;

/**
 * control_server_open() - listen at @path and answer.
 * @path: of the unix socket
 * @error: gets one line that says what is wrong and what to do
 * @ret_server: owned by the caller; untouched on failure
 *
 * Until the first snapshot every answer is "503, still starting". Errors as listener_open(),
 * and -ENOMEM or -EIO when the server itself does not start.
 */
WEIR_CHECK int control_server_open(const char *path, struct text *error,
				   struct control_server **ret_server);

/**
 * control_server_coverage() - where the coverage ledger can be read; before the first request.
 * @coverage: borrowed as long as the server is open
 */
void control_server_coverage(struct control_server *server, const struct api_coverage *coverage);

/** control_server_acts() - who does what people want; as control_server_coverage(). */
void control_server_acts(struct control_server *server, const struct api_acts *acts);

/**
 * control_server_publish() - answer from this snapshot from now on.
 * @snapshot: the caller's reference is taken; it must not be changed any more
 *
 * Any thread. To make the next one: control_snapshot_copy() of this one, for which the
 * caller keeps a reference of its own (control_snapshot_ref()) before publishing. Sweeps too.
 */
void control_server_publish(struct control_server *server, struct control_snapshot *snapshot);

/**
 * control_server_sweep() - end connections whose exchange takes longer than CONTROL_EXCHANGE_S.
 * @now_ns: monotonic
 *
 * libmicrohttpd only ends those that are silent; one byte a second would hold a connection for
 * ever. The time counts from the connection, or from the answer before. Any thread.
 */
void control_server_sweep(struct control_server *server, uint64_t now_ns);

/** control_server_requests() - requests answered so far, problems included. Any thread. */
uint64_t control_server_requests(const struct control_server *server);

/** control_server_close() - stop answering, remove the socket file; NULL is fine. */
void control_server_close(struct control_server *server);
