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
		  "exporters_only, ingest, detect, incidents, limits, report, actuators, policy, "
		  "protect, faults, archive, state, control\n",
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

/* The YAML in the manual that begins with these lines. */
static struct config *shown_in_the_manual(const char *first_lines)
{
	char *page = read_page("docs/manual/configuration.md");
	struct text errors = text_heap();
	struct config *shown = NULL;
	char *begin = strstr(page, first_lines);

	assert_non_null(begin);
	begin = strstr(begin, "detect:");
	char *end = strstr(begin, "```");
	assert_non_null(end);
	int err = config_parse("manual", begin, (size_t)(end - begin), &errors, &shown);
	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	text_done(&errors);
	free(page);
	return shown;
}

/* The manual shows how attacks are found as YAML: reading it must give what is built in. */
static void the_manual_tells_the_true_default_detection(void **state)
{
	struct config *shown = shown_in_the_manual("```yaml\ndetect:\n  sensitivity:");
	struct text errors = text_heap();
	struct config *built_in = NULL;

	(void)state;
	assert_int_equal(config_load(NULL, &errors, &built_in), 0);
	assert_int_equal(built_in->threshold_count, 0);
	assert_int_equal(shown->threshold_count, 0);
	assert_int_equal(shown->sensitivity, built_in->sensitivity);
	assert_int_equal(shown->floor_pps, built_in->floor_pps);
	assert_int_equal(shown->floor_bps, built_in->floor_bps);
	assert_int_equal(shown->margin, built_in->margin);
	text_done(&errors);
	config_free(shown);
	config_free(built_in);
}

/* Is there a limit for this direction and class, and how low is it? */
static uint64_t lowest_limit(const struct config *c, enum direction d, enum traffic_class class,
			     enum metric metric)
{
	uint64_t lowest = 0;

	for (size_t i = 0; i < c->threshold_count; i++) {
		const struct config_threshold *t = &c->thresholds[i];
		uint64_t limit = t->limit[metric];
		if (!(t->directions & 1U << d) || !(t->classes & 1U << class) || !limit)
			continue;
		assert_true(t->any_network);
		assert_null(t->tenant);
		assert_int_equal(t->severity, SEVERITY_WARNING);
		lowest = !lowest || limit < lowest ? limit : lowest;
	}
	return lowest;
}

/* Whoever takes the limits that the manual shows sees all classes both ways. */
static void the_limits_of_the_manual_see_all_classes_both_ways(void **state)
{
	struct config *c = shown_in_the_manual("```yaml\ndetect:\n  thresholds:");

	(void)state;
	for (unsigned class = 0; class < CLASS_COUNT; class ++) {
		assert_in_range(lowest_limit(c, DIRECTION_INBOUND, class, METRIC_PPS), 1, 100000);
		assert_in_range(lowest_limit(c, DIRECTION_OUTBOUND, class, METRIC_PPS), 1, 100000);
		assert_in_range(lowest_limit(c, DIRECTION_INBOUND, class, METRIC_BPS), 1,
				1000000000);
	}
	assert_int_equal(lowest_limit(c, DIRECTION_INBOUND, CLASS_SYN, METRIC_PPS), 10000);
	assert_int_equal(lowest_limit(c, DIRECTION_OUTBOUND, CLASS_UDP_AMP, METRIC_BPS), 50000000);
	assert_int_equal(lowest_limit(c, DIRECTION_INBOUND, CLASS_TCP, METRIC_FPS), 0);
	assert_int_equal(lowest_limit(c, DIRECTION_INTERNAL, CLASS_TCP, METRIC_PPS), 0);
	config_free(c);
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
		cmocka_unit_test(the_manual_tells_the_true_default_detection),
		cmocka_unit_test(the_limits_of_the_manual_see_all_classes_both_ways),
		cmocka_unit_test(a_processor_that_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
