/* SPDX-License-Identifier: Apache-2.0 */
/* options: argv and a subcommand's table in, values and words out (getopt_long(3)). */
#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/suggest.h"

/* getopt's value of an option is its place in the table above the range of letters. */
#define FIRST_VALUE 256
#define HELP_VALUE  (FIRST_VALUE + CLI_OPTIONS_MAX)

/* The table in the form that getopt_long wants. */
struct getopt_table {
	struct option longs[CLI_OPTIONS_MAX + 2];
	char shorts[3 + 2 * CLI_OPTIONS_MAX];
};

static int option_count(const struct command *command)
{
	int count = 0;

	while (command->options && command->options[count].name)
		count++;
	assert(count <= CLI_OPTIONS_MAX);
	return count;
}

static void fill_table(const struct command *command, struct getopt_table *table)
{
	int count = option_count(command);
	size_t at = 0;

	*table = (struct getopt_table){ 0 };
	table->shorts[at++] = ':'; /* tell a missing value from an unknown option */
	table->shorts[at++] = 'h';
	for (int i = 0; i < count; i++) {
		const struct cli_option *option = &command->options[i];
		table->longs[i] = (struct option){
			.name = option->name,
			.has_arg = option->argument ? required_argument : no_argument,
			.val = FIRST_VALUE + i,
		};
		if (!option->letter)
			continue;
		table->shorts[at++] = option->letter;
		if (option->argument)
			table->shorts[at++] = ':';
	}
	table->longs[count] = (struct option){ .name = "help", .val = HELP_VALUE };
}

static int index_of_letter(const struct command *command, int letter)
{
	int count = option_count(command);

	for (int i = 0; i < count; i++) {
		if (command->options[i].letter == letter)
			return i;
	}
	return -1;
}

static void say_unknown(const struct command *command, const char *word)
{
	const char *names[CLI_OPTIONS_MAX + 1];
	int count = option_count(command);

	for (int i = 0; i < count; i++)
		names[i] = command->options[i].name;
	names[count++] = "help";
	const char *near = strncmp(word, "--", 2) == 0 ? suggest(word + 2, names, count) : NULL;
	if (near)
		cli_error(command->name, "there is no option %s; did you mean --%s?", word, near);
	else
		cli_error(command->name, "there is no option %s; `weir help %s` lists them", word,
			  command->name);
}

/* getopt says only that something is wrong: the letter, or 0 and the word before optind. */
static void say_wrong(const struct command *command, int kind, char **argv)
{
	const char *word = argv[optind - 1];
	char letter[3] = { '-', (char)optopt, '\0' };
	int index = optopt >= FIRST_VALUE ? optopt - FIRST_VALUE : index_of_letter(command, optopt);

	if (kind == ':' && index >= 0)
		cli_error(command->name, "%s wants a value: %s %s", word, word,
			  command->options[index].argument);
	else if (optopt >= FIRST_VALUE)
		cli_error(command->name, "%.*s takes no value", (int)strcspn(word, "="), word);
	else
		say_unknown(command, optopt ? letter : word);
}

static bool value_allowed(const char *value, const char *values)
{
	size_t len = strlen(value);

	for (const char *at = values; at;) {
		size_t this = strcspn(at, "|");
		if (this == len && strncmp(at, value, len) == 0)
			return true;
		at = at[this] ? at + this + 1 : NULL;
	}
	return values == NULL;
}

static bool check_values(const struct cli_args *args)
{
	const struct command *command = args->command;
	int count = option_count(command);

	for (int i = 0; i < count; i++) {
		const struct cli_option *option = &command->options[i];
		if (!args->values[i] || value_allowed(args->values[i], option->values))
			continue;
		cli_error(command->name, "--%s %s is not one of %s", option->name, args->values[i],
			  option->values);
		return false;
	}
	return true;
}

static bool check_words(const struct cli_args *args)
{
	const struct command *command = args->command;
	bool few = args->word_count < command->words_min;

	if (few || (command->words_max >= 0 && args->word_count > command->words_max)) {
		const char *extra = few ? "" : args->words[command->words_max];
		cli_error(command->name, "%s%s: usage: weir %s %s",
			  few ? "something is missing" : "too many arguments, beginning with ",
			  extra, command->name, command->usage);
		return false;
	}
	for (int i = 0; i < args->word_count; i++) {
		if (value_allowed(args->words[i], command->word_values))
			continue;
		cli_error(command->name, "%s is not one of %s", args->words[i],
			  command->word_values);
		return false;
	}
	return true;
}

enum options_result options_read(struct cli_args *args, int argc, char **argv)
{
	const struct command *command = args->command;
	struct getopt_table table;
	int got;

	fill_table(command, &table);
	opterr = 0;
	optind = 0; /* glibc: begin anew, whatever was read before */
	while ((got = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1) {
		if (got == HELP_VALUE || got == 'h')
			return OPTIONS_HELP;
		int index = got >= FIRST_VALUE ? got - FIRST_VALUE : index_of_letter(command, got);
		if (got == '?' || got == ':' || index < 0) {
			say_wrong(command, got, argv);
			return OPTIONS_WRONG;
		}
		args->values[index] = optarg ? optarg : "";
	}
	args->words = (const char *const *)argv + optind;
	args->word_count = argc - optind;
	return check_values(args) && check_words(args) ? OPTIONS_READ : OPTIONS_WRONG;
}
