/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options and words by a table, exit statuses, suggestions. */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/suggest.h"

enum { OPTION_FILE, OPTION_FORMAT, OPTION_LOUD };

static struct cli_args seen;
static int runs;

static int run_probe(const struct cli_args *args)
{
	seen = *args;
	runs++;
	return 7;
}

static const struct cli_option options[] = {
	{ .name = "file", .letter = 'f', .argument = "FILE", .help = "a file" },
	{ .name = "format", .argument = "FORMAT", .values = "jsonl|csv", .help = "a format" },
	{ .name = "loud", .letter = 'l', .help = "a switch" },
	{ 0 },
};
static const struct command probe = {
	.name = "probe",
	.summary = "be looked at",
	.usage = "[--loud] WORD...",
	.options = options,
	.words_min = 1,
	.words_max = 2,
	.help = "It is there to be looked at.\n",
	.examples = "weir probe x\n",
	.run = run_probe,
};
static const struct command plain = {
	.name = "plain",
	.summary = "nothing at all",
	.usage = "",
	.run = run_probe,
};
static const struct command *const commands[] = { &probe, &plain, NULL };

/* What the command wrote to standard output and error, so that tests see what people see. */
static char said[8192];

static int run(const char *const *words)
{
	static char *argv[10]; /* `seen` points into it */
	int argc = 1;
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);

	argv[0] = (char *)"weir";
	memset(argv + 1, 0, sizeof(argv) - sizeof(argv[0]));
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	runs = 0;
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	int status = cli_main(argc, argv, commands);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	return status;
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

static void values_and_words_are_read(void **state)
{
	(void)state;
	assert_int_equal(RUN("probe", "one", "--file=a", "-l", "two", "--format", "csv"), 7);
	assert_int_equal(runs, 1);
	assert_string_equal(seen.values[OPTION_FILE], "a");
	assert_string_equal(seen.values[OPTION_FORMAT], "csv");
	assert_string_equal(seen.values[OPTION_LOUD], "");
	assert_int_equal(seen.word_count, 2);
	assert_string_equal(seen.words[0], "one");
	assert_string_equal(seen.words[1], "two");
	assert_int_equal(RUN("probe", "-fx", "-f", "y", "--", "--loud"), 7);
	assert_string_equal(seen.values[OPTION_FILE], "y");
	assert_null(seen.values[OPTION_LOUD]);
	assert_string_equal(seen.words[0], "--loud");
	assert_int_equal(RUN("plain"), 7);
}

static void wrong_usage_is_2_and_says_what_is_right(void **state)
{
	(void)state;
	assert_int_equal(RUN("probe", "x", "--lod"), CLI_USAGE);
	assert_non_null(strstr(said, "did you mean --loud?"));
	assert_int_equal(RUN("probe", "x", "-q"), CLI_USAGE);
	assert_non_null(strstr(said, "there is no option -q; `weir help probe` lists them"));
	assert_int_equal(RUN("probe", "x", "--file"), CLI_USAGE);
	assert_non_null(strstr(said, "--file wants a value: --file FILE"));
	assert_int_equal(RUN("probe", "x", "-f"), CLI_USAGE);
	assert_non_null(strstr(said, "-f wants a value: -f FILE"));
	assert_int_equal(RUN("probe", "x", "--loud=3"), CLI_USAGE);
	assert_non_null(strstr(said, "--loud takes no value"));
	assert_int_equal(RUN("probe", "x", "--format", "xml"), CLI_USAGE);
	assert_non_null(strstr(said, "--format xml is not one of jsonl|csv"));
	assert_int_equal(RUN("probe", "x", "--format", "json"), CLI_USAGE);
	assert_int_equal(RUN("probe"), CLI_USAGE);
	assert_non_null(strstr(said, "usage: weir probe [--loud] WORD..."));
	assert_int_equal(RUN("probe", "1", "2", "3"), CLI_USAGE);
	assert_non_null(strstr(said, "beginning with 3"));
	assert_int_equal(RUN("plain", "word"), CLI_USAGE);
	assert_int_equal(RUN("plain", "--file", "x"), CLI_USAGE);
	assert_int_equal(RUN("porbe"), CLI_USAGE);
	assert_non_null(strstr(said, "did you mean `weir probe`?"));
	assert_int_equal(RUN("xyzzy"), CLI_USAGE);
	assert_non_null(strstr(said, "`weir --help` lists them"));
	assert_int_equal(RUN("--frob"), CLI_USAGE);
	assert_int_equal(RUN("help", "xyzzy"), CLI_USAGE);
	assert_int_equal(RUN(NULL), CLI_USAGE);
	assert_int_equal(runs, 0);
}

static void help_is_told_without_running(void **state)
{
	(void)state;
	assert_int_equal(RUN("--help"), CLI_OK);
	assert_non_null(strstr(said, "  probe       be looked at\n"));
	assert_int_equal(RUN("help"), CLI_OK);
	assert_int_equal(RUN("help", "probe"), CLI_OK);
	assert_non_null(strstr(said, "usage: weir probe [--loud] WORD...\n"));
	assert_non_null(strstr(said, "  -f, --file FILE         a file\n"));
	assert_non_null(strstr(said, "a format: jsonl|csv\n"));
	assert_non_null(strstr(said, "\n  weir probe x\n"));
	char page[sizeof(said)];
	memcpy(page, said, sizeof(page));
	assert_int_equal(RUN("probe", "--help"), CLI_OK);
	assert_string_equal(said, page);
	assert_int_equal(RUN("probe", "-h"), CLI_OK);
	assert_int_equal(RUN("--version"), CLI_OK);
	assert_string_equal(said, "weir " WEIR_VERSION "\n");
	assert_int_equal(runs, 0);
}

static void a_lost_answer_is_no_success(void **state)
{
	char *argv[] = { (char *)"weir", (char *)"--help", NULL };
	int out = dup(STDOUT_FILENO);
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (!full)
		skip();
	fflush(stdout);
	dup2(fileno(full), STDOUT_FILENO);
	int status = cli_main(2, argv, commands);
	dup2(out, STDOUT_FILENO);
	clearerr(stdout);
	close(out);
	fclose(full);
	assert_int_equal(status, CLI_NO);
}

static void near_words_are_suggested(void **state)
{
	static const char *const names[] = { "run", "replay", "decode", "status", "incidents" };

	(void)state;
	assert_string_equal(suggest("stauts", names, 5), "status");
	assert_string_equal(suggest("incident", names, 5), "incidents");
	assert_string_equal(suggest("dcode", names, 5), "decode");
	assert_string_equal(suggest("rnu", names, 5), "run");
	assert_string_equal(suggest("inc", names, 5), "incidents");
	assert_null(suggest("r", names, 5)); /* run or replay */
	assert_null(suggest("", names, 5));
	assert_null(suggest("quantum", names, 5));
	assert_null(suggest("statusstatusstatusstatusstatusstatusstatus", names, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_words_are_read),
		cmocka_unit_test(wrong_usage_is_2_and_says_what_is_right),
		cmocka_unit_test(help_is_told_without_running),
		cmocka_unit_test(a_lost_answer_is_no_success),
		cmocka_unit_test(near_words_are_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
