/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of report, its sinks and what they write through: whole lines, or counted drops. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "report/report.h"

static const struct event fault = { .type = EVENT_TELEMETRY_FAULT, .text = "exporter is silent" };

#define FAULT_JSON                                                                 \
	"{\"event\":\"telemetry.fault\",\"time\":\"1970-01-01T00:00:00.000000Z\"," \
	"\"text\":\"exporter is silent\"}\n"
#define FAULT_TEXT "1970-01-01 00:00:00 UTC  fault     exporter is silent\n"

static char path[64];

static int begin(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	snprintf(path, sizeof(path), "/tmp/weir-test-sink-XXXXXX");
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

static void expect_file(const char *expected)
{
	char text[8192];
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static struct report *open_one(const char *kind, const char *where)
{
	static struct config_sink entry;
	static struct config config;
	struct text error = text_heap();

	entry = (struct config_sink){ .kind = kind, .path = where };
	config = (struct config){ .sinks = &entry, .sink_count = 1 };
	struct report *report = report_open(&config, &error);
	if (!report)
		fail_msg("%s", text_string(&error));
	text_done(&error);
	return report;
}

static struct sink_stats stats_of(const struct report *report, size_t index)
{
	const struct config_sink *config = NULL;
	struct sink_stats stats = { 0 };

	report_stats(report, index, &config, &stats);
	assert_non_null(config);
	return stats;
}

static void events_are_appended_in_their_form(void **state)
{
	struct report *report = open_one("jsonl", path);

	(void)state;
	report_emit(report, &fault);
	report_emit(report, &fault);
	assert_int_equal(stats_of(report, 0).emitted, 2);
	report_close(report);
	expect_file(FAULT_JSON FAULT_JSON);
	report = open_one("text", path);
	report_emit(report, &fault);
	report_close(report);
	expect_file(FAULT_JSON FAULT_JSON FAULT_TEXT);
}

static void every_sink_gets_every_event(void **state)
{
	const struct config_sink entries[] = { { .kind = "jsonl", .path = "/dev/full" },
					       { .kind = "text", .path = path },
					       { .kind = "jsonl", .path = "/dev/null" } };
	const struct config config = { .sinks = entries, .sink_count = 3 };
	const struct config_sink *entry = NULL;
	struct text error = text_heap();
	struct sink_stats stats;

	(void)state;
	struct report *report = report_open(&config, &error);
	assert_non_null(report);
	assert_int_equal(report_count(report), 3);
	for (int i = 0; i < 3; i++)
		report_emit(report, &fault);
	assert_int_equal(stats_of(report, 0).emitted, 0);
	assert_int_equal(stats_of(report, 0).dropped, 3);
	assert_int_equal(stats_of(report, 0).last_error, -ENOSPC);
	assert_int_equal(stats_of(report, 1).emitted, 3);
	assert_int_equal(stats_of(report, 2).emitted, 3);
	report_stats(report, 1, &entry, &stats);
	assert_ptr_equal(entry, &entries[1]);
	report_close(report);
	expect_file(FAULT_TEXT FAULT_TEXT FAULT_TEXT);
	text_done(&error);
}

static void a_full_disk_leaves_no_half_line(void **state)
{
	struct report *report = open_one("jsonl", path);
	struct rlimit limit;

	(void)state;
	report_emit(report, &fault);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = sizeof(FAULT_JSON) - 1 + 40;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	report_emit(report, &fault);
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(stats_of(report, 0).dropped, 1);
	assert_int_equal(stats_of(report, 0).last_error, -EFBIG);
	expect_file(FAULT_JSON);
	report_emit(report, &fault);
	assert_int_equal(stats_of(report, 0).emitted, 2);
	report_close(report);
	expect_file(FAULT_JSON FAULT_JSON);
}

/* Run @body with standard output replaced by the writing end of a pipe. */
static int pipe_for_stdout(int *ret_saved)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fflush(stdout);
	*ret_saved = dup(STDOUT_FILENO);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	close(ends[1]);
	return ends[0];
}

static void restore_stdout(int saved)
{
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

static void a_reader_that_has_gone_is_counted(void **state)
{
	int saved;

	(void)state;
	int reader = pipe_for_stdout(&saved);
	struct report *report = open_one("text", "-");
	restore_stdout(saved);
	report_emit(report, &fault);
	close(reader);
	report_emit(report, &fault);
	assert_int_equal(stats_of(report, 0).emitted, 1);
	assert_int_equal(stats_of(report, 0).dropped, 1);
	assert_int_equal(stats_of(report, 0).last_error, -EPIPE);
	report_close(report);
}

static size_t drain(int reader, char *text, size_t size)
{
	struct pollfd poll_fd = { .fd = reader, .events = POLLIN };
	size_t len = 0;

	while (len < size && poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLIN)) {
		ssize_t n = read(reader, text + len, size - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

static void a_reader_that_sleeps_holds_nobody_up(void **state)
{
	static char text[1 << 20];
	const size_t line = sizeof(FAULT_TEXT) - 1;
	int saved;

	(void)state;
	int reader = pipe_for_stdout(&saved);
	struct report *report = open_one("text", "-");
	restore_stdout(saved);
	uint64_t start_ns = clock_mono_ns();
	for (int i = 0; i < 5000; i++)
		report_emit(report, &fault);
	/* 3500 events find no room; had each waited, this would have taken 35 s. */
	assert_true(clock_mono_ns() - start_ns < 5 * NS_PER_S);
	struct sink_stats stats = stats_of(report, 0);
	assert_true(stats.dropped > 1000);
	assert_int_equal(stats.emitted + stats.dropped, 5000);
	assert_int_equal(stats.last_error, -EAGAIN);
	assert_int_equal(drain(reader, text, sizeof(text)), stats.emitted * line);
	report_emit(report, &fault);
	assert_int_equal(stats_of(report, 0).emitted, stats.emitted + 1);
	assert_int_equal(drain(reader, text, sizeof(text)), line);
	assert_memory_equal(text, FAULT_TEXT, line);
	close(reader);
	report_close(report);
}

/* What the log says while @report's reader falls behind and catches up three times. */
static void flap(struct report *report, int reader)
{
	static char text[1 << 20];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3000; i++)
			report_emit(report, &fault);
		drain(reader, text, sizeof(text));
		report_emit(report, &fault);
		drain(reader, text, sizeof(text));
	}
}

static void a_slow_reader_is_told_once_by_name(void **state)
{
	static const char slow[] = "standard output: the reader is too slow; ";
	char said[4096] = "";
	int saved, saved_error = dup(STDERR_FILENO);
	int reader = pipe_for_stdout(&saved);
	struct report *report = open_one("text", "-");
	FILE *log = tmpfile();

	(void)state;
	restore_stdout(saved);
	log_set_level(LOG_LEVEL_INFO);
	assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
	flap(report, reader);
	assert_true(dup2(saved_error, STDERR_FILENO) >= 0);
	log_set_level(LOG_LEVEL_ERROR);
	close(saved_error);
	rewind(log);
	assert_true(fread(said, 1, sizeof(said) - 1, log) > 0);
	fclose(log);
	const char *first = strstr(said, slow);
	assert_non_null(first);
	assert_null(strstr(first + 1, slow));
	assert_non_null(strstr(first, "standard output works again; events dropped so far: "));
	close(reader);
	report_close(report);
}

/* One text larger than what is left in the pipe: the next one begins on a line of its own. */
static void a_torn_line_in_a_pipe_ends_there(void **state)
{
	static char text[1 << 20];
	static char words[100000];
	struct event large = { .type = EVENT_TELEMETRY_FAULT, .text = words };
	int saved;

	(void)state;
	memset(words, 'w', sizeof(words) - 1);
	int reader = pipe_for_stdout(&saved);
	struct report *report = open_one("jsonl", "-");
	restore_stdout(saved);
	report_emit(report, &large);
	assert_int_equal(stats_of(report, 0).dropped, 1);
	size_t torn = drain(reader, text, sizeof(text));
	assert_true(torn > 0 && torn < sizeof(words));
	report_emit(report, &fault);
	assert_int_equal(drain(reader, text, sizeof(text)), sizeof(FAULT_JSON));
	assert_memory_equal(text, "\n" FAULT_JSON, sizeof(FAULT_JSON));
	close(reader);
	report_close(report);
}

static void a_named_pipe_without_reader_is_an_error_at_once(void **state)
{
	const struct config_sink entry = { .kind = "text", .path = path };
	const struct config config = { .sinks = &entry, .sink_count = 1 };
	struct text error = text_heap();

	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(report_open(&config, &error));
	assert_non_null(strstr(text_string(&error), "start the reader of this named pipe first"));
	text_done(&error);
}

static void all_that_is_wrong_is_said_at_once(void **state)
{
	const struct config_sink entries[] = { { .kind = "jsonl", .path = path },
					       { .kind = "pigeon", .path = "-" },
					       { .kind = "text", .path = "/no/such/file" },
					       { .kind = "text", .path = "/tmp" } };
	const struct config config = { .sinks = entries, .sink_count = 4 };
	struct text error = text_heap();

	(void)state;
	assert_null(report_open(&config, &error));
	assert_string_equal(
		text_string(&error),
		"report: there is no sink of kind `pigeon`; choose one of jsonl, text\n"
		"report: /no/such/file: No such file or directory; make the folder first\n"
		"report: /tmp: Is a directory; name a file in it\n");
	text_done(&error);
}

static void a_renamed_file_is_let_go_when_opened_again(void **state)
{
	char old[80];
	struct report *report = open_one("jsonl", path);

	(void)state;
	snprintf(old, sizeof(old), "%s.1", path);
	report_emit(report, &fault);
	assert_int_equal(rename(path, old), 0);
	struct report *again = open_one("jsonl", path);
	report_close(report);
	report_emit(again, &fault);
	report_close(again);
	expect_file(FAULT_JSON);
	assert_int_equal(unlink(old), 0);
}

static void sinks_are_found_by_name(void **state)
{
	(void)state;
	assert_string_equal(sink_find("jsonl")->name, "jsonl");
	assert_string_equal(sink_find("text")->name, "text");
	assert_null(sink_find("json"));
}

int main(void)
{
#define file_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		file_test(events_are_appended_in_their_form),
		file_test(every_sink_gets_every_event),
		file_test(a_full_disk_leaves_no_half_line),
		file_test(a_reader_that_has_gone_is_counted),
		file_test(a_reader_that_sleeps_holds_nobody_up),
		file_test(a_slow_reader_is_told_once_by_name),
		file_test(a_torn_line_in_a_pipe_ends_there),
		file_test(a_named_pipe_without_reader_is_an_error_at_once),
		file_test(all_that_is_wrong_is_said_at_once),
		file_test(a_renamed_file_is_let_go_when_opened_again),
		file_test(sinks_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
