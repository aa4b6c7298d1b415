/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of report/@NAME@: what is written, and what is counted when it cannot be. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/sink.h"

static const struct event event = { .type = EVENT_INCIDENT_OPENED, .time_ns = 12 };

static const struct sink *sink_here(void)
{
	for (const struct sink *const *s = sink_registry; *s; s++) {
		if (strcmp((*s)->name, "@NAME@") == 0)
			return *s;
	}
	return NULL;
}

/* Emit one event to @path; the counters, and the file's content if @ret_text is given. */
static struct sink_stats emit_to(const char *path, char *ret_text, size_t size)
{
	const struct config_sink config = { .kind = "@NAME@", .path = path };
	struct sink_stats stats;
	void *state = NULL;

	assert_non_null(sink_here());
	assert_int_equal(sink_here()->open(&config, &state), 0);
	sink_here()->emit(state, &event);
	sink_here()->stats(state, &stats);
	sink_here()->close(state);
	if (ret_text) {
		FILE *file = fopen(path, "re");
		assert_non_null(file);
		ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
		fclose(file);
	}
	return stats;
}

static void an_event_is_one_line(void **unused)
{
	char path[] = "/tmp/weir-test-XXXXXX";
	char text[256];

	(void)unused;
	close(mkstemp(path));
	assert_int_equal(emit_to(path, text, sizeof(text)).emitted, 1);
	unlink(path);
	assert_string_equal(text, "12 incident.opened\n");
}

static void a_full_disk_is_counted(void **unused)
{
	(void)unused;
	struct sink_stats stats = emit_to("/dev/full", NULL, 0);
	assert_int_equal(stats.emitted, 0);
	assert_int_equal(stats.dropped, 1);
	assert_true(stats.last_error < 0);
}

static void a_missing_folder_is_an_error_of_open(void **unused)
{
	const struct config_sink config = { .kind = "@NAME@", .path = "/nonexistent/x/file" };
	void *state = NULL;

	(void)unused;
	assert_non_null(sink_here());
	assert_true(sink_here()->open(&config, &state) < 0);
	assert_null(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_one_line),
		cmocka_unit_test(a_full_disk_is_counted),
		cmocka_unit_test(a_missing_folder_is_an_error_of_open),
	};

	return cmocka_run_group_tests_name("report/@NAME@", tests, NULL, NULL);
}
