/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of files: those that cannot be read, and those of the repository itself. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

#define NOBODY 65534
#define NO_FILE                                                                     \
	"no regular file but a pipe, socket or device; write the configuration to " \
	"a file, or pass it as /dev/stdin"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/weir-test-config-XXXXXX");
	return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void assert_refused(const char *path, const char *what)
{
	struct text errors = text_heap(), expected = text_heap();
	struct config *config = NULL;

	assert_int_equal(config_load(path, &errors, &config), -WEIR_ECONFIG);
	text_addf(&expected, "%s: %s\n", path, what);
	assert_string_equal(text_string(&errors), text_string(&expected));
	assert_null(config);
	text_done(&errors);
	text_done(&expected);
}

static void write_file(const char *path, const char *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void what_is_no_file_is_told(void **state)
{
	(void)state;
	assert_refused(path_of("missing.yaml"), "no such file; look at the path");
	assert_refused(folder, "this is a folder; name the file in it");
	assert_refused("/dev/zero", NO_FILE);
}

/* Without a writer, opening it to read would wait for ever. */
static void a_pipe_is_refused_without_waiting(void **state)
{
	const char *path = path_of("pipe");

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(20);
	assert_refused(path, NO_FILE);
	alarm(0);
	assert_int_equal(unlink(path), 0);
}

static void standard_input_may_be_a_pipe(void **state)
{
	static const char yaml[] = "networks: [{prefix: 192.0.2.0/24}]\n";
	struct text errors = text_heap();
	struct config *config = NULL;
	int ends[2];
	int before = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], yaml, sizeof(yaml) - 1), sizeof(yaml) - 1);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	int err = config_load("/dev/stdin", &errors, &config);
	if (before >= 0) {
		dup2(before, STDIN_FILENO);
		close(before);
	}
	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	assert_int_equal(config->network_count, 1);
	config_free(config);
}

static void a_file_without_permission_is_told(void **state)
{
	const char *path = path_of("secret.yaml");
	bool root = geteuid() == 0;

	(void)state;
	write_file(path, "", 0, 0000);
	if (root)
		assert_int_equal(seteuid(NOBODY), 0);
	assert_refused(path, "no permission to read it; let the user that runs weir read it");
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(unlink(path), 0);
}

static void a_file_may_have_4_mib_but_not_more(void **state)
{
	const char *path = path_of("large.yaml");
	size_t most = (size_t)4 << 20;
	char *data = malloc(most + 1);
	struct text errors = text_heap();
	struct config *config = NULL;

	(void)state;
	assert_non_null(data);
	memset(data, '#', most + 1);
	write_file(path, data, most, 0600);
	assert_int_equal(config_load(path, &errors, &config), 0);
	assert_string_equal(text_string(&errors), "");
	config_free(config);
	write_file(path, data, most + 1, 0600);
	assert_refused(path, "larger than 4 MiB; this is no configuration, or split it");
	assert_int_equal(unlink(path), 0);
	free(data);
}

static const char *in_source(const char *name)
{
	static char path[4096];

	const char *source = getenv("WEIR_SOURCE");

	snprintf(path, sizeof(path), "%s/%s", source ? source : ".", name);
	return path;
}

static const char *const kinds[] = { "text", "jsonl", NULL };

static void the_example_is_right(void **state)
{
	static const struct config_known known = { .sinks = kinds };
	struct text errors = text_heap();
	struct config *config = NULL;

	(void)state;
	int err = config_load_known(in_source("packaging/weir.yaml"), &known, &errors, &config);
	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	assert_int_equal(config->network_count, 3);
	config_free(config);
}

static void kinds_of_sinks_are_checked_where_they_are_known(void **state)
{
	static const char yaml[] = "report: [{kind: jsnl}, {kind: webhook, path: x}]\nx: 1\n";
	static const struct config_known known = { .sinks = kinds };
	const char *path = path_of("sinks.yaml");
	struct text errors = text_heap(), expected = text_heap();
	struct config *config = NULL;

	(void)state;
	write_file(path, yaml, sizeof(yaml) - 1, 0600);
	assert_int_equal(config_load_known(path, &known, &errors, &config), -WEIR_ECONFIG);
	text_addf(&expected, "%s:1:17: `kind`: this version has no `jsnl`; did you mean `jsonl`?\n",
		  path);
	text_addf(&expected,
		  "%s:1:31: `kind`: this version has no `webhook`; it has `text`, `jsonl`\n", path);
	text_addf(&expected,
		  "%s:2:1: unknown key `x`; the keys here are networks, listen, exporters, "
		  "exporters_only, ingest, detect, incidents, limits, report, faults, "
		  "archive, state, control\n",
		  path);
	assert_string_equal(text_string(&errors), text_string(&expected));
	assert_int_equal(unlink(path), 0);
	text_done(&errors);
	text_done(&expected);
}

static char *read_page(const char *name)
{
	FILE *file = fopen(in_source(name), "re");
	char *page = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(page);
	assert_true(fread(page, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return page;
}

/* Each row of the schema stands in the manual; a row that differs is printed, ready to paste. */
static void the_manual_has_every_key(void **state)
{
	char *page = read_page("docs/manual/configuration.md");
	struct text table = text_heap();
	char *rest = NULL;
	int missing = 0;

	(void)state;
	config_schema_print(&table);
	assert_false(table.failed);
	for (char *row = strtok_r(table.data, "\n", &rest); row;
	     row = strtok_r(NULL, "\n", &rest)) {
		if (strstr(page, row))
			continue;
		print_message("# docs/manual/configuration.md lacks:\n# %s\n", row);
		missing++;
	}
	assert_int_equal(missing, 0);
	text_done(&table);
	free(page);
}

/* The manual shows the built-in limits as YAML: reading them must give the built-in limits. */
static void the_manual_tells_the_true_default_limits(void **state)
{
	char *page = read_page("docs/manual/configuration.md");
	struct text errors = text_heap();
	struct config *shown = NULL, *built_in = NULL;

	(void)state;
	char *begin = strstr(page, "```yaml\ndetect:\n");
	assert_non_null(begin);
	begin += strlen("```yaml\n");
	char *end = strstr(begin, "```");
	assert_non_null(end);
	int err = config_parse("manual", begin, (size_t)(end - begin), &errors, &shown);
	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	assert_int_equal(config_load(NULL, &errors, &built_in), 0);
	assert_int_equal(shown->threshold_count, built_in->threshold_count);
	for (size_t i = 0; i < shown->threshold_count; i++) {
		const struct config_threshold *a = &shown->thresholds[i];
		const struct config_threshold *b = &built_in->thresholds[i];
		assert_string_equal(a->name, b->name);
		assert_int_equal(a->directions, b->directions);
		assert_int_equal(a->classes, b->classes);
		assert_int_equal(a->severity, b->severity);
		assert_memory_equal(a->limit, b->limit, sizeof(a->limit));
	}
	config_free(shown);
	config_free(built_in);
	free(page);
}

/* Only the daemon knows which processors there are. */
static void a_processor_that_is_not_there_is_refused(void **state)
{
	static const uint8_t cpus[] = { 1, 0, 1 };
	static const struct config_known known = { .cpus = cpus, .cpu_count = sizeof(cpus) };
	struct text errors = text_heap();
	struct config *config = NULL;
	char path[] = "/tmp/weir-cpus-XXXXXX";
	int fd = mkstemp(path);
	const char yaml[] = "ingest: {threads: 2, cpus: [2, 1]}\n";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
	close(fd);
	assert_int_equal(config_load_known(path, &known, &errors, &config), -WEIR_ECONFIG);
	assert_non_null(strstr(text_string(&errors), ":1:32: `cpus`: there is no processor 1"));
	assert_null(strstr(text_string(&errors), "processor 2"));
	unlink(path);
	text_done(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_file_is_told),
		cmocka_unit_test(a_pipe_is_refused_without_waiting),
		cmocka_unit_test(standard_input_may_be_a_pipe),
		cmocka_unit_test(a_file_without_permission_is_told),
		cmocka_unit_test(a_file_may_have_4_mib_but_not_more),
		cmocka_unit_test(the_example_is_right),
		cmocka_unit_test(kinds_of_sinks_are_checked_where_they_are_known),
		cmocka_unit_test(the_manual_has_every_key),
		cmocka_unit_test(the_manual_tells_the_true_default_limits),
		cmocka_unit_test(a_processor_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
