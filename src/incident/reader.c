/* SPDX-License-Identifier: Apache-2.0 */
/* reader: rows of the store in, incidents and JSON out. Control thread. */
#include "incident/reader.h"

#include <errno.h>
#include <stdlib.h>

static const char sql_list[] =
	"SELECT json, onset_ns, detected_ns, updated_ns, above_ns, ended_ns FROM incidents"
	" WHERE (1 << state) & ?1 ORDER BY onset_ns DESC, id DESC LIMIT ?2 OFFSET ?3";

/* JOURNAL_OPEN and JOURNAL_CLOSED are the bits 1 << state that the query compares. */
_Static_assert(JOURNAL_OPEN == 1 << INCIDENT_OPEN && JOURNAL_CLOSED == 1 << INCIDENT_CLOSED,
	       "the filter is a mask of states");

static int list_query(const struct store *store, enum journal_filter filter, unsigned limit,
		      unsigned offset, sqlite3_stmt **ret_stmt)
{
	int rc = sqlite3_prepare_v2(store->db, sql_list, -1, ret_stmt, NULL);

	if (rc != SQLITE_OK)
		return store_error(store->db, rc, store->path, NULL);
	sqlite3_bind_int(*ret_stmt, 1, filter);
	sqlite3_bind_int64(*ret_stmt, 2, limit);
	sqlite3_bind_int64(*ret_stmt, 3, offset);
	return 0;
}

/* The JSON form has microseconds; the columns have the times as they were. */
static int incident_of(sqlite3_stmt *stmt, struct incident *ret_incident)
{
	const char *json = (const char *)sqlite3_column_text(stmt, 0);
	int err = json ? incident_from_json(json, ret_incident) : -WEIR_EFORMAT;

	if (err)
		return err;
	ret_incident->onset_ns = (uint64_t)sqlite3_column_int64(stmt, 1);
	ret_incident->detected_ns = (uint64_t)sqlite3_column_int64(stmt, 2);
	ret_incident->updated_ns = (uint64_t)sqlite3_column_int64(stmt, 3);
	ret_incident->above_ns = (uint64_t)sqlite3_column_int64(stmt, 4);
	ret_incident->ended_ns = (uint64_t)sqlite3_column_int64(stmt, 5);
	return 0;
}

/* End a query. Return: @count, or what went wrong in its last step. */
static int finish(const struct store *store, sqlite3_stmt *stmt, int rc, int count)
{
	int err = rc == SQLITE_DONE ? count : store_error(store->db, rc, store->path, NULL);

	sqlite3_finalize(stmt);
	return err;
}

int reader_each(const struct store *store, enum journal_filter filter, unsigned limit,
		void (*each)(void *self, const struct incident *incident), void *self)
{
	sqlite3_stmt *stmt = NULL;
	int err = list_query(store, filter, limit, 0, &stmt);
	int count = 0;
	int rc;

	if (err)
		return err;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct incident incident;
		if (incident_of(stmt, &incident))
			continue;
		each(self, &incident);
		count++;
	}
	return finish(store, stmt, rc, count);
}

/* Append the first column of all rows as a JSON array, or nothing at all. */
static int rows_to_json(const struct store *store, sqlite3_stmt *stmt, struct text *out)
{
	struct text rows = text_heap();
	struct jsonw w = jsonw_on(&rows);
	int count = 0;
	int rc;

	jsonw_array(&w, NULL);
	for (; (rc = sqlite3_step(stmt)) == SQLITE_ROW; count++)
		jsonw_raw(&w, NULL, (const char *)sqlite3_column_text(stmt, 0));
	jsonw_array_end(&w);
	int err = finish(store, stmt, rc, count);
	if (err >= 0 && rows.failed)
		err = -ENOMEM;
	if (err >= 0)
		text_add_n(out, text_string(&rows), rows.len);
	text_done(&rows);
	return err;
}

int reader_list(const struct store *store, enum journal_filter filter, unsigned limit,
		unsigned offset, struct text *out)
{
	sqlite3_stmt *stmt = NULL;
	int err = list_query(store, filter, limit, offset, &stmt);

	return err ? err : rows_to_json(store, stmt, out);
}

int reader_get(const struct store *store, const char *id, struct text *out)
{
	static const char sql[] = "SELECT json FROM incidents WHERE id = ?1";
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
		rc = sqlite3_step(stmt);
	}
	if (rc == SQLITE_ROW) {
		text_add(out, (const char *)sqlite3_column_text(stmt, 0));
		sqlite3_finalize(stmt);
		return 0;
	}
	return finish(store, stmt, rc, -ENOENT);
}

int reader_events(const struct store *store, const char *id, unsigned limit, struct text *out)
{
	static const char sql[] = "SELECT json FROM events WHERE incident = ?1"
				  " ORDER BY seq LIMIT ?2";
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return store_error(store->db, rc, store->path, NULL);
	sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, limit);
	return rows_to_json(store, stmt, out);
}

static int give_plan(sqlite3_stmt *stmt, struct ip *sources,
		     void (*each)(void *self, const struct wanted *wanted), void *self)
{
	struct wanted *wanted = calloc(1, sizeof(*wanted));
	const char *json = (const char *)sqlite3_column_text(stmt, 0);
	int given = 0;

	if (wanted && json && wanted_from_json(json, wanted, sources) == 0) {
		each(self, wanted);
		given = 1;
	}
	free(wanted);
	return given;
}

int reader_each_plan(const struct store *store, int state,
		     void (*each)(void *self, const struct wanted *wanted), void *self)
{
	static const char sql[] = "SELECT json FROM plans WHERE state = ?1 ORDER BY time_ns, id";
	struct ip *sources = calloc(WANTED_SOURCES, sizeof(*sources));
	sqlite3_stmt *stmt = NULL;
	int count = 0;
	int rc = sources ? sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;

	if (rc == SQLITE_OK) {
		sqlite3_bind_int(stmt, 1, state);
		while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
			count += give_plan(stmt, sources, each, self);
	}
	free(sources);
	return finish(store, stmt, rc, count);
}

/* One row as an object. */
static void act_to_json(sqlite3_stmt *stmt, struct jsonw *w)
{
	static const char *const names[] = { "who", "act", "subject", "why", "result" };

	jsonw_object(w, NULL);
	jsonw_time(w, "time", (uint64_t)sqlite3_column_int64(stmt, 0));
	for (int i = 0; i < 5; i++)
		jsonw_string(w, names[i], (const char *)sqlite3_column_text(stmt, i + 1));
	jsonw_object_end(w);
}

int reader_acts(const struct store *store, unsigned limit, struct text *out)
{
	static const char sql[] = "SELECT time_ns, who, act, subject, why, result FROM audit"
				  " ORDER BY seq DESC LIMIT ?1";
	struct text rows = text_heap();
	struct jsonw w = jsonw_on(&rows);
	sqlite3_stmt *stmt = NULL;
	int count = 0;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		sqlite3_bind_int64(stmt, 1, limit);
	jsonw_array(&w, NULL);
	for (; rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW; rc = SQLITE_OK, count++)
		act_to_json(stmt, &w);
	jsonw_array_end(&w);
	int err = finish(store, stmt, rc, count);
	if (err >= 0 && !rows.failed)
		text_add_n(out, text_string(&rows), rows.len);
	else if (err >= 0)
		err = -ENOMEM;
	text_done(&rows);
	return err;
}
