/* SPDX-License-Identifier: Apache-2.0 */
/* board: the control thread's side of the published snapshots. */
#include "daemon/board.h"

#include <stdlib.h>
#include <string.h>

#include "archive/store.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "control/server.h"

struct board {
	struct control_server *server;
	struct control_snapshot *shown; /* published last; one reference is ours */
	struct control_snapshot *next;  /* NULL while nothing changed */
	bool has_news;                  /* an event came since the status was last taken */
	struct text scratch;
	struct text verdict;
	struct api_coverage coverage;
	char *coverage_path;
};

struct board *board_new(void)
{
	struct board *board = calloc(1, sizeof(*board));

	if (!board)
		return NULL;
	board->scratch = text_heap();
	board->verdict = text_heap();
	board->shown = control_snapshot_new();
	if (!board->shown) {
		free(board);
		return NULL;
	}
	return board;
}

void board_free(struct board *board)
{
	if (!board)
		return;
	control_server_close(board->server);
	control_snapshot_unref(board->shown);
	control_snapshot_unref(board->next);
	text_done(&board->scratch);
	text_done(&board->verdict);
	free(board->coverage_path);
	free(board);
}

int board_listen(struct board *board, const char *path, struct text *error)
{
	return control_server_open(path, error, &board->server);
}

/* The API's thread: the path does not change any more. */
static int64_t read_coverage(void *self, const struct coverage_query *query,
			     void (*each)(void *to, const struct coverage *row, const char *name),
			     void *to, struct text *error)
{
	const struct board *board = self;

	return coverage_read(board->coverage_path, query, each, to, error);
}

void board_coverage(struct board *board, const char *path)
{
	board->coverage_path = strdup(path);
	board->coverage = (struct api_coverage){ .read = read_coverage, .self = board };
	if (board->server && board->coverage_path)
		control_server_coverage(board->server, &board->coverage);
}

void board_acts(struct board *board, const struct api_acts *acts)
{
	if (board->server)
		control_server_acts(board->server, acts);
}

/* The snapshot under construction; NULL only when memory is short, then the old one stays. */
static struct control_snapshot *next_of(struct board *board)
{
	if (!board->next)
		board->next = control_snapshot_copy(board->shown);
	return board->next;
}

static void take_event(void *self, const struct event *event)
{
	struct board *board = self;
	struct control_snapshot *next = next_of(board);

	board->has_news = true;
	if (!event->incident || !next)
		return;
	text_clear(&board->scratch);
	if (event->plan) {
		struct jsonw w = jsonw_on(&board->scratch);
		plan_to_json(event->plan, event->sources, event->source_count, &w, NULL);
	}
	text_clear(&board->verdict);
	if (event->verdict) {
		struct jsonw w = jsonw_on(&board->verdict);
		verdict_to_json(event->verdict, &w, NULL);
	}
	if (control_snapshot_put_incident(next, event->incident,
					  event->plan ? text_string(&board->scratch) : NULL,
					  event->verdict ? text_string(&board->verdict) : NULL))
		log_warning("daemon", "not enough memory to show incident %s", event->incident->id);
}

struct event_sink board_event_sink(struct board *board)
{
	return (struct event_sink){ .emit = take_event, .self = board };
}

bool board_has_news(const struct board *board)
{
	return board->has_news;
}

void board_status(struct board *board, const struct status_view *view)
{
	struct control_snapshot *next = next_of(board);

	board->has_news = false;
	text_clear(&board->scratch);
	status_to_json(view, &board->scratch);
	if (!next || board->scratch.failed ||
	    control_snapshot_set_status(next, text_string(&board->scratch)))
		log_warning("daemon", "not enough memory to show the status");
}

void board_top(struct board *board, const struct status_view *view)
{
	struct control_snapshot *next = next_of(board);

	text_clear(&board->scratch);
	top_to_json(view, &board->scratch);
	if (!next || board->scratch.failed ||
	    control_snapshot_set_top(next, text_string(&board->scratch)))
		log_warning("daemon", "not enough memory to show rates and envelopes");
}

void board_show(struct board *board)
{
	if (!board->next)
		return;
	control_snapshot_unref(board->shown);
	board->shown = board->next;
	board->next = NULL;
	if (board->server)
		control_server_publish(board->server, control_snapshot_ref(board->shown));
}
