/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of daemon/memo: what is written comes back, what is damaged does not, failures count. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/memo.h"

static char folder[64];
static char path[96];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/weir-test-memo-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/learned.state", folder);
	return 0;
}

/* Fails when something was left behind. */
static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct text bytes_of(size_t len, char first)
{
	struct text bytes = text_heap();

	for (size_t i = 0; i < len; i++) {
		const char c = (char)(first + (char)(i % 251));
		text_add_n(&bytes, &c, 1);
	}
	assert_false(bytes.failed);
	return bytes;
}

/* Wait for the thread to have tried so often. */
static struct memo_stats wait_for(struct memo *memo, uint64_t tries)
{
	struct memo_stats stats;

	for (unsigned i = 0; i < 10000; i++) {
		memo_stats(memo, &stats);
		if (stats.written + stats.failed >= tries)
			return stats;
		usleep(1000);
	}
	fail_msg("nothing was written in ten seconds");
	return stats;
}

/* Taken as soon as the thread is done with what was before. */
static void put(struct memo *memo, struct text *bytes, uint64_t now_ns)
{
	for (unsigned i = 0; i < 10000 && !memo_put(memo, bytes, now_ns); i++)
		usleep(1000);
	assert_int_equal(bytes->len, 0);
}

static void check_file(size_t len, char first)
{
	struct text wanted = bytes_of(len, first), got = text_heap();

	assert_int_equal(memo_read(path, &got), 0);
	assert_int_equal(got.len, wanted.len);
	assert_memory_equal(got.data, wanted.data, wanted.len);
	text_done(&wanted);
	text_done(&got);
}

static void what_is_written_comes_back(void **state)
{
	struct memo *memo = memo_start(path);
	struct text bytes = bytes_of(300000, 'a');

	(void)state;
	assert_non_null(memo);
	put(memo, &bytes, 5);
	struct memo_stats stats = wait_for(memo, 1);
	assert_int_equal(stats.written, 1);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(stats.error, 0);
	assert_int_equal(stats.last_ns, 5);
	assert_int_equal(stats.bytes, 300000);
	check_file(300000, 'a');
	/* The next one takes its place, also when it is shorter. */
	text_done(&bytes);
	bytes = bytes_of(1000, 'b');
	put(memo, &bytes, 6);
	wait_for(memo, 2);
	check_file(1000, 'b');
	memo_stop(memo);
	text_done(&bytes);
}

static void what_waits_is_written_at_the_end(void **state)
{
	struct memo *memo = memo_start(path);
	struct text bytes = bytes_of(5000, 'c');

	(void)state;
	assert_non_null(memo);
	put(memo, &bytes, 5);
	memo_stop(memo);
	memo_stop(NULL);
	check_file(5000, 'c');
	text_done(&bytes);
}

static void it_can_be_written_without_a_thread(void **state)
{
	struct text bytes = bytes_of(5000, 'g');
	char nowhere[128];

	(void)state;
	assert_int_equal(memo_write(path, &bytes), 0);
	assert_int_equal(bytes.len, 5000);
	check_file(5000, 'g');
	snprintf(nowhere, sizeof(nowhere), "%s/none/learned.state", folder);
	assert_int_equal(memo_write(nowhere, &bytes), -ENOENT);
	text_done(&bytes);
}

static void a_file_that_is_not_there_is_told_from_a_damaged_one(void **state)
{
	struct text bytes = text_heap();

	(void)state;
	assert_int_equal(memo_read(path, &bytes), -ENOENT);
	assert_int_equal(bytes.len, 0);
}

/* Change a byte of the file, or end it there. */
static void damage(long at, bool cut)
{
	FILE *file = fopen(path, "r+be");

	assert_non_null(file);
	if (cut) {
		assert_int_equal(ftruncate(fileno(file), at), 0);
	} else {
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		int c = fgetc(file);
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		assert_int_not_equal(fputc(c ^ 0x10, file), EOF);
	}
	fclose(file);
}

static void damage_is_found_wherever_it_is(void **state)
{
	static const struct {
		long at;
		bool cut;
	} cases[] = { { 0, false }, { 7, false }, { 8, false }, { 1007, false }, { 0, true },
		      { 7, true },  { 8, true },  { 9, true },  { 1007, true } };

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct memo *memo = memo_start(path);
		struct text bytes = bytes_of(1000, 'd'), got = text_heap();
		assert_non_null(memo);
		put(memo, &bytes, 5);
		memo_stop(memo);
		check_file(1000, 'd');
		damage(cases[i].at, cases[i].cut);
		assert_int_equal(memo_read(path, &got), -WEIR_EFORMAT);
		text_done(&bytes);
		text_done(&got);
	}
}

static void a_folder_that_cannot_be_written_is_counted(void **state)
{
	char nowhere[128];

	(void)state;
	snprintf(nowhere, sizeof(nowhere), "%s/none/learned.state", folder);
	struct memo *memo = memo_start(nowhere);
	struct text bytes = bytes_of(1000, 'e');
	assert_non_null(memo);
	put(memo, &bytes, 5);
	struct memo_stats stats = wait_for(memo, 1);
	assert_int_equal(stats.failed, 1);
	assert_int_equal(stats.written, 0);
	assert_int_equal(stats.error, -ENOENT);
	assert_int_equal(stats.last_ns, 0);
	assert_int_equal(stats.bytes, 0);
	memo_stop(memo);
	text_done(&bytes);
}

static void a_failure_leaves_what_was_there(void **state)
{
	struct memo *memo = memo_start(path);
	struct text bytes = bytes_of(1000, 'f');
	char fresh[128];

	(void)state;
	assert_non_null(memo);
	put(memo, &bytes, 5);
	wait_for(memo, 1);
	/* A folder is where the new file should be. */
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(mkdir(fresh, 0700), 0);
	text_done(&bytes);
	bytes = bytes_of(2000, 'g');
	put(memo, &bytes, 6);
	struct memo_stats stats = wait_for(memo, 2);
	assert_int_equal(stats.failed, 1);
	assert_int_equal(stats.error, -EISDIR);
	assert_int_equal(stats.last_ns, 5);
	check_file(1000, 'f');
	/* And it works again when the way is free. */
	assert_int_equal(rmdir(fresh), 0);
	text_done(&bytes);
	bytes = bytes_of(2000, 'g');
	put(memo, &bytes, 7);
	stats = wait_for(memo, 3);
	assert_int_equal(stats.error, 0);
	check_file(2000, 'g');
	memo_stop(memo);
	text_done(&bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_written_comes_back),
		CASE(what_waits_is_written_at_the_end),
		CASE(it_can_be_written_without_a_thread),
		CASE(a_file_that_is_not_there_is_told_from_a_damaged_one),
		CASE(damage_is_found_wherever_it_is),
		CASE(a_folder_that_cannot_be_written_is_counted),
		CASE(a_failure_leaves_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
