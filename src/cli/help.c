/* SPDX-License-Identifier: Apache-2.0 */
/* help: the command table in, pages for people out. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

void help_overview(const struct command *const *commands, struct text *out)
{
	text_add(out, "weir: find denial-of-service attacks in the traffic of a network\n\n"
		      "usage: weir COMMAND [OPTION]... [WORD]...\n\n"
		      "commands:\n");
	for (int i = 0; commands[i]; i++)
		text_addf(out, "  %-12s%s\n", commands[i]->name, commands[i]->summary);
	text_add(out,
		 "\n"
		 "  weir help COMMAND     what it does, its options, examples\n"
		 "  weir --version        which weir this is\n\n"
		 "examples:\n"
		 "  weir run -c weir.yaml        # the daemon: receive, measure, detect\n"
		 "  weir status                  # is it well? who sends, how much is lost?\n"
		 "  weir incidents               # what was found\n"
		 "  weir replay capture.pcap     # the same, on recorded input\n\n"
		 "exit status: 0 done, 1 the answer is no or the input is bad, 2 wrong usage\n");
}

static void add_option(const struct cli_option *option, struct text *out)
{
	char buffer[64];
	struct text left = text_fixed(buffer, sizeof(buffer));

	if (option->letter)
		text_addf(&left, "-%c, ", option->letter);
	else
		text_add(&left, "    ");
	text_addf(&left, "--%s", option->name);
	if (option->argument)
		text_addf(&left, " %s", option->argument);
	text_addf(out, "  %-24s%s", text_string(&left), option->help);
	if (option->values)
		text_addf(out, ": %s", option->values);
	text_add(out, "\n");
}

static void add_examples(const char *lines, struct text *out)
{
	text_add(out, "\nexamples:\n");
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		text_addf(out, "  %.*s\n", (int)len, lines);
		lines += lines[len] ? len + 1 : len;
	}
}

void help_command(const struct command *command, struct text *out)
{
	static const struct cli_option help = { .name = "help",
						.letter = 'h',
						.help = "this page" };

	text_addf(out, "weir %s: %s\n\nusage: weir %s%s%s\n\n", command->name, command->summary,
		  command->name, *command->usage ? " " : "", command->usage);
	if (command->help)
		text_addf(out, "%s\n", command->help);
	text_add(out, "options:\n");
	for (int i = 0; command->options && command->options[i].name; i++)
		add_option(&command->options[i], out);
	add_option(&help, out);
	if (command->examples)
		add_examples(command->examples, out);
}
