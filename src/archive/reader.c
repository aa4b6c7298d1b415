/* SPDX-License-Identifier: Apache-2.0 */
/* reader: a question in, rows of the coverage ledger out, by a connection of its own. */
#include "archive/store.h"

#include <errno.h>
#include <stdio.h>

#include <sqlite3.h>

#include "archive/columns.h"
#include "archive/store_error.h"
#include "model/flow.h"

#define PATIENCE_MS 1000
/* Columns before those of columns_list(): address, source, odid, agent, name, minute. */
#define HEAD        6

/* Rows of one step are added up before they are given on. */
struct reading {
	const struct coverage_query *query;
	void (*each)(void *self, const struct coverage *row, const char *name);
	void *self;
	struct coverage sum;
	char name[COVERAGE_NAME_MAX];
	bool any;
	int64_t given;
};

static void give(struct reading *reading)
{
	if (reading->any && reading->given++ < reading->query->limit)
		reading->each(reading->self, &reading->sum, *reading->name ? reading->name : NULL);
	reading->any = false;
}

static uint64_t step_of(const struct reading *reading, const struct coverage *row)
{
	return (row->begin_ns - reading->query->from_ns) / COVERAGE_MINUTE_NS /
	       reading->query->step;
}

static int read_row(sqlite3_stmt *stmt, struct coverage *ret_row)
{
	*ret_row = (struct coverage){ .minutes = 1 };
	int source = sqlite3_column_int(stmt, 1);
	const char *address = (const char *)sqlite3_column_text(stmt, 0);
	const char *agent = (const char *)sqlite3_column_text(stmt, 3);

	if (!address || !agent || ip_parse(address, &ret_row->key.address) ||
	    ip_parse(agent, &ret_row->agent))
		return -WEIR_EFORMAT;
	ret_row->key.source =
		(uint8_t)(source >= 0 && source < FLOW_SOURCE_COUNT ? source : FLOW_SOURCE_COUNT);
	ret_row->key.odid = (uint32_t)sqlite3_column_int64(stmt, 2);
	ret_row->begin_ns = (uint64_t)sqlite3_column_int64(stmt, 5) * COVERAGE_MINUTE_NS;
	columns_read(stmt, HEAD, ret_row);
	return 0;
}

static void take_row(struct reading *reading, const struct coverage *row, const char *name)
{
	if (reading->any && coverage_is_same_exporter(&reading->sum, row) &&
	    step_of(reading, &reading->sum) == step_of(reading, row)) {
		coverage_add(&reading->sum, row);
		return;
	}
	give(reading);
	reading->sum = *row;
	reading->any = true;
	snprintf(reading->name, sizeof(reading->name), "%s", name ? name : "");
}

static int prepare(sqlite3 *db, const struct coverage_query *query, sqlite3_stmt **ret_stmt)
{
	struct text sql = text_heap();
	struct ip address;
	char canonical[IP_TEXT_MAX];
	const char *wanted = query->exporter;

	if (wanted && ip_parse(wanted, &address) == 0)
		wanted = ip_format(&address, canonical);
	text_add(&sql, "SELECT e.address, e.source, e.odid, e.agent, e.name, m.minute, ");
	columns_list(&sql);
	text_add(&sql, " FROM exporters e JOIN minutes m ON m.exporter = e.id"
		       " WHERE m.minute >= ?1 AND m.minute < ?2"
		       " AND (?3 IS NULL OR e.address = ?3 OR e.agent = ?3 OR e.name = ?3)"
		       " ORDER BY e.id, m.minute");
	int rc = sql.failed ? SQLITE_NOMEM
			    : sqlite3_prepare_v2(db, text_string(&sql), -1, ret_stmt, NULL);
	text_done(&sql);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(
		*ret_stmt, 1,
		(int64_t)((query->from_ns + COVERAGE_MINUTE_NS - 1) / COVERAGE_MINUTE_NS));
	sqlite3_bind_int64(*ret_stmt, 2,
			   (int64_t)((query->to_ns + COVERAGE_MINUTE_NS - 1) / COVERAGE_MINUTE_NS));
	if (wanted)
		sqlite3_bind_text(*ret_stmt, 3, wanted, -1, SQLITE_TRANSIENT);
	return SQLITE_OK;
}

static int read_all(sqlite3_stmt *stmt, struct reading *reading)
{
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && reading->given <= reading->query->limit) {
		struct coverage row;
		if (read_row(stmt, &row) == 0)
			take_row(reading, &row, (const char *)sqlite3_column_text(stmt, 4));
	}
	/* There are more than may be given: that is said already. */
	if (reading->given > reading->query->limit)
		return SQLITE_DONE;
	give(reading);
	return rc;
}

int64_t coverage_read(const char *path, const struct coverage_query *query,
		      void (*each)(void *self, const struct coverage *row, const char *name),
		      void *self, struct text *error)
{
	struct reading reading = { .query = query, .each = each, .self = self };
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db, PATIENCE_MS);
	if (rc == SQLITE_OK)
		rc = prepare(db, query, &stmt);
	if (rc == SQLITE_OK)
		rc = read_all(stmt, &reading);
	int64_t ret = rc == SQLITE_DONE ? reading.given : store_failed(db, rc, path, error);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return ret;
}
