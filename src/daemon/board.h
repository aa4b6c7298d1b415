/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board: events and counters in, what the control server shows out.
 *
 * Keeps the next snapshot until there is something new to show, then hands it
 * to the server. Control thread.
 */
#pragma once

#include "base/text.h"
#include "control/acts.h"
#include "control/status.h"
#include "model/event.h"

struct board;

/** board_new() - an empty board that nobody sees yet. NULL when memory is short. */
struct board *board_new(void);

/** board_free() - stop the server if there is one; NULL is fine. */
void board_free(struct board *board);

/** board_listen() - let the API answer on a unix socket. Errors as control_server_open(). */
WEIR_CHECK int board_listen(struct board *board, const char *path, struct text *error);

/** board_coverage() - let the API read the coverage ledger, kept in the file at @path. */
void board_coverage(struct board *board, const char *path);

/** board_acts() - let the API take acts of people. @acts: borrowed as long as the board is there */
void board_acts(struct board *board, const struct api_acts *acts);

/** board_event_sink() - where events for this board go. */
struct event_sink board_event_sink(struct board *board);

/** board_has_news() - events came since the last board_status(): its counts are old. */
bool board_has_news(const struct board *board);

/** board_status() - replace what is said of the daemon's health. */
void board_status(struct board *board, const struct status_view *view);

/** board_top() - replace what is said of rates and envelopes. */
void board_top(struct board *board, const struct status_view *view);

/** board_show() - publish if anything changed since the last time. */
void board_show(struct board *board);
