/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of incident/journal and store: what is left after a crash, and what
 * the words are when the folder, the file or the disk is not as it should be.
 */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/log.h"

#define IN DIRECTION_INBOUND

static char folder[64];
static char file[96];

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/weir-test-journal-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/incidents.db", folder);
	return 0;
}

static int end(void **state)
{
	static const char *const names[] = { "incidents.db", "incidents.db-wal", "incidents.db-shm",
					     "incidents.db-journal", "weir.lock" };
	char path[128];

	(void)state;
	chmod(folder, 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static struct journal *open_journal(void)
{
	struct text error = text_heap();
	struct journal *journal = NULL;

	if (journal_open(folder, &error, &journal))
		fail_msg("%s", text_string(&error));
	text_done(&error);
	return journal;
}

/* Opening must fail with @err, and the words must hold all of @words. */
static void expect_refusal(const char *where, int err, const char *const words[])
{
	struct text error = text_heap();
	struct journal *journal = NULL;

	assert_int_equal(journal_open(where, &error, &journal), err);
	assert_null(journal);
	for (; *words; words++) {
		if (!strstr(text_string(&error), *words))
			fail_msg("no `%s` in: %s", *words, text_string(&error));
	}
	assert_null(strchr(text_string(&error), '\n'));
	text_done(&error);
}

#define refusal(where, err, ...) \
	expect_refusal(where, err, (const char *const[]){ __VA_ARGS__, NULL })

/* Run SQL on the file as another program would. */
static void tamper(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int query_int(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

/* An attack of some seconds in a process that is killed in the middle of it. */
static void attack_until_killed(const struct config *config, unsigned seconds)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct incidents *incidents = NULL;
		struct seen seen = { 0 };
		struct journal *journal = open_journal();
		if (incidents_open(config, journal, START_NS, &incidents))
			_exit(1);
		for (unsigned i = 0; i < seconds; i++) {
			uint64_t now_ns = START_NS + i * NS_PER_S;
			struct finding finding = scene_finding("198.51.100.7", IN, now_ns);
			finding.pps = 50000 - i;
			scene_step(incidents, &finding, now_ns, &seen);
		}
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_killed_daemon_carries_on(void **state)
{
	struct config config = scene_config();
	uint64_t restart_ns = START_NS + 40 * NS_PER_S;
	struct finding finding = scene_finding("198.51.100.7", IN, restart_ns + 5 * NS_PER_S);
	struct incidents *incidents = NULL;
	struct incidents_stats stats;
	struct seen seen = { 0 };

	(void)state;
	attack_until_killed(&config, 25);
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, restart_ns, &incidents), 0);
	scene_step(incidents, NULL, restart_ns, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.events[0].type, EVENT_INCIDENT_UPDATED);
	assert_non_null(strstr(seen.events[0].text, "resumed after a restart"));
	assert_int_equal(seen.events[0].incident.resumed, 1);
	assert_int_equal(seen.events[0].incident.peak_pps, 50000);
	assert_int_equal(seen.events[0].incident.onset_ns, START_NS - NS_PER_S);
	assert_string_equal(seen.events[0].incident.tenant, "acme");
	assert_int_equal(seen.events[0].incident.pps, 0);
	assert_true(incident_is_unseen(&seen.events[0].incident));
	/* The same attack is the same incident, told at once, and its peak stays. */
	scene_step(incidents, &finding, finding.now_ns, &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.events[1].incident.pps, 20000);
	assert_false(incident_is_unseen(&seen.events[1].incident));
	scene_step(incidents, NULL, finding.now_ns + 59 * NS_PER_S, &seen);
	scene_step(incidents, NULL, finding.now_ns + 60 * NS_PER_S, &seen);
	assert_int_equal(seen.events[seen.count - 1].type, EVENT_INCIDENT_CLOSED);
	assert_string_equal(seen.events[seen.count - 1].incident.id, seen.events[0].incident.id);
	assert_int_equal(seen.events[seen.count - 1].incident.peak_pps, 50000);
	assert_string_equal(seen.events[seen.count - 1].text, "");
	incidents_stats(incidents, &stats);
	assert_int_equal(stats.opened, 0);
	assert_int_equal(stats.resumed, 1);
	incidents_close(incidents);
	journal_close(journal);
	lpm_free(config.network_lpm);
}

static void what_ended_meanwhile_is_closed_with_a_word(void **state)
{
	struct config config = scene_config();
	uint64_t restart_ns = START_NS + 3600 * NS_PER_S;
	struct incidents *incidents = NULL;
	struct seen seen = { 0 };

	(void)state;
	attack_until_killed(&config, 5);
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, restart_ns, &incidents), 0);
	scene_step(incidents, NULL, restart_ns, &seen);
	scene_step(incidents, NULL, restart_ns + 59 * NS_PER_S, &seen);
	assert_int_equal(seen.count, 1);
	scene_step(incidents, NULL, restart_ns + 60 * NS_PER_S, &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.events[1].type, EVENT_INCIDENT_CLOSED);
	assert_non_null(strstr(seen.events[1].text, "since the restart"));
	/* The journal has the state of the latest event: that of the opening. */
	assert_int_equal(seen.events[1].incident.ended_ns, START_NS);
	incidents_close(incidents);
	journal_close(journal);
	journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, restart_ns, &incidents), 0);
	scene_step(incidents, NULL, restart_ns, &seen);
	assert_int_equal(seen.count, 2);
	incidents_close(incidents);
	journal_close(journal);
	lpm_free(config.network_lpm);
}

static void the_journal_can_be_read(void **state)
{
	struct config config = scene_config();
	struct incidents *incidents = NULL;
	struct seen seen = { 0 };
	struct text all = text_heap(), one = text_heap(), none = text_heap(), events = text_heap();

	(void)state;
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, START_NS, &incidents), 0);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t now_ns = START_NS + 30 * NS_PER_S * i;
		struct finding finding = scene_finding("198.51.100.7", IN, now_ns);
		finding.host.b[15] = (uint8_t)i;
		scene_step(incidents, &finding, now_ns, &seen);
	}
	assert_int_equal(seen.count, 4); /* three opened, the first one closed */
	assert_int_equal(journal_list(journal, JOURNAL_OPEN, 10, 0, &one), 2);
	assert_int_equal(journal_list(journal, JOURNAL_ALL, 2, 1, &all), 2);
	text_clear(&one);
	assert_int_equal(journal_list(journal, JOURNAL_CLOSED, 10, 0, &one), 1);
	assert_non_null(strstr(text_string(&one), seen.events[0].incident.id));
	assert_non_null(strstr(text_string(&all), seen.events[1].incident.id));
	assert_non_null(strstr(text_string(&all), seen.events[0].incident.id));
	text_clear(&one);
	assert_int_equal(journal_get(journal, seen.events[0].incident.id, &one), 0);
	assert_memory_equal(text_string(&one), "{\"id\":\"20261122T140505-in-", 26);
	assert_non_null(strstr(text_string(&one), "\"state\":\"closed\""));
	assert_int_equal(journal_get(journal, "'; drop table incidents", &none), -ENOENT);
	assert_int_equal(none.len, 0);
	assert_int_equal(journal_events(journal, seen.events[0].incident.id, 9, &events), 2);
	assert_non_null(strstr(text_string(&events), "[{\"event\":\"incident.opened\""));
	assert_non_null(strstr(text_string(&events), "},{\"event\":\"incident.closed\""));
	incidents_close(incidents);
	journal_close(journal);
	text_done(&all);
	text_done(&one);
	text_done(&none);
	text_done(&events);
	lpm_free(config.network_lpm);
}

static void a_second_daemon_is_refused(void **state)
{
	struct journal *journal = open_journal();
	char pid[32];

	(void)state;
	snprintf(pid, sizeof(pid), "(process %d)", (int)getpid());
	refusal(folder, -EBUSY, "another Weir", pid, "stop it", folder);
	journal_close(journal);
	journal_close(open_journal());
}

static void another_layout_is_left_alone(void **state)
{
	(void)state;
	journal_close(open_journal());
	assert_int_equal(query_int("PRAGMA user_version"), 2);
	tamper("PRAGMA user_version=7");
	refusal(folder, -WEIR_ESCHEMA, "newer Weir", "layout 7", "this one knows 2",
		"move the file");
	assert_int_equal(query_int("PRAGMA user_version"), 7);
}

static void a_file_of_another_program_is_left_alone(void **state)
{
	(void)state;
	tamper("CREATE TABLE recipes(name)");
	refusal(folder, -WEIR_EFORMAT, "another program", file, "move it away");
	assert_int_equal(query_int("SELECT count(*) FROM sqlite_master"), 1);
}

static void a_damaged_file_is_told_of(void **state)
{
	static const char garbage[] = "this is not a database, it is a sentence in a long file.";
	int fd;

	(void)state;
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
	close(fd);
	refusal(folder, -WEIR_EFORMAT, "damaged", file, "move it away", ".recover");
	assert_int_equal(unlink(file), 0);
	journal_close(open_journal());
	tamper("PRAGMA journal_mode=DELETE");
	fd = open(file, O_WRONLY);
	for (int i = 0; i < 50; i++)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 4096 + 60 * i),
				 sizeof(garbage));
	close(fd);
	refusal(folder, -WEIR_EFORMAT, "damaged", file, "move it away");
}

/* Root may write anywhere: step down for the length of a test. */
static void be_nobody(bool nobody)
{
	if (nobody && geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	else if (!nobody && getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void folders_that_do_not_do(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/no/such", folder);
	refusal(path, -ENOENT, path, "make the folder");
	chmod(folder, 0555);
	be_nobody(true);
	refusal(folder, -EACCES, "weir.lock", "Permission denied", "run Weir as its owner");
	snprintf(path, sizeof(path), "%s/new", folder);
	refusal(path, -EACCES, path, "run Weir as its owner");
	be_nobody(false);
	chmod(folder, 0755);
	snprintf(path, sizeof(path), "%s/weir.lock", folder);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	refusal(path, -ENOTDIR, path, "a folder is needed");
}

static void what_stands_in_place_of_the_file_is_named(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/incidents.db", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	refusal(folder, -EISDIR, path, "this is a folder", "move it away");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refusal(folder, -EINVAL, path, "no regular file", "move it away");
	assert_int_equal(unlink(path), 0);
}

static void a_file_that_may_not_be_written_is_refused(void **state)
{
	char lock[128];

	(void)state;
	journal_close(open_journal());
	snprintf(lock, sizeof(lock), "%s/weir.lock", folder);
	chmod(lock, 0666);
	chmod(file, 0444);
	chmod(folder, 0777);
	be_nobody(true);
	refusal(folder, -EACCES, file, "run Weir as its owner");
	be_nobody(false);
}

/* No file may grow beyond this: what a full disk is like, without filling one. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_at_start_is_told_of(void **state)
{
	(void)state;
	limit_files(100);
	refusal(folder, -ENOSPC, file, "No space left", "free some space");
	limit_files(RLIM_INFINITY);
	journal_close(open_journal());
}

static void attack_on(struct incidents *incidents, unsigned host, uint64_t now_ns,
		      struct seen *seen)
{
	struct finding finding = scene_finding("198.51.100.0", IN, now_ns);

	finding.host.b[15] = (uint8_t)host;
	scene_step(incidents, &finding, now_ns, seen);
}

static void a_full_disk_never_stops_detection(void **state)
{
	struct config config = scene_config();
	struct incidents *incidents = NULL;
	struct journal_stats stats;
	struct seen seen = { 0 };
	struct stat st;
	char wal[128];
	uint64_t now_ns = START_NS;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, START_NS, &incidents), 0);
	attack_on(incidents, 1, now_ns, &seen);
	attack_on(incidents, 2, now_ns, &seen);
	journal_stats(journal, &stats);
	assert_false(stats.degraded);
	assert_int_equal(stats.events, 2);
	snprintf(wal, sizeof(wal), "%s-wal", file);
	assert_int_equal(stat(wal, &st), 0);
	limit_files((rlim_t)st.st_size);
	/* Opens 3 and closes 1 while nothing can be written. */
	now_ns += 50 * NS_PER_S;
	attack_on(incidents, 2, now_ns, &seen);
	now_ns += 10 * NS_PER_S;
	attack_on(incidents, 3, now_ns, &seen);
	journal_stats(journal, &stats);
	assert_true(stats.degraded);
	/* Newer SQLite lets us know that it was the size, older just that the disk failed. */
	assert_true(strstr(stats.reason, "look at space, quota and health of the disk") ||
		    strstr(stats.reason, "free some space"));
	assert_true(stats.failed >= 1);
	assert_int_equal(seen.count, 5);
	assert_int_equal(stats.events_lost, 3);
	limit_files(RLIM_INFINITY);
	/* Not at once: a retry has its time. */
	scene_step(incidents, NULL, now_ns + NS_PER_S / 2, &seen);
	journal_stats(journal, &stats);
	assert_true(stats.degraded);
	scene_step(incidents, NULL, now_ns + NS_PER_S, &seen);
	journal_stats(journal, &stats);
	assert_false(stats.degraded);
	assert_string_equal(stats.reason, "");
	incidents_close(incidents);
	journal_close(journal);
	log_set_level(LOG_LEVEL_INFO);
	/* What came meanwhile is there: 1 closed, 2 and 3 open. */
	assert_int_equal(query_int("SELECT count(*) FROM incidents WHERE state = 0"), 2);
	assert_int_equal(query_int("SELECT count(*) FROM incidents WHERE state = 1"), 1);
	assert_int_equal(query_int("SELECT count(*) FROM events"), 2);
	lpm_free(config.network_lpm);
}

/* Fill the file system up to the last byte. */
static void fill_disk(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	while (write(fd, block, sizeof(block)) > 0)
		continue;
	while (write(fd, block, 1) > 0)
		continue;
	close(fd);
}

/* In a process and mount namespace of its own. Return: 0, or the number of what went wrong. */
static int on_a_small_disk(const struct config *config)
{
	struct incidents *incidents = NULL;
	struct journal_stats stats;
	struct seen seen = { 0 };
	char filler[128];

	if (unshare(CLONE_NEWNS))
		return 77;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", folder, "tmpfs", 0, "size=512k"))
		return 77;
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	struct journal *journal = open_journal();
	if (incidents_open(config, journal, START_NS, &incidents))
		return 1;
	attack_on(incidents, 1, START_NS, &seen);
	fill_disk(filler);
	for (unsigned i = 2; i < 5; i++)
		attack_on(incidents, i, START_NS, &seen);
	journal_stats(journal, &stats);
	if (!stats.degraded || !strstr(stats.reason, "No space left") || seen.count != 4)
		return 2;
	unlink(filler);
	scene_step(incidents, NULL, START_NS + NS_PER_S, &seen);
	journal_stats(journal, &stats);
	if (stats.degraded)
		return 3;
	incidents_close(incidents);
	journal_close(journal);
	return query_int("SELECT count(*) FROM incidents WHERE state = 0") == 4 ? 0 : 4;
}

static void a_truly_full_disk_is_called_so(void **state)
{
	struct config config = scene_config();
	pid_t child = fork();
	int status = 0;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		log_set_level(LOG_LEVEL_ERROR);
		_exit(on_a_small_disk(&config));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	lpm_free(config.network_lpm);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* needs root, for a mount namespace */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_locked_file_is_waited_for_without_waiting(void **state)
{
	struct config config = scene_config();
	struct incidents *incidents = NULL;
	struct journal_stats stats;
	struct seen seen = { 0 };
	sqlite3 *db = NULL;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, START_NS, &incidents), 0);
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	attack_on(incidents, 1, START_NS, &seen);
	assert_int_equal(seen.count, 1);
	journal_stats(journal, &stats);
	assert_true(stats.degraded);
	assert_non_null(strstr(stats.reason, "locked"));
	sqlite3_close(db);
	scene_step(incidents, NULL, START_NS + NS_PER_S, &seen);
	journal_stats(journal, &stats);
	assert_false(stats.degraded);
	log_set_level(LOG_LEVEL_INFO);
	incidents_close(incidents);
	journal_close(journal);
	assert_int_equal(query_int("SELECT count(*) FROM incidents WHERE state = 0"), 1);
	lpm_free(config.network_lpm);
}

static void of_two_open_for_one_host_the_newest_goes_on(void **state)
{
	struct config config = scene_config();
	struct incidents *incidents = NULL;
	struct seen seen = { 0 };

	(void)state;
	attack_until_killed(&config, 1);
	tamper("INSERT INTO incidents SELECT 'old', state, severity, direction, host, onset_ns - 9,"
	       " detected_ns, updated_ns, above_ns, ended_ns,"
	       " json_set(json, '$.id', 'old') FROM incidents");
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, START_NS, &incidents), 0);
	scene_step(incidents, NULL, START_NS + NS_PER_S, &seen);
	assert_int_equal(seen.count, 1);
	assert_string_not_equal(seen.events[0].incident.id, "old");
	incidents_close(incidents);
	journal_close(journal);
	assert_int_equal(query_int("SELECT state FROM incidents WHERE id = 'old'"), 1);
	lpm_free(config.network_lpm);
}

static void the_log_is_copied_back_meanwhile(void **state)
{
	struct config config = scene_config();
	struct incidents *incidents = NULL;
	struct journal_stats stats;
	struct stat st;
	off_t small;
	int tries = 0;

	(void)state;
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, START_NS, &incidents), 0);
	assert_int_equal(stat(file, &st), 0);
	small = st.st_size;
	for (unsigned i = 0; i < 600; i++) {
		struct seen seen = { 0 };
		attack_on(incidents, i % 4, START_NS + 20 * NS_PER_S * i, &seen);
	}
	/* By another thread: so it may take its time, but not for ever. */
	while (stat(file, &st) == 0 && st.st_size <= small && tries++ < 1000)
		usleep(10000);
	assert_true(st.st_size > small);
	journal_stats(journal, &stats);
	assert_false(stats.degraded);
	incidents_close(incidents);
	journal_close(journal);
	assert_true(query_int("SELECT count(*) FROM events") >= 600);
	lpm_free(config.network_lpm);
}

static struct wanted wanted_of(const char *id, const struct ip *sources, size_t count)
{
	struct wanted wanted = { .direction = DIRECTION_OUTBOUND,
				 .sources = sources,
				 .source_count = count };
	struct plan_rule *rule = &wanted.plan.rules[0];

	snprintf(wanted.plan.id, sizeof(wanted.plan.id), "%s", id);
	snprintf(wanted.plan.incident, sizeof(wanted.plan.incident), "inc");
	snprintf(wanted.plan.actuator, sizeof(wanted.plan.actuator), "edge");
	wanted.plan.level = LEVEL_RATE_LIMIT;
	wanted.plan.expires_ns = START_NS + 5 * NS_PER_S;
	wanted.plan.rule_count = 2;
	*rule = plan_rule_any();
	assert_true(prefix_parse("192.0.2.7", &rule->dst) >= 0);
	rule->proto = 6;
	rule->dport = plan_range_of(443);
	rule->length = (struct plan_range){ 40, 60 };
	rule->ttl = (struct plan_range){ 50, 60 };
	rule->tcp_flags = 0x02;
	rule->tcp_mask = 0x12;
	rule->from_set = true;
	rule->rate_pps = 100;
	wanted.plan.rules[1] = plan_rule_any();
	wanted.plan.rules[1].fragment = PLAN_FRAGMENT_LATER;
	assert_true(prefix_parse("198.51.100.0/24", &wanted.own) >= 0);
	return wanted;
}

static void take_wanted(void *self, const struct wanted *wanted)
{
	struct text *out = self;

	wanted_to_json(wanted, out);
}

/* What an actuator was told is known after a crash, to the last field and source. */
static void plans_come_back_as_they_were(void **state)
{
	struct ip sources[2];
	struct text before = text_heap();
	struct text after = text_heap();
	struct journal *journal = open_journal();

	(void)state;
	assert_int_equal(ip_parse("198.51.100.3", &sources[0]), 0);
	assert_int_equal(ip_parse("2001:db8::3", &sources[1]), 0);
	struct wanted wanted = wanted_of("inc-p1", sources, 2);
	struct wanted other = wanted_of("inc-p2", NULL, 0);
	wanted_to_json(&wanted, &before);
	journal_add_plan(journal, &wanted, ACT_WANTED, START_NS);
	journal_add_plan(journal, &other, ACT_WANTED, START_NS + 1);
	journal_add_plan(journal, &other, ACT_WITHDRAWN, START_NS + 2);
	journal_commit(journal, START_NS);
	journal_close(journal);
	journal = open_journal();
	assert_int_equal(journal_each_plan(journal, ACT_WANTED, take_wanted, &after), 1);
	assert_string_equal(text_string(&after), text_string(&before));
	assert_int_equal(journal_each_plan(journal, ACT_REJECTED, take_wanted, &after), 0);
	journal_close(journal);
	text_done(&before);
	text_done(&after);
}

static void acts_are_kept_with_who_and_why(void **state)
{
	const struct act act = { .time_ns = START_NS,
				 .who = "root (uid 0)",
				 .what = "panic",
				 .subject = "",
				 .why = "drill \"a\"",
				 .result = "done" };
	struct text acts = text_heap();
	struct journal *journal = open_journal();

	(void)state;
	journal_add_act(journal, &act);
	journal_commit(journal, START_NS);
	assert_int_equal(journal_acts(journal, 10, &acts), 1);
	assert_non_null(strstr(text_string(&acts), "\"who\":\"root (uid 0)\",\"act\":\"panic\""));
	assert_non_null(strstr(text_string(&acts), "drill \\\"a\\\""));
	journal_close(journal);
	text_done(&acts);
}

static void old_events_make_room(void **state)
{
	struct config config = scene_config();
	struct incidents *incidents = NULL;
	struct seen seen = { 0 };

	(void)state;
	journal_close(open_journal());
	tamper("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100500)"
	       " INSERT INTO events(time_ns, type, json) SELECT i, 'x', '{}' FROM n");
	struct journal *journal = open_journal();
	assert_int_equal(incidents_open(&config, journal, START_NS, &incidents), 0);
	attack_on(incidents, 1, START_NS, &seen);
	incidents_close(incidents);
	journal_close(journal);
	assert_int_equal(query_int("SELECT count(*) FROM events"), JOURNAL_EVENTS_MAX);
	assert_int_equal(query_int("SELECT min(seq) FROM events"), 502);
	lpm_free(config.network_lpm);
}

int main(void)
{
#define folder_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		folder_test(a_killed_daemon_carries_on),
		folder_test(what_ended_meanwhile_is_closed_with_a_word),
		folder_test(the_journal_can_be_read),
		folder_test(a_second_daemon_is_refused),
		folder_test(plans_come_back_as_they_were),
		folder_test(acts_are_kept_with_who_and_why),
		folder_test(another_layout_is_left_alone),
		folder_test(a_file_of_another_program_is_left_alone),
		folder_test(a_damaged_file_is_told_of),
		folder_test(folders_that_do_not_do),
		folder_test(what_stands_in_place_of_the_file_is_named),
		folder_test(a_file_that_may_not_be_written_is_refused),
		folder_test(a_full_disk_at_start_is_told_of),
		folder_test(a_full_disk_never_stops_detection),
		folder_test(a_truly_full_disk_is_called_so),
		folder_test(a_locked_file_is_waited_for_without_waiting),
		folder_test(of_two_open_for_one_host_the_newest_goes_on),
		folder_test(the_log_is_copied_back_meanwhile),
		folder_test(old_events_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
