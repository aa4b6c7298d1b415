/* SPDX-License-Identifier: Apache-2.0 */
/* cli: argv in, one subcommand's exit status out. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/suggest.h"

/* Names that suggest() may offer: the commands and "help". */
#define COMMANDS_MAX 64

void cli_error(const char *name, const char *format, ...)
{
	struct text line = text_heap();
	va_list args;

	text_addf(&line, "weir%s%s: ", name ? " " : "", name ? name : "");
	va_start(args, format);
	text_vaddf(&line, format, args);
	va_end(args);
	text_add(&line, "\n");
	fputs(text_string(&line), stderr);
	text_done(&line);
}

static const struct command *find_command(const struct command *const *commands, const char *name)
{
	for (int i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static int say_unknown(const struct command *const *commands, const char *word)
{
	const char *names[COMMANDS_MAX];
	int count = 0;

	names[count++] = "help";
	for (int i = 0; commands[i] && count < COMMANDS_MAX; i++)
		names[count++] = commands[i]->name;
	const char *what = *word == '-' ? "option" : "command";
	const char *near = *word == '-' ? NULL : suggest(word, names, count);
	if (near)
		cli_error(NULL, "there is no command %s; did you mean `weir %s`?", word, near);
	else
		cli_error(NULL, "there is no %s %s; `weir --help` lists them", what, word);
	return CLI_USAGE;
}

static int tell(struct text *page, FILE *stream)
{
	fputs(text_string(page), stream);
	text_done(page);
	return CLI_OK;
}

static int tell_overview(const struct command *const *commands, FILE *stream)
{
	struct text page = text_heap();

	help_overview(commands, &page);
	return tell(&page, stream);
}

static int tell_command(const struct command *command)
{
	struct text page = text_heap();

	help_command(command, &page);
	return tell(&page, stdout);
}

static int run_help(int argc, char **argv, const struct command *const *commands)
{
	const struct command *command;

	if (argc > 3) {
		cli_error(NULL, "help tells of one command at a time: there is no place for %s",
			  argv[3]);
		return CLI_USAGE;
	}
	if (argc < 3 || argv[2][0] == '-' || strcmp(argv[2], "help") == 0)
		return tell_overview(commands, stdout);
	command = find_command(commands, argv[2]);
	return command ? tell_command(command) : say_unknown(commands, argv[2]);
}

static int run_command(const struct command *command, int argc, char **argv,
		       const struct command *const *commands)
{
	struct cli_args args = { .command = command, .commands = commands };

	switch (options_read(&args, argc, argv)) {
	case OPTIONS_READ:
		return command->run(&args);
	case OPTIONS_HELP:
		return tell_command(command);
	case OPTIONS_WRONG:
		break;
	}
	return CLI_USAGE;
}

static int dispatch(int argc, char **argv, const struct command *const *commands)
{
	const struct command *command;

	if (argc < 2) {
		tell_overview(commands, stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("weir %s\n", WEIR_VERSION);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return run_help(argc, argv, commands);
	command = find_command(commands, argv[1]);
	return command ? run_command(command, argc - 1, argv + 1, commands)
		       : say_unknown(commands, argv[1]);
}

int cli_main(int argc, char **argv, const struct command *const *commands)
{
	int status = dispatch(argc, argv, commands);

	/* An answer that got lost on a full disk must not look like success. */
	errno = 0;
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK) {
		cli_error(NULL, "cannot write the whole answer: %s",
			  errno ? strerror(errno) : "is the disk full?");
		status = CLI_NO;
	}
	return status;
}
