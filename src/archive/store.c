/* SPDX-License-Identifier: Apache-2.0 */
/* store: rows in, an SQLite file out; see store.h. The writer's thread. */
#include "archive/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "archive/columns.h"
#include "archive/store_error.h"
#include "model/flow.h"

/* "WRCV" in the file's header, so that nobody takes another program's file for ours. */
#define APPLICATION_ID 0x57524356
#define VERSION_NOW    2
/* How long the writer waits for a reader that holds it up, which in WAL mode is hardly ever. */
#define PATIENCE_MS    2000
/* Minutes that go at once when there are too many rows. */
#define PRUNE_MINUTES  60

struct coverage_store {
	sqlite3 *db;
	const char *path; /* behind it */
	sqlite3_stmt *find;
	sqlite3_stmt *add;
	sqlite3_stmt *get;
	sqlite3_stmt *put;
	struct text scratch;
	uint64_t rows;
	uint64_t added; /* in the open transaction */
};

static int prepare_all(struct coverage_store *store)
{
	struct text sql = text_heap();
	int rc = sqlite3_prepare_v2(store->db,
				    "SELECT id FROM exporters WHERE address = ?1 AND source = ?2"
				    " AND odid = ?3 AND agent = ?4",
				    -1, &store->find, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db,
					"INSERT INTO exporters(address, source, odid, agent, name)"
					" VALUES(?1, ?2, ?3, ?4, ?5)",
					-1, &store->add, NULL);
	text_add(&sql, "SELECT ");
	columns_list(&sql);
	text_add(&sql, " FROM minutes WHERE exporter = ?1 AND minute = ?2");
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db, text_string(&sql), -1, &store->get, NULL);
	text_clear(&sql);
	text_add(&sql, "INSERT OR REPLACE INTO minutes(exporter, minute, ");
	columns_list(&sql);
	text_add(&sql, ") VALUES(?1, ?2, ");
	columns_marks(3, &sql);
	text_add(&sql, ")");
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db, text_string(&sql), -1, &store->put, NULL);
	text_done(&sql);
	return rc;
}

static int pragma_int(sqlite3 *db, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		*ret_value = sqlite3_column_int64(stmt, 0);
		rc = SQLITE_OK;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int make_layout(struct coverage_store *store)
{
	struct text sql = text_heap();

	text_addf(&sql,
		  "BEGIN IMMEDIATE;"
		  "CREATE TABLE exporters(id INTEGER PRIMARY KEY, address TEXT NOT NULL,"
		  " source INTEGER NOT NULL, odid INTEGER NOT NULL, agent TEXT NOT NULL, name TEXT,"
		  " UNIQUE(address, source, odid, agent));"
		  "CREATE TABLE minutes(exporter INTEGER NOT NULL, minute INTEGER NOT NULL, ");
	columns_define(&sql);
	text_addf(&sql,
		  ", PRIMARY KEY(exporter, minute)) WITHOUT ROWID;"
		  "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
		  APPLICATION_ID, VERSION_NOW);
	int rc = sql.failed ? SQLITE_NOMEM
			    : sqlite3_exec(store->db, text_string(&sql), NULL, NULL, NULL);
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	text_done(&sql);
	return rc;
}

/* What an older Weir wrote is taken over step by step, or stays as it was. */
static int raise_layout(struct coverage_store *store, int64_t version)
{
	static const char *const steps[VERSION_NOW] = {
		[1] = "ALTER TABLE minutes ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0;"
		      "PRAGMA user_version=2",
	};
	int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (; rc == SQLITE_OK && version < VERSION_NOW; version++)
		rc = sqlite3_exec(store->db, steps[version], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static int check_layout(struct coverage_store *store, struct text *error)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t tables = 0;
	int rc = pragma_int(store->db, "PRAGMA application_id", &application);

	if (rc == SQLITE_OK)
		rc = pragma_int(store->db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = pragma_int(store->db, "SELECT count(*) FROM sqlite_master", &tables);
	if (rc == SQLITE_OK && version == 0 && tables == 0)
		rc = make_layout(store);
	else if (rc == SQLITE_OK && application != APPLICATION_ID)
		rc = SQLITE_NOTADB;
	if (rc != SQLITE_OK)
		return store_failed(store->db, rc, store->path, error);
	if (version && version < VERSION_NOW) {
		rc = raise_layout(store, version);
		return rc == SQLITE_OK ? 0 : store_failed(store->db, rc, store->path, error);
	}
	if (version <= VERSION_NOW)
		return 0;
	text_addf(error,
		  "%s: written by a newer Weir (layout %lld, this one knows %d); run that Weir, or"
		  " move the file away to begin a new one",
		  store->path, (long long)version, VERSION_NOW);
	return -WEIR_ESCHEMA;
}

static int open_database(struct coverage_store *store, struct text *error)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int64_t rows = 0;
	int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(store->db, PATIENCE_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
				  NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return store_failed(store->db, rc, store->path, error);
	int err = check_layout(store, error);
	if (err)
		return err;
	rc = pragma_int(store->db, "SELECT count(*) FROM minutes", &rows);
	if (rc == SQLITE_OK)
		rc = prepare_all(store);
	store->rows = (uint64_t)rows;
	return rc == SQLITE_OK ? 0 : store_failed(store->db, rc, store->path, error);
}

int coverage_store_open(const char *path, struct text *error, struct coverage_store **ret_store)
{
	size_t len = strlen(path) + 1;
	struct coverage_store *store = calloc(1, sizeof(*store) + len);

	if (!store)
		return -ENOMEM;
	store->path = memcpy(store + 1, path, len);
	store->scratch = text_heap();
	int err = open_database(store, error);
	if (err) {
		coverage_store_close(store);
		return err;
	}
	*ret_store = store;
	return 0;
}

void coverage_store_close(struct coverage_store *store)
{
	if (!store)
		return;
	sqlite3_finalize(store->find);
	sqlite3_finalize(store->add);
	sqlite3_finalize(store->get);
	sqlite3_finalize(store->put);
	sqlite3_close(store->db);
	text_done(&store->scratch);
	free(store);
}

uint64_t coverage_store_rows(const struct coverage_store *store)
{
	return store->rows;
}

static void bind_key(sqlite3_stmt *stmt, const struct coverage *row)
{
	char address[IP_TEXT_MAX];
	char agent[IP_TEXT_MAX];

	ip_format(&row->key.address, address);
	ip_format(&row->agent, agent);
	sqlite3_bind_text(stmt, 1, address, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(stmt, 2, row->key.source);
	sqlite3_bind_int64(stmt, 3, row->key.odid);
	sqlite3_bind_text(stmt, 4, agent, -1, SQLITE_TRANSIENT);
}

/* Which number the exporter has in the file; it gets one when it is new. */
static int number_of(struct coverage_store *store, const struct coverage_item *item,
		     int64_t *ret_id)
{
	bind_key(store->find, &item->row);
	int rc = sqlite3_step(store->find);
	if (rc == SQLITE_ROW)
		*ret_id = sqlite3_column_int64(store->find, 0);
	sqlite3_reset(store->find);
	if (rc != SQLITE_DONE)
		return rc == SQLITE_ROW ? SQLITE_OK : rc;
	bind_key(store->add, &item->row);
	if (*item->name)
		sqlite3_bind_text(store->add, 5, item->name, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(store->add, 5);
	rc = sqlite3_step(store->add);
	*ret_id = sqlite3_last_insert_rowid(store->db);
	sqlite3_reset(store->add);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int64_t minute_of(const struct coverage *row)
{
	return (int64_t)(row->begin_ns / COVERAGE_MINUTE_NS);
}

/* What a daemon before this one wrote of the same minute comes first. */
static int add_earlier(struct coverage_store *store, int64_t id, struct coverage *row)
{
	struct coverage earlier = {
		.key = row->key, .agent = row->agent, .begin_ns = row->begin_ns, .minutes = 1
	};

	sqlite3_bind_int64(store->get, 1, id);
	sqlite3_bind_int64(store->get, 2, minute_of(row));
	int rc = sqlite3_step(store->get);
	if (rc == SQLITE_ROW) {
		columns_read(store->get, 0, &earlier);
		coverage_add(&earlier, row);
		*row = earlier;
	} else {
		store->added++;
	}
	sqlite3_reset(store->get);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_item(struct coverage_store *store, const struct coverage_item *item)
{
	struct coverage row = item->row;
	int64_t id = 0;
	int rc = number_of(store, item, &id);

	if (rc == SQLITE_OK)
		rc = add_earlier(store, id, &row);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(store->put, 1, id);
	sqlite3_bind_int64(store->put, 2, minute_of(&row));
	columns_bind(store->put, 3, &row, &store->scratch);
	rc = store->scratch.failed ? SQLITE_NOMEM : sqlite3_step(store->put);
	sqlite3_reset(store->put);
	sqlite3_clear_bindings(store->put);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int coverage_store_write(struct coverage_store *store, const struct coverage_item *items,
			 size_t count, struct text *error)
{
	int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	store->added = 0;
	for (size_t i = 0; rc == SQLITE_OK && i < count; i++)
		rc = write_item(store, &items[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	int err = rc == SQLITE_OK ? 0 : store_failed(store->db, rc, store->path, error);
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	if (!err)
		store->rows += store->added;
	return err;
}

/* By exporter, so that the key finds them: a scan of millions of rows would take its time. */
static int delete_before(struct coverage_store *store, int64_t minute)
{
	char *sql = sqlite3_mprintf("DELETE FROM minutes WHERE exporter IN (SELECT id FROM "
				    "exporters) AND minute < %lld",
				    (long long)minute);
	int rc = sql ? sqlite3_exec(store->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return rc;
}

int64_t coverage_store_prune(struct coverage_store *store, uint64_t before_ns, struct text *error)
{
	int64_t before = sqlite3_total_changes(store->db);
	int64_t oldest = 0;
	int rc = delete_before(store, (int64_t)(before_ns / COVERAGE_MINUTE_NS));
	int64_t gone = sqlite3_total_changes(store->db) - before;

	if (rc == SQLITE_OK && store->rows - (uint64_t)gone > STORE_ROWS_MAX) {
		rc = pragma_int(store->db,
				"SELECT min((SELECT min(minute) FROM minutes"
				" WHERE exporter = exporters.id)) FROM exporters",
				&oldest);
		if (rc == SQLITE_OK)
			rc = delete_before(store, oldest + PRUNE_MINUTES);
		gone = sqlite3_total_changes(store->db) - before;
	}
	store->rows -= (uint64_t)gone;
	return rc == SQLITE_OK ? gone : store_failed(store->db, rc, store->path, error);
}
