/* SPDX-License-Identifier: Apache-2.0 */
/* completion: `weir completion SHELL`, a script made from the command table. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/ask.h"

/* Help texts are ours and hold no quote; what a shell would expand is taken out all the same. */
static void add_quoted(struct text *out, const char *words)
{
	text_add(out, "'");
	for (; *words; words++) {
		if (*words == '\'')
			text_add(out, "'\\''");
		else
			text_add_n(out, words, 1);
	}
	text_add(out, "'");
}

/* "a|b" as "a b". */
static void add_values(struct text *out, const char *values)
{
	for (; values && *values; values++)
		text_add_n(out, *values == '|' ? " " : values, 1);
}

static void add_names(struct text *out, const struct command *const *commands)
{
	text_add(out, "help");
	for (int i = 0; commands[i]; i++)
		text_addf(out, " %s", commands[i]->name);
}

static void bash_option(struct text *out, const struct command *command,
			const struct cli_option *option)
{
	if (!option->argument)
		return;
	text_addf(out, "\t%s:--%s", command->name, option->name);
	if (option->letter)
		text_addf(out, "|%s:-%c", command->name, option->letter);
	if (option->values) {
		text_add(out, ") COMPREPLY=($(compgen -W '");
		add_values(out, option->values);
		text_add(out, "' -- \"$cur\")); return ;;\n");
	} else if (option->kind == CLI_KIND_TEXT) {
		text_add(out, ") return ;;\n");
	} else {
		text_addf(out, ") COMPREPLY=($(compgen -%c -- \"$cur\")); return ;;\n",
			  option->kind == CLI_KIND_FILE ? 'f' : 'd');
	}
}

static void bash_command(struct text *out, const struct command *command)
{
	text_addf(out, "\t%s)\n\t\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '--help",
		  command->name);
	for (int i = 0; command->options && command->options[i].name; i++)
		text_addf(out, " --%s", command->options[i].name);
	text_add(out, "' -- \"$cur\"))\n");
	if (command->word_values) {
		text_add(out, "\t\telse COMPREPLY=($(compgen -W '");
		add_values(out, command->word_values);
		text_add(out, "' -- \"$cur\"))\n");
	} else if (command->word_kind != CLI_KIND_TEXT) {
		text_addf(out, "\t\telse COMPREPLY=($(compgen -%c -- \"$cur\"))\n",
			  command->word_kind == CLI_KIND_FILE ? 'f' : 'd');
	}
	text_add(out, "\t\tfi ;;\n");
}

static void complete_bash(struct text *out, const struct command *const *commands)
{
	text_add(out,
		 "# bash completion for weir, made by `weir completion bash`\n"
		 "_weir() {\n"
		 "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		 "\tlocal command=${COMP_WORDS[1]}\n"
		 "\tCOMPREPLY=()\n"
		 "\tif ((COMP_CWORD == 1)) || [[ $COMP_CWORD == 2 && $command == help ]]; then\n"
		 "\t\tCOMPREPLY=($(compgen -W '");
	add_names(out, commands);
	text_add(out, " --help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n"
		      "\tcase $command:$prev in\n");
	for (int i = 0; commands[i]; i++) {
		const struct command *command = commands[i];
		for (int j = 0; command->options && command->options[j].name; j++)
			bash_option(out, command, &command->options[j]);
	}
	text_add(out, "\tesac\n\tcase $command in\n");
	for (int i = 0; commands[i]; i++)
		bash_command(out, commands[i]);
	text_add(out, "\tesac\n}\ncomplete -o filenames -F _weir weir\n");
}

/* What may stand in the place of a value or word, in the words of zsh's _arguments. */
static void zsh_action(struct text *out, const char *values, enum cli_kind kind)
{
	if (values) {
		text_add(out, "(");
		add_values(out, values);
		text_add(out, ")");
	} else if (kind != CLI_KIND_TEXT) {
		text_add(out, kind == CLI_KIND_FILE ? "_files" : "_files -/");
	}
}

/* _arguments reads brackets and colons as its own. */
static void zsh_help(struct text *out, const char *help)
{
	for (; *help; help++) {
		if (strchr("[]:\\", *help))
			text_add(out, "\\");
		text_add_n(out, *help == '\'' ? "’" : help, *help == '\'' ? 3 : 1);
	}
}

static void zsh_option(struct text *out, const struct cli_option *option)
{
	if (option->letter)
		text_addf(out, " \\\n\t\t\t'(-%c --%s)'{-%c,--%s}'[", option->letter, option->name,
			  option->letter, option->name);
	else
		text_addf(out, " \\\n\t\t\t'--%s[", option->name);
	zsh_help(out, option->help);
	text_add(out, "]");
	if (option->argument) {
		text_addf(out, ":%s:", option->argument);
		zsh_action(out, option->values, option->kind);
	}
	text_add(out, "'");
}

static void zsh_command(struct text *out, const struct command *command)
{
	text_addf(out, "\t%s)\n\t\t_arguments '(-h --help)'{-h,--help}'[help]'", command->name);
	for (int i = 0; command->options && command->options[i].name; i++)
		zsh_option(out, &command->options[i]);
	if (command->words_max != 0) {
		text_addf(out, " \\\n\t\t\t'%s:word:", command->words_max < 0 ? "*" : "1");
		zsh_action(out, command->word_values, command->word_kind);
		text_add(out, "'");
	}
	text_add(out, " ;;\n");
}

static void complete_zsh(struct text *out, const struct command *const *commands)
{
	text_add(out, "#compdef weir\n# zsh completion for weir, made by `weir completion zsh`\n"
		      "_weir() {\n\tlocal -a commands=(\n\t\t'help:what a command does'\n");
	for (int i = 0; commands[i]; i++) {
		text_addf(out, "\t\t'%s:", commands[i]->name);
		zsh_help(out, commands[i]->summary);
		text_add(out, "'\n");
	}
	text_add(out,
		 "\t)\n\tif ((CURRENT == 2)) || [[ $CURRENT == 3 && $words[2] == help ]]; then\n"
		 "\t\t_describe command commands\n\t\treturn\n\tfi\n"
		 "\tlocal command=$words[2]\n\tshift words\n\t((CURRENT--))\n"
		 "\tcase $command in\n");
	for (int i = 0; commands[i]; i++)
		zsh_command(out, commands[i]);
	/* Sourced, it registers itself; loaded by its name on the first Tab, it must answer that. */
	text_add(out, "\tesac\n}\n"
		      "if [[ $funcstack[1] == _weir ]]; then _weir \"$@\"; else compdef _weir "
		      "weir; fi\n");
}

static void fish_option(struct text *out, const struct command *command,
			const struct cli_option *option)
{
	text_addf(out, "complete -c weir -n '__fish_seen_subcommand_from %s' -l %s", command->name,
		  option->name);
	if (option->letter)
		text_addf(out, " -s %c", option->letter);
	if (option->argument)
		text_add(out, option->kind == CLI_KIND_TEXT ? " -x" : " -r -F");
	if (option->values) {
		text_add(out, " -a '");
		add_values(out, option->values);
		text_add(out, "'");
	}
	text_add(out, " -d ");
	add_quoted(out, option->help);
	text_add(out, "\n");
}

static void fish_command(struct text *out, const struct command *command)
{
	text_addf(out, "complete -c weir -n __fish_use_subcommand -a %s -d ", command->name);
	add_quoted(out, command->summary);
	text_add(out, "\n");
	for (int i = 0; command->options && command->options[i].name; i++)
		fish_option(out, command, &command->options[i]);
	if (command->word_values || command->word_kind != CLI_KIND_TEXT)
		text_addf(out, "complete -c weir -n '__fish_seen_subcommand_from %s' ",
			  command->name);
	if (command->word_values) {
		text_add(out, "-a '");
		add_values(out, command->word_values);
		text_add(out, "'\n");
	} else if (command->word_kind != CLI_KIND_TEXT) {
		text_add(out, "-F\n");
	}
}

static void complete_fish(struct text *out, const struct command *const *commands)
{
	text_add(out, "# fish completion for weir, made by `weir completion fish`\n"
		      "complete -c weir -f\n"
		      "complete -c weir -n '__fish_seen_subcommand_from help' -a '");
	add_names(out, commands);
	text_add(out, "'\n");
	for (int i = 0; commands[i]; i++)
		fish_command(out, commands[i]);
}

static int run_completion(const struct cli_args *args)
{
	struct text script = text_heap();

	switch (args->words[0][0]) {
	case 'b':
		complete_bash(&script, args->commands);
		break;
	case 'z':
		complete_zsh(&script, args->commands);
		break;
	default:
		complete_fish(&script, args->commands);
	}
	return ask_print(args, &script);
}

const struct command command_completion = {
	.name = "completion",
	.summary = "a script that lets your shell complete weir's commands",
	.usage = "bash|zsh|fish",
	.words_min = 1,
	.words_max = 1,
	.word_values = "bash|zsh|fish",
	.help = "Prints a script for the shell that you name; it is made from the same table as "
		"this\n"
		"help, so it always fits this version.\n",
	.examples = "weir completion bash > /etc/bash_completion.d/weir\n"
		    "weir completion zsh > /usr/share/zsh/vendor-completions/_weir\n"
		    "weir completion fish > ~/.config/fish/completions/weir.fish\n",
	.run = run_completion,
};
