/* SPDX-License-Identifier: Apache-2.0 */
/* store: a state folder in, a locked and checked SQLite database out. Control thread. */
#include "incident/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "WEIR" in the file's header, so that nobody takes another program's file for ours. */
#define APPLICATION_ID 0x57454952

/* How long opening waits for somebody who just reads the file; never used later. */
#define OPEN_PATIENCE_MS 2000

/*
 * The layout, one step for each version: steps[v] leads from version v to v + 1.
 * A change of the layout adds a step and never edits one, so that files of every
 * older version are brought up to date at open, in one transaction.
 */
static const char *const steps[] = {
	"CREATE TABLE incidents("
	" id TEXT PRIMARY KEY,"
	" state INTEGER NOT NULL," /* enum incident_state */
	" severity INTEGER NOT NULL,"
	" direction INTEGER NOT NULL,"
	" host TEXT NOT NULL,"
	" onset_ns INTEGER NOT NULL,"
	" detected_ns INTEGER NOT NULL,"
	" updated_ns INTEGER NOT NULL,"
	" above_ns INTEGER NOT NULL,"
	" ended_ns INTEGER NOT NULL,"
	" json TEXT NOT NULL);" /* incident_to_json() */
	"CREATE INDEX incidents_by_onset ON incidents(state, onset_ns);"
	"CREATE TABLE events("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" time_ns INTEGER NOT NULL,"
	" type TEXT NOT NULL,"
	" incident TEXT,"
	" json TEXT NOT NULL);" /* event_to_json() */
	"CREATE INDEX events_by_incident ON events(incident, seq);",
	"CREATE TABLE plans("
	" id TEXT PRIMARY KEY,"
	" incident TEXT NOT NULL,"
	" state INTEGER NOT NULL," /* enum act_state */
	" time_ns INTEGER NOT NULL,"
	" json TEXT NOT NULL);" /* wanted_to_json() */
	"CREATE INDEX plans_by_state ON plans(state, time_ns);"
	"CREATE TABLE audit("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" time_ns INTEGER NOT NULL,"
	" who TEXT NOT NULL,"
	" act TEXT NOT NULL,"
	" subject TEXT NOT NULL,"
	" why TEXT NOT NULL,"
	" result TEXT NOT NULL);",
};

#define VERSION_NOW ((int)(sizeof(steps) / sizeof(steps[0])))

/* An error of the system about a file or folder. Return: @err. */
static int system_error(int err, const char *path, struct text *error)
{
	const char *advice = "look at the file system";

	if (err == -EACCES || err == -EPERM)
		advice = "run Weir as its owner, or change owner or mode";
	else if (err == -EROFS)
		advice = "mount the file system for writing, or choose another state folder";
	else if (err == -ENOENT)
		advice = "make the folder, or choose another state folder";
	else if (err == -ENOTDIR || err == -EEXIST)
		advice = "a folder is needed here: move the file away, or choose another one";
	else if (err == -ENOSPC || err == -EFBIG || err == -EDQUOT)
		advice = "free some space, or choose another state folder";
	text_addf(error, "%s: %s; %s", path, err_text(err), advice);
	return err;
}

static bool is_about_space(int err)
{
	return err == ENOSPC || err == EFBIG || err == EDQUOT;
}

int store_error(sqlite3 *db, int rc, const char *path, struct text *error)
{
	struct text nowhere = { .failed = true };
	struct text *out = error ? error : &nowhere;

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return system_error(-ENOSPC, path, out);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return system_error(-EACCES, path, out);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		text_addf(out, "%s: another program holds the file locked; end that program", path);
		return -EBUSY;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		text_addf(out,
			  "%s: the file is damaged or no journal of Weir (%s); move it away to "
			  "begin a"
			  " new one, `sqlite3 FILE .recover` may still read the old one",
			  path, sqlite3_errmsg(db));
		return -WEIR_EFORMAT;
	case SQLITE_NOMEM:
		return system_error(-ENOMEM, path, out);
	default:
		if (is_about_space(sqlite3_system_errno(db)))
			return system_error(-ENOSPC, path, out);
		text_addf(out, "%s: %s; look at space, quota and health of the disk", path,
			  sqlite3_errmsg(db));
		return -EIO;
	}
}

static int make_folder(const char *folder, struct text *error)
{
	struct stat st;

	if (mkdir(folder, 0750) && errno != EEXIST)
		return system_error(-errno, folder, error);
	if (stat(folder, &st))
		return system_error(-errno, folder, error);
	return S_ISDIR(st.st_mode) ? 0 : system_error(-ENOTDIR, folder, error);
}

/* Who holds the lock, for the message; the file says so, as a courtesy. */
static void add_holder(int fd, struct text *error)
{
	char pid[16];
	ssize_t len = pread(fd, pid, sizeof(pid) - 1, 0);

	if (len > 1)
		text_addf(error, " (process %.*s)", (int)len - 1, pid);
}

/*
 * The lock lives in a file of its own: SQLite's own locks go when any descriptor
 * of the database is closed, and this one must hold as long as the daemon does.
 */
static int take_lock(const char *folder, struct text *error)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/weir.lock", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return system_error(-errno, path, error);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = errno == EWOULDBLOCK ? -EBUSY : -errno;
		text_addf(error, "%s: another Weir uses this state folder", folder);
		add_holder(fd, error);
		text_add(error, "; stop it, or give this one a state folder of its own");
		close(fd);
		return err;
	}
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%d\n", (int)getpid());
	return fd;
}

static int pragma_int(sqlite3 *db, const char *sql, int *ret_value)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		*ret_value = sqlite3_column_int(stmt, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Every page is read once at start: damage shows now and not in the middle of an attack. */
static int check_pages(struct store *store, struct text *error)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	bool sound = rc == SQLITE_ROW &&
		     sqlite3_stricmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	sqlite3_finalize(stmt);
	if (sound)
		return 0;
	return store_error(store->db, rc == SQLITE_ROW ? SQLITE_CORRUPT : rc, store->path, error);
}

static int bring_up_to_date(struct store *store, int version, struct text *error)
{
	char *sql = sqlite3_mprintf("PRAGMA application_id=%d; PRAGMA user_version=%d",
				    APPLICATION_ID, VERSION_NOW);
	int rc = sql ? sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) : SQLITE_NOMEM;

	for (int v = version; rc == SQLITE_OK && v < VERSION_NOW; v++)
		rc = sqlite3_exec(store->db, steps[v], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	int err = rc == SQLITE_OK ? 0 : store_error(store->db, rc, store->path, error);
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_free(sql);
	return err;
}

static int check_layout(struct store *store, struct text *error)
{
	int application = 0;
	int version = 0;
	int tables = 0;
	int rc = pragma_int(store->db, "PRAGMA application_id", &application);

	if (rc == SQLITE_OK)
		rc = pragma_int(store->db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = pragma_int(store->db, "SELECT count(*) FROM sqlite_master", &tables);
	if (rc != SQLITE_OK)
		return store_error(store->db, rc, store->path, error);
	if (application != APPLICATION_ID && (tables || version)) {
		text_addf(error,
			  "%s: a database of another program; move it away, or choose another state"
			  " folder",
			  store->path);
		return -WEIR_EFORMAT;
	}
	if (version > VERSION_NOW || version < 0) {
		text_addf(
			error,
			"%s: written by a newer Weir (layout %d, this one knows %d); run that Weir,"
			" or move the file away to begin a new journal",
			store->path, version, VERSION_NOW);
		return -WEIR_ESCHEMA;
	}
	return version < VERSION_NOW ? bring_up_to_date(store, version, error) : 0;
}

/* SQLite says no more of it than that it cannot be opened. */
static int refuse_other_than_file(const char *path, struct text *error)
{
	struct stat st;

	if (stat(path, &st) || S_ISREG(st.st_mode))
		return 0;
	text_addf(error,
		  "%s: this is %s, and the journal is a file; move it away, or choose another state"
		  " folder",
		  path, S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
	return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
}

static int open_database(struct store *store, struct text *error)
{
	int err = refuse_other_than_file(store->path, error);

	if (err)
		return err;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_extended_result_codes(store->db, 1);
	if (rc == SQLITE_OK && sqlite3_db_readonly(store->db, "main") == 1)
		rc = SQLITE_READONLY;
	if (rc != SQLITE_OK)
		return store_error(store->db, rc, store->path, error);
	sqlite3_busy_timeout(store->db, OPEN_PATIENCE_MS);
	err = check_pages(store, error);
	if (err == 0)
		err = check_layout(store, error);
	if (err)
		return err;
	rc = sqlite3_exec(store->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", NULL,
			  NULL, NULL);
	if (rc != SQLITE_OK)
		return store_error(store->db, rc, store->path, error);
	/* From here on nobody waits: a tick that finds the file locked tries again later. */
	sqlite3_busy_timeout(store->db, 0);
	return 0;
}

int store_open(const char *folder, struct text *error, struct store *ret_store)
{
	struct store store = { .lock = -1 };
	int err = make_folder(folder, error);

	if (err)
		return err;
	int len = snprintf(store.path, sizeof(store.path), "%s/incidents.db", folder);
	if (len < 0 || (size_t)len >= sizeof(store.path))
		return system_error(-ENAMETOOLONG, folder, error);
	store.lock = take_lock(folder, error);
	if (store.lock < 0)
		return store.lock;
	err = open_database(&store, error);
	if (err) {
		store_close(&store);
		return err;
	}
	*ret_store = store;
	return 0;
}

void store_close(struct store *store)
{
	sqlite3_close(store->db);
	if (store->lock >= 0)
		close(store->lock);
	store->db = NULL;
	store->lock = -1;
}
