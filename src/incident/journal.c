/* SPDX-License-Identifier: Apache-2.0 */
/* journal: events in, rows of an SQLite file out, incidents back in. Control thread. */
#include "incident/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "incident/checkpoint.h"
#include "incident/reader.h"
#include "incident/store.h"

/* Events between two looks at the limits: so many rows are the most that one tick deletes. */
#define PRUNE_EVERY 100

/* Pages of the write-ahead log from which on it is copied back. */
#define WAL_PAGES 1000

struct journal {
	struct store store;
	struct journal_stats stats;
	sqlite3_stmt *put_event;
	sqlite3_stmt *put_incident;
	sqlite3_stmt *put_plan;
	sqlite3_stmt *put_act;
	struct text json; /* of the row that is being written */
	bool open;        /* a transaction has begun */
	bool broken;      /* something in it failed: it will be undone */
	uint64_t batch;   /* events in it */
	uint64_t tried_ns;
	uint64_t unpruned; /* events since the limits were looked at */
	struct checkpoint *checkpoint;
	/* Ends that are not yet on disk: without them the incidents would come back as open. */
	unsigned pending_count;
	unsigned pending_over;
	struct incident pending[JOURNAL_PENDING_MAX];
};

static const char sql_event[] = "INSERT INTO events(time_ns, type, incident, json)"
				" VALUES(?1, ?2, ?3, ?4)";

static const char sql_incident[] =
	"INSERT INTO incidents(id, state, severity, direction, host, onset_ns, detected_ns,"
	" updated_ns, above_ns, ended_ns, json) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
	"?11)"
	" ON CONFLICT(id) DO UPDATE SET state=?2, severity=?3, onset_ns=?6, detected_ns=?7,"
	" updated_ns=?8, above_ns=?9, ended_ns=?10, json=?11";

static const char sql_plan[] =
	"INSERT INTO plans(id, incident, state, time_ns, json) VALUES(?1, ?2, ?3, ?4, ?5)"
	" ON CONFLICT(id) DO UPDATE SET state=?3, time_ns=?4, json=?5";

static const char sql_act[] = "INSERT INTO audit(time_ns, who, act, subject, why, result)"
			      " VALUES(?1, ?2, ?3, ?4, ?5, ?6)";

/* SQLite's own hook would copy the log back within the commit, and wait for the disk there. */
static int log_grew(void *self, sqlite3 *db, const char *name, int pages)
{
	struct journal *journal = self;

	(void)db;
	(void)name;
	if (pages >= WAL_PAGES)
		checkpoint_want(journal->checkpoint);
	return SQLITE_OK;
}

static int prepare(struct journal *journal, struct text *error)
{
	struct store *store = &journal->store;
	int rc = sqlite3_prepare_v2(store->db, sql_event, -1, &journal->put_event, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db, sql_incident, -1, &journal->put_incident, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db, sql_plan, -1, &journal->put_plan, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(store->db, sql_act, -1, &journal->put_act, NULL);
	if (rc != SQLITE_OK)
		return store_error(store->db, rc, store->path, error);
	int err = checkpoint_start(store->path, &journal->checkpoint);
	if (err) {
		text_addf(error,
			  "%s: cannot start a thread for it: %s; look at the limits of memory"
			  " and processes",
			  store->path, err_text(err));
		return err;
	}
	sqlite3_wal_hook(store->db, log_grew, journal);
	return 0;
}

int journal_open(const char *folder, struct text *error, struct journal **ret_journal)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal) {
		text_addf(error, "%s: %s", folder, err_text(-ENOMEM));
		return -ENOMEM;
	}
	int err = store_open(folder, error, &journal->store);
	if (err) {
		free(journal);
		return err;
	}
	journal->json = text_heap();
	journal->unpruned = PRUNE_EVERY;
	err = prepare(journal, error);
	if (err) {
		journal_close(journal);
		return err;
	}
	*ret_journal = journal;
	return 0;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	checkpoint_stop(journal->checkpoint);
	sqlite3_finalize(journal->put_event);
	sqlite3_finalize(journal->put_incident);
	sqlite3_finalize(journal->put_plan);
	sqlite3_finalize(journal->put_act);
	store_close(&journal->store);
	text_done(&journal->json);
	free(journal);
}

const char *journal_path(const struct journal *journal)
{
	return journal->store.path;
}

void journal_stats(const struct journal *journal, struct journal_stats *ret_stats)
{
	*ret_stats = journal->stats;
}

/* Note the first failure of a batch; the words must be taken before the next call. */
static void note_failure(struct journal *journal, int rc)
{
	struct text reason = text_fixed(journal->stats.reason, sizeof(journal->stats.reason));

	if (journal->broken)
		return;
	journal->broken = true;
	(void)store_error(journal->store.db, rc, journal->store.path, &reason);
	if (reason.failed) { /* a path too long to be told: the reason alone */
		text_clear(&reason);
		text_add(&reason, sqlite3_errstr(rc));
	}
}

static bool run(struct journal *journal, const char *sql)
{
	int rc = sqlite3_exec(journal->store.db, sql, NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		note_failure(journal, rc);
	return rc == SQLITE_OK;
}

/* Is there a transaction to add to? Begins one when needed. */
static bool begun(struct journal *journal)
{
	if (!journal->open) {
		journal->open = true;
		run(journal, "BEGIN IMMEDIATE");
	}
	return !journal->broken;
}

static void put(struct journal *journal, sqlite3_stmt *stmt)
{
	int rc = journal->json.failed ? SQLITE_NOMEM : sqlite3_step(stmt);

	if (rc != SQLITE_DONE)
		note_failure(journal, rc);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

static void put_state(struct journal *journal, const struct incident *incident)
{
	sqlite3_stmt *stmt = journal->put_incident;
	char host[IP_TEXT_MAX];
	struct jsonw w = jsonw_on(&journal->json);

	text_clear(&journal->json);
	incident_to_json(incident, &w, NULL);
	ip_format(&incident->host, host);
	sqlite3_bind_text(stmt, 1, incident->id, -1, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 2, incident->state);
	sqlite3_bind_int(stmt, 3, incident->severity);
	sqlite3_bind_int(stmt, 4, incident->direction);
	sqlite3_bind_text(stmt, 5, host, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 6, (sqlite3_int64)incident->onset_ns);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)incident->detected_ns);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)incident->updated_ns);
	sqlite3_bind_int64(stmt, 9, (sqlite3_int64)incident->above_ns);
	sqlite3_bind_int64(stmt, 10, (sqlite3_int64)incident->ended_ns);
	sqlite3_bind_text(stmt, 11, text_string(&journal->json), -1, SQLITE_STATIC);
	put(journal, stmt);
}

static void keep_pending(struct journal *journal, const struct incident *incident)
{
	if (journal->pending_count < JOURNAL_PENDING_MAX) {
		struct incident *kept = &journal->pending[journal->pending_count++];
		*kept = *incident;
		kept->machines = NULL;
		kept->machine_count = 0;
		kept->whose = NULL;
	} else {
		journal->pending_over++;
	}
}

void journal_add_state(struct journal *journal, const struct incident *incident)
{
	if (begun(journal))
		put_state(journal, incident);
}

static void put_event(struct journal *journal, const struct event *event)
{
	sqlite3_stmt *stmt = journal->put_event;

	text_clear(&journal->json);
	event_to_json(event, &journal->json);
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)event->time_ns);
	sqlite3_bind_text(stmt, 2, event_type_name(event->type), -1, SQLITE_STATIC);
	if (event->incident)
		sqlite3_bind_text(stmt, 3, event->incident->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 4, text_string(&journal->json), -1, SQLITE_STATIC);
	put(journal, stmt);
}

void journal_add(struct journal *journal, const struct event *event)
{
	const struct incident *incident = event->incident;

	if (incident && event->type == EVENT_INCIDENT_CLOSED)
		keep_pending(journal, incident);
	/* While degraded only who heeds journal_wants_all() tries, not every event. */
	if (journal->stats.degraded && !journal->open) {
		journal->stats.events_lost++;
		return;
	}
	journal->batch++;
	if (begun(journal))
		put_event(journal, event);
	if (incident && !journal->broken)
		put_state(journal, incident);
}

void journal_add_plan(struct journal *journal, const struct wanted *wanted, enum act_state state,
		      uint64_t now_ns)
{
	sqlite3_stmt *stmt = journal->put_plan;

	if (!begun(journal))
		return;
	text_clear(&journal->json);
	wanted_to_json(wanted, &journal->json);
	sqlite3_bind_text(stmt, 1, wanted->plan.id, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, wanted->plan.incident, -1, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 3, state);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)now_ns);
	sqlite3_bind_text(stmt, 5, text_string(&journal->json), -1, SQLITE_STATIC);
	put(journal, stmt);
}

void journal_add_act(struct journal *journal, const struct act *act)
{
	sqlite3_stmt *stmt = journal->put_act;

	if (!begun(journal))
		return;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)act->time_ns);
	sqlite3_bind_text(stmt, 2, act->who, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, act->what, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 4, act->subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 5, act->why, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 6, act->result, -1, SQLITE_STATIC);
	put(journal, stmt);
}

static void prune(struct journal *journal)
{
	char sql[512];

	journal->unpruned += journal->batch;
	if (journal->unpruned < PRUNE_EVERY)
		return;
	journal->unpruned = 0;
	snprintf(sql, sizeof(sql),
		 "DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - %d;"
		 "DELETE FROM incidents WHERE state = %d AND rowid <="
		 " (SELECT max(rowid) FROM incidents) - %d;"
		 "DELETE FROM plans WHERE state >= %d AND rowid <="
		 " (SELECT max(rowid) FROM plans) - %d;"
		 "DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - %d",
		 JOURNAL_EVENTS_MAX, INCIDENT_CLOSED, JOURNAL_CLOSED_MAX, ACT_WITHDRAWN,
		 JOURNAL_PLANS_MAX, JOURNAL_AUDIT_MAX);
	run(journal, sql);
}

static void commit_worked(struct journal *journal)
{
	journal->stats.events += journal->batch;
	journal->pending_count = 0;
	journal->pending_over = 0;
	if (!journal->stats.degraded)
		return;
	journal->stats.degraded = false;
	journal->stats.reason[0] = '\0';
	log_info("incident.journal",
		 "%s can be written again; %" PRIu64 " events went by unrecorded",
		 journal->store.path, journal->stats.events_lost);
}

static void commit_failed(struct journal *journal, uint64_t now_ns)
{
	if (!sqlite3_get_autocommit(journal->store.db))
		sqlite3_exec(journal->store.db, "ROLLBACK", NULL, NULL, NULL);
	journal->stats.failed++;
	journal->stats.events_lost += journal->batch;
	journal->stats.incidents_lost += journal->pending_over;
	journal->pending_over = 0;
	journal->tried_ns = now_ns;
	if (journal->stats.degraded)
		return;
	journal->stats.degraded = true;
	log_error("incident.journal",
		  "%s. Detection goes on; until this is mended a restart would"
		  " forget what changes now",
		  journal->stats.reason);
}

void journal_commit(struct journal *journal, uint64_t now_ns)
{
	if (!journal->open)
		return;
	if (journal->stats.degraded) {
		for (unsigned i = 0; i < journal->pending_count && !journal->broken; i++)
			put_state(journal, &journal->pending[i]);
	}
	if (!journal->broken)
		prune(journal);
	if (!journal->broken)
		run(journal, "COMMIT");
	if (journal->broken)
		commit_failed(journal, now_ns);
	else
		commit_worked(journal);
	journal->open = journal->broken = false;
	journal->batch = 0;
}

bool journal_wants_all(const struct journal *journal, uint64_t now_ns)
{
	return journal->stats.degraded &&
	       (now_ns < journal->tried_ns || now_ns - journal->tried_ns >= JOURNAL_RETRY_NS);
}

int journal_each(struct journal *journal, enum journal_filter filter, unsigned limit,
		 void (*each)(void *self, const struct incident *incident), void *self)
{
	return reader_each(&journal->store, filter, limit, each, self);
}

int journal_list(struct journal *journal, enum journal_filter filter, unsigned limit,
		 unsigned offset, struct text *out)
{
	return reader_list(&journal->store, filter, limit, offset, out);
}

int journal_each_plan(struct journal *journal, enum act_state state,
		      void (*each)(void *self, const struct wanted *wanted), void *self)
{
	return reader_each_plan(&journal->store, (int)state, each, self);
}

int journal_acts(struct journal *journal, unsigned limit, struct text *out)
{
	return reader_acts(&journal->store, limit, out);
}

int journal_get(struct journal *journal, const char *id, struct text *out)
{
	return reader_get(&journal->store, id, out);
}

int journal_events(struct journal *journal, const char *id, unsigned limit, struct text *out)
{
	return reader_events(&journal->store, id, limit, out);
}
