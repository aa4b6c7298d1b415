/* SPDX-License-Identifier: Apache-2.0 */
/* watch: paths from scan in, marks and flows out, a bounded piece a turn. */
#include "ingest/flowlog/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "ingest/flowlog/file.h"
#include "ingest/flowlog/flowlog.h"
#include "ingest/flowlog/marks.h"
#include "ingest/flowlog/scan.h"
#include "ingest/state.h"

#define PERIOD_NS     (50 * NS_PER_MS)
#define WALK_EVERY_NS (30 * NS_PER_S)
/** Records of one turn. */
#define TURN_RECORDS  4096
/** Marks that wait to be saved; no other file is begun while there is no room. */
#define PENDING_MAX   64
#define SAVE_EVERY_NS NS_PER_S
/** Files that cannot be read and are tried again with each walk. */
#define FAILED_MAX    64
/** A packed file that nobody wrote to for so long is whole. */
#define PACKED_NS     (2 * NS_PER_S)
/** A last line without an end is one after so long. */
#define SETTLED_NS    (60 * NS_PER_S)
/** The least lag is that of one to two such times; more than LAG_MAX_NS is no lag. */
#define LAG_NS        (600 * NS_PER_S)
#define LAG_MAX_NS    (3600 * NS_PER_S)
/** Text that is looked at to learn the lag. */
#define LEARN_BYTES   ((uint64_t)64 << 20)

struct watched {
	struct source source;
	struct config_flowlog entry; /**< with a path of its own: a configuration may go */
	struct scan *scan;
	struct marks *marks;
	struct flowlog_file *file;
	struct flowlog *log;
	bool reading; /**< `current` is open */
	bool more;    /**< of its window can be used without another piece */
	struct mark current;
	uint64_t mtime_ns; /**< of it when it was opened */
	char head[MARK_HEAD_BYTES];
	size_t head_len;
	struct mark pending[PENDING_MAX];
	size_t pending_count;
	uint64_t failed[FAILED_MAX]; /**< hashes of paths, so that each counts once */
	unsigned failed_at;
	bool unhanded;        /**< flows were given since the latest handed() */
	uint64_t save_due_ns; /**< monotonic */
	uint64_t wall_ns;     /**< of this turn */
	bool lag_known;
	uint64_t lag_ns;
	uint64_t lag_least[2]; /**< of this time, and of the one before */
	uint64_t lag_since_ns;
};

static uint64_t mtime_of(const struct stat *info)
{
	return (uint64_t)info->st_mtim.tv_sec * NS_PER_S + (uint64_t)info->st_mtim.tv_nsec;
}

static struct mark *find_pending(struct watched *w, const char *path)
{
	for (size_t i = 0; i < w->pending_count; i++) {
		if (strcmp(w->pending[i].path, path) == 0)
			return &w->pending[i];
	}
	return NULL;
}

static bool find_mark(struct watched *w, const char *path, struct mark *ret_mark)
{
	const struct mark *pending = find_pending(w, path);

	if (!pending)
		return marks_find(w->marks, path, ret_mark);
	*ret_mark = *pending;
	return true;
}

/* A file that did not change since it was read has nothing new. */
static bool is_wanted(void *self, const char *path, const struct stat *info)
{
	struct watched *w = self;
	struct mark mark;

	if (w->reading && strcmp(w->current.path, path) == 0)
		return false;
	return !find_mark(w, path, &mark) || mark.size != (uint64_t)info->st_size ||
	       mark.mtime_ns != mtime_of(info) || mark.inode != (uint64_t)info->st_ino;
}

static void note_pending(struct watched *w)
{
	struct mark *pending = find_pending(w, w->current.path);

	if (!pending)
		pending = &w->pending[w->pending_count++];
	*pending = w->current;
}

static void fail(struct watched *w, int err)
{
	uint64_t hash = marks_hash(w->current.path, strlen(w->current.path));

	w->source.stats.error = err;
	for (unsigned i = 0; i < FAILED_MAX; i++) {
		if (w->failed[i] == hash)
			return;
	}
	w->failed[w->failed_at++ % FAILED_MAX] = hash;
	w->source.stats.flowlog.unreadable++;
}

/* The marks wait until their flows are handed over. */
static void save(struct watched *w)
{
	if (w->pending_count == 0)
		return;
	int err = marks_save(w->marks, w->pending, w->pending_count);
	if (err == -WEIR_EFULL)
		marks_purge(w->marks);
	if (err) {
		w->source.stats.error = err;
		return;
	}
	w->pending_count = 0;
}

static void handed(struct source *source, uint64_t now_ns)
{
	struct watched *w = (struct watched *)source;

	w->unhanded = false;
	if (now_ns < w->save_due_ns)
		return;
	w->save_due_ns = now_ns + SAVE_EVERY_NS;
	save(w);
}

static struct flowlog_input input_of(const struct watched *w, struct decode_state *state,
				     const struct flow_sink *sink)
{
	return (struct flowlog_input){
		.format = w->entry.format,
		.sampling = w->entry.sampling,
		.state = state,
		.sink = sink,
		.now_ns = w->wall_ns,
		.lag_ns = w->lag_known ? w->lag_ns : UINT64_MAX,
	};
}

/* What is used stays; what ends a list may be taken away again, and is no part of the head. */
static void note_head(struct watched *w)
{
	size_t len = w->head_len < w->current.offset ? w->head_len : (size_t)w->current.offset;

	if (len == w->current.head_len)
		return;
	w->current.head_len = (uint32_t)len;
	w->current.head_hash = marks_hash(w->head, len);
}

/* Use what is in the window. Return: bytes used. */
static size_t take(struct watched *w, bool last)
{
	size_t len;
	const char *text = flowlog_file_window(w->file, &len);
	size_t used = flowlog_take(w->log, text, len, last, TURN_RECORDS);
	size_t whole = flowlog_whole(w->log);

	if (whole) {
		w->current.offset = flowlog_file_offset(w->file) + whole;
		note_head(w);
	}
	flowlog_file_use(w->file, used);
	w->more = used && used < len;
	return used;
}

static void note_lag(struct watched *w, uint64_t newest_ns)
{
	if (!newest_ns)
		return;
	uint64_t lag_ns = w->wall_ns > newest_ns ? w->wall_ns - newest_ns : 0;
	if (lag_ns > LAG_MAX_NS)
		lag_ns = LAG_MAX_NS;
	if (newest_ns > w->source.stats.flowlog.newest_ns)
		w->source.stats.flowlog.newest_ns = newest_ns;
	if (lag_ns < w->lag_least[0])
		w->lag_least[0] = lag_ns;
	if (!w->lag_known || lag_ns < w->lag_ns)
		w->lag_ns = lag_ns;
	w->lag_known = true;
	if (w->wall_ns - w->lag_since_ns < LAG_NS)
		return;
	w->lag_ns = w->lag_least[0] < w->lag_least[1] ? w->lag_least[0] : w->lag_least[1];
	w->lag_least[1] = w->lag_least[0];
	w->lag_least[0] = UINT64_MAX;
	w->lag_since_ns = w->wall_ns;
}

/*
 * Before the first record is used: how late are they? A log that reaches far back must not drag
 * the clock along with it, record by record. Its newest file is the first to come, so the newest
 * record of that one tells.
 */
static void learn_lag(struct watched *w, FILE *stream, uint64_t size, struct decode_state *state)
{
	const struct flow_sink nowhere = { 0 };
	struct flowlog_input input = input_of(w, state, &nowhere);
	uint64_t looked = 0;
	int more = 1;

	input.dry = true;
	flowlog_begin(w->log, &input);
	flowlog_file_open(w->file, stream);
	if (flowlog_file_fill(w->file) > 0) {
		size_t len;
		const char *head = flowlog_file_window(w->file, &len);
		if (!flowlog_file_packed(w->file) && size > LEARN_BYTES) {
			flowlog_learn(w->log, head, len, size - LEARN_BYTES);
			more = flowlog_file_skip(w->file, size - LEARN_BYTES);
		}
	}
	while (more > 0 && looked < 4 * LEARN_BYTES) {
		do
			looked += take(w, false);
		while (w->more);
		more = flowlog_file_fill(w->file);
	}
	note_lag(w, flowlog_newest_ns(w->log));
	w->current.offset = 0;
	w->lag_known = true;
}

/* Another file has its path: the mark waits for its own to turn up elsewhere. */
static void lay_by(struct watched *w, struct mark *mark)
{
	struct mark *pending = find_pending(w, w->current.path);

	if (!pending)
		pending = &w->pending[w->pending_count++];
	*pending = *mark;
	snprintf(pending->path, sizeof(pending->path), "%c%llu/%llu", MARK_LAID_BY,
		 (unsigned long long)mark->inode, (unsigned long long)mark->head_hash);
}

static bool begins_so(const struct mark *mark, const char *head, size_t len)
{
	return mark->head_len <= len && marks_hash(head, mark->head_len) == mark->head_hash;
}

/* Which mark the file has: its own, or that of another path it was moved or packed away from. */
static bool known_as(struct watched *w, const char *head, size_t len, struct mark *ret_mark)
{
	struct mark best = { 0 };
	bool found;

	if (find_mark(w, w->current.path, ret_mark)) {
		if (begins_so(ret_mark, head, len))
			return true;
		lay_by(w, ret_mark);
		w->source.stats.flowlog.replaced++;
	}
	found = marks_find_moved(w->marks, head, len, &best);
	for (size_t i = 0; i < w->pending_count; i++) {
		const struct mark *mark = &w->pending[i];
		if (!begins_so(mark, head, len) || mark->offset < best.offset ||
		    !mark_is_gone(mark))
			continue;
		best = *mark;
		found = true;
	}
	*ret_mark = best;
	return found;
}

/* Go on where reading stopped. Return: false when the file is shorter than that. */
static bool resume(struct watched *w)
{
	const char *head;
	size_t len;
	struct mark mark;

	head = flowlog_file_window(w->file, &len);
	bool known = known_as(w, head, len, &mark);
	w->head_len = len < MARK_HEAD_BYTES ? len : MARK_HEAD_BYTES;
	memcpy(w->head, head, w->head_len);
	w->current.offset = 0;
	w->current.head_len = 0;
	w->current.head_hash = marks_hash(head, 0);
	if (!known || mark.offset == 0)
		return true;
	bool is_short = !flowlog_file_packed(w->file) && mark.offset > w->current.size;
	flowlog_learn(w->log, head, len, mark.offset);
	if (is_short || flowlog_file_skip(w->file, mark.offset) <= 0)
		return false;
	w->current.offset = mark.offset;
	note_head(w);
	return true;
}

/* Other parts of a rotated file, beside the one that is asked for, only go on where it stopped. */
static bool is_other(const struct watched *w)
{
	struct stat info;

	return stat(w->entry.path, &info) == 0 && S_ISREG(info.st_mode) &&
	       strcmp(w->entry.path, w->current.path) != 0;
}

static int open_stream(struct watched *w, FILE **ret_stream)
{
	struct stat info;
	FILE *stream = fopen(w->current.path, "rbe");

	if (!stream)
		return -errno;
	if (fstat(fileno(stream), &info)) {
		fclose(stream);
		return -EIO;
	}
	w->current.size = (uint64_t)info.st_size;
	w->current.mtime_ns = mtime_of(&info);
	w->current.inode = (uint64_t)info.st_ino;
	w->mtime_ns = w->current.mtime_ns;
	*ret_stream = stream;
	return 0;
}

/* Open, find the place, be ready to read. Return: 1, 0 when there is nothing yet, negative. */
static int prepare(struct watched *w, struct decode_state *state, const struct flow_sink *sink)
{
	FILE *stream = NULL;
	int err = open_stream(w, &stream);

	if (err)
		return err;
	if (!w->lag_known) {
		learn_lag(w, stream, w->current.size, state);
		/* The stream went with it. */
		err = open_stream(w, &stream);
		if (err)
			return err;
	}
	const struct flowlog_input input = input_of(w, state, sink);
	flowlog_begin(w->log, &input);
	flowlog_file_open(w->file, stream);
	err = flowlog_file_fill(w->file);
	if (err <= 0)
		return err;
	if (flowlog_file_packed(w->file) && w->mtime_ns + PACKED_NS > w->wall_ns)
		return 0;
	return 1;
}

static bool begin_file(struct watched *w, uint64_t now_ns, struct decode_state *state,
		       const struct flow_sink *sink)
{
	int r = prepare(w, state, sink);

	if (r < 0) {
		fail(w, r);
	} else if (r == 0) {
		scan_soon(w->scan, now_ns + PACKED_NS);
	} else {
		bool resumed = resume(w);
		if (!resumed) {
			/* It lost its end, or all: from the beginning again. */
			w->source.stats.flowlog.replaced++;
			r = prepare(w, state, sink);
			w->current.offset = 0;
			w->current.head_len = 0;
		}
		w->reading = r > 0 && !(is_other(w) && w->current.offset == 0);
		w->more = true;
	}
	if (!w->reading)
		flowlog_file_close(w->file);
	return w->reading;
}

static bool next_file(struct watched *w, uint64_t now_ns, struct decode_state *state,
		      const struct flow_sink *sink)
{
	if (w->pending_count >= PENDING_MAX - 2)
		return false;
	w->current = (struct mark){ 0 };
	return scan_next(w->scan, w->current.path) && begin_file(w, now_ns, state, sink);
}

static void end_file(struct watched *w, int err)
{
	size_t rest;

	(void)flowlog_file_window(w->file, &rest);
	/* An open end is looked at again, until nobody goes on with it. */
	if (rest && !flowlog_file_packed(w->file))
		w->current.mtime_ns = 0;
	if (err)
		fail(w, err);
	else
		w->source.stats.error = 0;
	note_pending(w);
	flowlog_file_close(w->file);
	w->reading = false;
}

static void read_piece(struct watched *w, uint64_t now_ns)
{
	struct source_stats *stats = &w->source.stats;
	uint64_t flows = flowlog_counts(w->log)->flows;
	int more = w->more ? 1 : flowlog_file_fill(w->file);
	bool packed = flowlog_file_packed(w->file);
	bool settled = packed || w->mtime_ns + SETTLED_NS < w->wall_ns;

	(void)now_ns;
	flowlog_clock(w->log, w->wall_ns, w->lag_ns);
	size_t used = take(w, more == 0 && settled);
	stats->bytes += used;
	stats->received += flowlog_counts(w->log)->flows - flows;
	w->unhanded = true;
	w->lag_ns = flowlog_lag_ns(w->log);
	note_lag(w, flowlog_newest_ns(w->log));
	if (more > 0 || w->more)
		note_pending(w);
	else
		end_file(w, more);
}

static int read_watched(struct source *source, uint64_t now_ns, struct decode_state *state,
			const struct flow_sink *sink)
{
	struct watched *w = (struct watched *)source;
	uint64_t mono_ns = clock_mono_ns();
	int walking = scan_step(w->scan, mono_ns);

	w->wall_ns = now_ns;
	if (!w->lag_since_ns)
		w->lag_since_ns = now_ns;
	if (scan_error(w->scan))
		source->stats.error = scan_error(w->scan);
	else if (source->stats.error == -ENOENT)
		source->stats.error = 0;
	if (!w->reading && !next_file(w, mono_ns, state, sink))
		return walking || (scan_waiting(w->scan) && w->pending_count < PENDING_MAX - 2);
	read_piece(w, mono_ns);
	return 1;
}

static void refresh(struct source *source, uint64_t now_ns)
{
	struct watched *w = (struct watched *)source;
	struct flowlog_stats *stats = &source->stats.flowlog;

	(void)now_ns;
	stats->counts = *flowlog_counts(w->log);
	stats->files = marks_count(w->marks);
	stats->waiting = scan_waiting(w->scan) + w->reading;
	stats->lag_ns = w->lag_known ? w->lag_ns : 0;
}

static void close_watched(struct source *source)
{
	struct watched *w = (struct watched *)source;

	/* Flows that nobody took are read again the next time. */
	if (w->marks && !w->unhanded)
		save(w);
	flowlog_file_free(w->file);
	flowlog_free(w->log);
	scan_close(w->scan);
	marks_close(w->marks);
	free((char *)w->entry.path);
	free(w);
}

static const struct source_kind flowlog_kind = {
	.name = "flowlog",
	.read = read_watched,
	.refresh = refresh,
	.handed = handed,
	.close = close_watched,
};

int watch_open(const struct config_flowlog *entry, const char *state_path, struct text *error,
	       struct source **ret_source)
{
	struct watched *w = calloc(1, sizeof(*w)); /* banned-ok: once at open */

	if (!w)
		return -ENOMEM;
	const struct scan_filter filter = { .wanted = is_wanted, .self = w };
	source_init(&w->source, &flowlog_kind, entry->path, -1);
	w->entry = *entry;
	w->entry.path = strdup(entry->path); /* banned-ok: once at open */
	w->source.period_ns = PERIOD_NS;
	w->lag_least[0] = UINT64_MAX;
	w->lag_least[1] = UINT64_MAX;
	w->file = flowlog_file_new();
	w->log = flowlog_new();
	int err = w->file && w->log && w->entry.path
			  ? scan_open(w->entry.path, WALK_EVERY_NS, &filter, &w->scan)
			  : -ENOMEM;
	if (!err)
		err = marks_open(state_path, entry->path, error, &w->marks);
	if (err) {
		close_watched(&w->source);
		return err;
	}
	w->source.fd = scan_fd(w->scan);
	*ret_source = &w->source;
	return 0;
}
