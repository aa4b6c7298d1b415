/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of archive/keeper, store and reader: rows to disk and back, on good disks and bad. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "archive/keeper.h"
#include "archive/store.h"
#include "model/flow.h"

#define BEGIN_NS (29660000ULL * COVERAGE_MINUTE_NS)
#define FOREVER  (365 * 24 * 3600ULL * 1000000000U)

static char folder[64];
static char path[96];

static struct coverage rows[64];
static char names[64][COVERAGE_NAME_MAX];
static size_t row_count;

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/weir-test-keeper-XXXXXX");
	row_count = 0;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/coverage.db", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char other[128];

	(void)state;
	unlink(path);
	snprintf(other, sizeof(other), "%s-wal", path);
	unlink(other);
	snprintf(other, sizeof(other), "%s-shm", path);
	unlink(other);
	return rmdir(folder);
}

static struct coverage row_at(unsigned minute, unsigned exporter)
{
	struct coverage row = {
		.key = { .source = FLOW_NETFLOW9, .odid = 7 },
		.begin_ns = BEGIN_NS + minute * COVERAGE_MINUTE_NS,
		.minutes = 1,
		.seconds = 30,
		.datagrams = 90,
		.units = 90,
		.lost = 10,
		.clock_offset_ns = -5,
		.sampling = 1000,
		.sampling_source = SAMPLING_OPTIONS,
		.compared = 100,
		.duplicates = 50,
		.repeated = 6,
	};

	assert_int_equal(ip_parse("192.0.2.1", &row.key.address), 0);
	row.key.address.b[15] = (uint8_t)exporter;
	assert_int_equal(ip_parse("192.0.2.99", &row.twin.address), 0);
	row.undecodable[REASON_NO_TEMPLATE] = 3;
	return row;
}

static void take(void *self, const struct coverage *row, const char *name)
{
	(void)self;
	assert_true(row_count < 64);
	rows[row_count] = *row;
	snprintf(names[row_count++], COVERAGE_NAME_MAX, "%s", name ? name : "");
}

static int64_t read_with(const struct coverage_query *query)
{
	struct text error = text_heap();

	row_count = 0;
	int64_t given = coverage_read(path, query, take, NULL, &error);
	text_done(&error);
	return given;
}

static struct coverage_query everything(void)
{
	return (struct coverage_query){
		.from_ns = BEGIN_NS, .to_ns = BEGIN_NS + FOREVER, .step = 1, .limit = 60
	};
}

/* Minutes 0 to 9 of two exporters, the first with a name. */
static void keep_some(void)
{
	struct keeper *keeper = keeper_start(folder, FOREVER, 0);

	assert_non_null(keeper);
	for (unsigned minute = 0; minute < 10; minute++) {
		for (unsigned exporter = 1; exporter <= 2; exporter++) {
			struct coverage row = row_at(minute, exporter);
			keeper_put(keeper, &row, exporter == 1 ? "edge1" : NULL);
		}
	}
	keeper_stop(keeper);
}

static void what_was_kept_comes_back(void **state)
{
	struct coverage_query query = everything();

	(void)state;
	keep_some();
	assert_int_equal(read_with(&query), 20);
	struct coverage first = row_at(0, 1);
	assert_memory_equal(&rows[0].key, &first.key, sizeof(first.key));
	assert_int_equal(rows[0].begin_ns, first.begin_ns);
	assert_int_equal(rows[0].lost, 10);
	assert_int_equal(rows[0].repeated, 6);
	assert_int_equal(rows[0].clock_offset_ns, -5);
	assert_int_equal(rows[0].sampling_source, SAMPLING_OPTIONS);
	assert_int_equal(rows[0].undecodable[REASON_NO_TEMPLATE], 3);
	assert_true(ip_equal(&rows[0].twin.address, &first.twin.address));
	assert_string_equal(names[0], "edge1");
	assert_string_equal(names[10], "");
	assert_int_equal(rows[19].begin_ns, BEGIN_NS + 9 * COVERAGE_MINUTE_NS);
}

static void a_question_chooses_times_exporters_and_steps(void **state)
{
	struct coverage_query query = everything();

	(void)state;
	keep_some();
	query.from_ns = BEGIN_NS + COVERAGE_MINUTE_NS;
	query.to_ns = BEGIN_NS + 7 * COVERAGE_MINUTE_NS;
	query.exporter = "edge1";
	assert_int_equal(read_with(&query), 6);
	query.step = 3;
	assert_int_equal(read_with(&query), 2);
	assert_int_equal(rows[0].minutes, 3);
	assert_int_equal(rows[0].lost, 30);
	assert_int_equal(rows[1].begin_ns, BEGIN_NS + 4 * COVERAGE_MINUTE_NS);
	query.exporter = "192.0.2.2";
	query.step = 1;
	query.limit = 4;
	assert_int_equal(read_with(&query), 5);
	assert_int_equal(row_count, 4);
	query.exporter = "nobody";
	assert_int_equal(read_with(&query), 0);
}

static void two_halves_of_a_minute_are_one_row(void **state)
{
	struct coverage_query query = everything();

	(void)state;
	keep_some();
	keep_some();
	assert_int_equal(read_with(&query), 20);
	assert_int_equal(rows[0].minutes, 1);
	assert_int_equal(rows[0].seconds, 60);
	assert_int_equal(rows[0].lost, 20);
}

static void a_file_of_an_older_weir_is_taken_over(void **state)
{
	struct coverage_query query = everything();
	sqlite3 *db = NULL;

	(void)state;
	keep_some();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "ALTER TABLE minutes DROP COLUMN repeated;"
				      "PRAGMA user_version=1",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_true(read_with(&query) < 0);
	keep_some();
	assert_int_equal(read_with(&query), 20);
	/* The older half of the minute could not know; the newer one does. */
	assert_int_equal(rows[0].repeated, 6);
	assert_int_equal(rows[0].lost, 20);
	keep_some();
	assert_int_equal(read_with(&query), 20);
	assert_int_equal(rows[0].repeated, 12);
}

static void a_file_of_a_newer_weir_is_left_alone(void **state)
{
	struct text error = text_heap();
	struct coverage_store *store = NULL;
	sqlite3 *db = NULL;

	(void)state;
	keep_some();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(coverage_store_open(path, &error, &store), -WEIR_ESCHEMA);
	assert_non_null(strstr(text_string(&error), "newer Weir"));
	text_done(&error);
}

static void old_rows_are_let_go(void **state)
{
	struct coverage_query query = everything();
	struct text error = text_heap();
	struct coverage_store *store = NULL;

	(void)state;
	keep_some();
	assert_int_equal(coverage_store_open(path, &error, &store), 0);
	assert_int_equal(coverage_store_rows(store), 20);
	assert_int_equal(coverage_store_prune(store, BEGIN_NS + 4 * COVERAGE_MINUTE_NS, &error), 8);
	assert_int_equal(coverage_store_rows(store), 12);
	coverage_store_close(store);
	assert_int_equal(read_with(&query), 12);
	assert_int_equal(rows[0].begin_ns, BEGIN_NS + 4 * COVERAGE_MINUTE_NS);
	text_done(&error);
}

static void wait_for_failure(struct keeper *keeper, struct keeper_stats *ret_stats)
{
	for (unsigned i = 0; i < 500; i++) {
		keeper_stats(keeper, ret_stats);
		if (ret_stats->degraded)
			return;
		usleep(10000);
	}
}

static void what_cannot_be_written_waits_and_is_counted(void **state)
{
	struct coverage_query query = everything();
	struct keeper_stats stats = { 0 };

	(void)state;
	/* A folder stands where the file should be: nobody can write that, not even root. */
	assert_int_equal(mkdir(path, 0700), 0);
	struct keeper *keeper = keeper_start(folder, FOREVER, 0);
	wait_for_failure(keeper, &stats);
	assert_true(stats.degraded);
	assert_non_null(strstr(stats.reason, path));
	for (unsigned i = 0; i < KEEPER_ROWS_MIN + 5; i++) {
		struct coverage row = row_at(i % 10, 1);
		row.key.odid = i / 10;
		keeper_put(keeper, &row, NULL);
	}
	keeper_stats(keeper, &stats);
	assert_int_equal(stats.waiting, KEEPER_ROWS_MIN);
	assert_int_equal(stats.lost, 5);
	assert_int_equal(rmdir(path), 0);
	keeper_stop(keeper);
	assert_int_equal(read_with(&query), 61);
}

static void a_foreign_file_is_left_alone(void **state)
{
	struct text error = text_heap();
	struct coverage_store *store = NULL;
	FILE *file;

	(void)state;
	file = fopen(path, "w");
	assert_non_null(file);
	for (unsigned i = 0; i < 200; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_int_equal(coverage_store_open(path, &error, &store), -WEIR_EFORMAT);
	assert_non_null(strstr(text_string(&error), "move it away"));
	text_done(&error);
}

static void without_a_file_the_reader_says_so(void **state)
{
	struct coverage_query query = everything();

	(void)state;
	assert_true(read_with(&query) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_kept_comes_back, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_question_chooses_times_exporters_and_steps,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(two_halves_of_a_minute_are_one_row, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_file_of_an_older_weir_is_taken_over, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_file_of_a_newer_weir_is_left_alone, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(old_rows_are_let_go, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_waits_and_is_counted,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_foreign_file_is_left_alone, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(without_a_file_the_reader_says_so, make_folder,
						remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
