/* SPDX-License-Identifier: Apache-2.0 */
/* marks: SQLite rows in and out. The file is beside the journal, "flowlogs.db". */
#include "ingest/flowlog/marks.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

#define SEED        0x6d61726b73U
/** Different lengths of heads that are tried; nearly all are MARK_HEAD_BYTES. */
#define LENGTHS_MAX 64
#define PURGE_FROM  ((uint64_t)MARKS_MAX / 8 * 7)
#define COLUMNS     "path, offset, size, mtime, inode, head_hash, head_len"

enum { FIND, MOVED, LENGTHS, SAVE, DROP, ALL, BEGIN, COMMIT, ROLLBACK, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[FIND] = "SELECT " COLUMNS " FROM marks WHERE log = ?1 AND path = ?2",
	[MOVED] =
		"SELECT " COLUMNS " FROM marks WHERE log = ?1 AND head_hash = ?2 AND head_len = ?3",
	[LENGTHS] = "SELECT DISTINCT head_len FROM marks WHERE log = ?1 AND head_len <= ?2"
		    " ORDER BY head_len DESC LIMIT 64",
	[SAVE] = "INSERT OR REPLACE INTO marks (log, " COLUMNS ")"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[DROP] = "DELETE FROM marks WHERE log = ?1 AND path = ?2",
	[ALL] = "SELECT path FROM marks WHERE log = ?1",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

struct marks {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	char *log;
	uint64_t count;
};

uint64_t marks_hash(const char *head, size_t len)
{
	return hash_bytes(head, len, SEED);
}

/* Also counts what is there. */
static int make_tables(struct marks *m)
{
	static const char schema[] =
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = "
		"2000;"
		"CREATE TABLE IF NOT EXISTS marks (log TEXT, path TEXT, offset INTEGER, size "
		"INTEGER,"
		" mtime INTEGER, inode INTEGER, head_hash INTEGER, head_len INTEGER,"
		" PRIMARY KEY (log, path)) WITHOUT ROWID;"
		"CREATE INDEX IF NOT EXISTS marks_by_head ON marks (log, head_hash);";

	if (sqlite3_exec(m->db, schema, NULL, NULL, NULL))
		return -EIO;
	for (unsigned i = 0; i < STATEMENTS; i++) {
		if (sqlite3_prepare_v3(m->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &m->statements[i], NULL))
			return -EIO;
		if (sqlite3_bind_parameter_count(m->statements[i]) > 0)
			sqlite3_bind_text(m->statements[i], 1, m->log, -1, SQLITE_STATIC);
	}
	while (sqlite3_step(m->statements[ALL]) == SQLITE_ROW)
		m->count++;
	sqlite3_reset(m->statements[ALL]);
	return 0;
}

int marks_open(const char *folder, const char *log, struct text *error, struct marks **ret_marks)
{
	char path[PATH_MAX + 16];
	struct marks *m = calloc(1, sizeof(*m)); /* banned-ok: once at open */

	if (!m)
		return -ENOMEM;
	m->log = strdup(log); /* banned-ok: once at open */
	snprintf(path, sizeof(path), folder ? "%s/flowlogs.db" : ":memory:", folder);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(path, &m->db, flags, NULL);
	if (rc || !m->log || make_tables(m)) {
		text_addf(error,
			  "%s: cannot remember which flow logs were read (%s); look at the rights"
			  " and the space there, or move the file away to read all logs again",
			  path, sqlite3_errmsg(m->db));
		marks_close(m);
		return -EIO;
	}
	*ret_marks = m;
	return 0;
}

void marks_close(struct marks *marks)
{
	if (!marks)
		return;
	for (unsigned i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(marks->statements[i]);
	sqlite3_close(marks->db);
	free(marks->log);
	free(marks);
}

static void take_row(sqlite3_stmt *row, struct mark *ret_mark)
{
	snprintf(ret_mark->path, sizeof(ret_mark->path), "%s",
		 (const char *)sqlite3_column_text(row, 0));
	ret_mark->offset = (uint64_t)sqlite3_column_int64(row, 1);
	ret_mark->size = (uint64_t)sqlite3_column_int64(row, 2);
	ret_mark->mtime_ns = (uint64_t)sqlite3_column_int64(row, 3);
	ret_mark->inode = (uint64_t)sqlite3_column_int64(row, 4);
	ret_mark->head_hash = (uint64_t)sqlite3_column_int64(row, 5);
	ret_mark->head_len = (uint32_t)sqlite3_column_int64(row, 6);
}

bool marks_find(struct marks *marks, const char *path, struct mark *ret_mark)
{
	sqlite3_stmt *s = marks->statements[FIND];

	sqlite3_bind_text(s, 2, path, -1, SQLITE_STATIC);
	bool found = sqlite3_step(s) == SQLITE_ROW;
	if (found)
		take_row(s, ret_mark);
	sqlite3_reset(s);
	return found;
}

bool mark_is_gone(const struct mark *mark)
{
	struct stat info;

	return mark->path[0] == MARK_LAID_BY || stat(mark->path, &info) != 0 ||
	       (uint64_t)info.st_ino != mark->inode;
}

/* The same file may have been at several places: where it was read furthest counts. */
static bool find_gone(struct marks *marks, uint64_t hash, uint32_t len, struct mark *best)
{
	sqlite3_stmt *s = marks->statements[MOVED];
	struct mark mark;
	bool found = false;

	sqlite3_bind_int64(s, 2, (int64_t)hash);
	sqlite3_bind_int64(s, 3, len);
	while (sqlite3_step(s) == SQLITE_ROW) {
		take_row(s, &mark);
		if (mark.offset < best->offset || !mark_is_gone(&mark))
			continue;
		*best = mark;
		found = true;
	}
	sqlite3_reset(s);
	return found;
}

bool marks_find_moved(struct marks *marks, const char *head, size_t len, struct mark *best)
{
	sqlite3_stmt *s = marks->statements[LENGTHS];
	uint32_t lengths[LENGTHS_MAX];
	unsigned count = 0;
	bool found = false;

	sqlite3_bind_int64(s, 2, (int64_t)(len < MARK_HEAD_BYTES ? len : MARK_HEAD_BYTES));
	while (count < LENGTHS_MAX && sqlite3_step(s) == SQLITE_ROW)
		lengths[count++] = (uint32_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	for (unsigned i = 0; i < count; i++) {
		uint64_t hash = marks_hash(head, lengths[i]);
		found |= lengths[i] && find_gone(marks, hash, lengths[i], best);
	}
	return found;
}

static void drop(struct marks *marks, const char *path)
{
	sqlite3_stmt *s = marks->statements[DROP];

	sqlite3_bind_text(s, 2, path, -1, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_DONE)
		marks->count -= (uint64_t)sqlite3_changes(marks->db);
	sqlite3_reset(s);
}

static int save_one(struct marks *marks, const struct mark *mark)
{
	sqlite3_stmt *s = marks->statements[SAVE];
	const uint64_t values[] = { mark->offset, mark->size,      mark->mtime_ns,
				    mark->inode,  mark->head_hash, mark->head_len };
	struct mark before;
	bool known = marks_find(marks, mark->path, &before);

	if (!known && marks->count >= MARKS_MAX)
		return -WEIR_EFULL;
	sqlite3_bind_text(s, 2, mark->path, -1, SQLITE_STATIC);
	for (int i = 0; i < 6; i++)
		sqlite3_bind_int64(s, 3 + i, (int64_t)values[i]);
	int rc = sqlite3_step(s);
	sqlite3_reset(s);
	marks->count += rc == SQLITE_DONE && !known;
	return rc == SQLITE_DONE ? 0 : -EIO;
}

static bool run(struct marks *marks, unsigned statement)
{
	bool done = sqlite3_step(marks->statements[statement]) == SQLITE_DONE;

	sqlite3_reset(marks->statements[statement]);
	return done;
}

int marks_save(struct marks *marks, const struct mark *list, size_t count)
{
	uint64_t before = marks->count;
	int err = run(marks, BEGIN) ? 0 : -EIO;

	for (size_t i = 0; !err && i < count; i++)
		err = save_one(marks, &list[i]);
	if (!err && run(marks, COMMIT))
		return 0;
	(void)run(marks, ROLLBACK);
	marks->count = before;
	return err ? err : -EIO;
}

uint64_t marks_count(const struct marks *marks)
{
	return marks->count;
}

void marks_purge(struct marks *marks)
{
	struct mark mark;
	sqlite3_stmt *s = marks->statements[ALL];

	if (marks->count < PURGE_FROM || !run(marks, BEGIN))
		return;
	while (sqlite3_step(s) == SQLITE_ROW) {
		snprintf(mark.path, sizeof(mark.path), "%s",
			 (const char *)sqlite3_column_text(s, 0));
		struct stat info;
		if (mark.path[0] == MARK_LAID_BY || (stat(mark.path, &info) && errno == ENOENT))
			drop(marks, mark.path);
	}
	sqlite3_reset(s);
	(void)run(marks, COMMIT);
}
