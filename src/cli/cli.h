/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli: the `weir` command: finds the subcommand, reads its options, tells help.
 *
 * A subcommand is one const struct with all that help, completion and option
 * reading need to know about it. Those that only ask a running daemon or check
 * a file live in this room; those that run the rooms live in daemon/, which
 * puts the table together. Reads arguments, writes standard output and error;
 * knows no room but config and control.
 */
#pragma once

#include <stdbool.h>

struct config_known;

/** Exit status of every subcommand. */
enum cli_status {
	CLI_OK = 0,   /**< done */
	CLI_NO = 1,   /**< the answer is no, or the input is bad */
	CLI_USAGE = 2 /**< the command line is wrong */
};

/** Most options of one subcommand. */
#define CLI_OPTIONS_MAX 16

/** What an option's value or a word names, so that completion can offer it. */
enum cli_kind { CLI_KIND_TEXT, CLI_KIND_FILE, CLI_KIND_FOLDER };

/** One option. */
struct cli_option {
	const char *name;     /**< "config" for --config */
	char letter;          /**< 'c' for -c; 0: none */
	const char *argument; /**< "FILE", as help shows it; NULL: a switch without value */
	const char *values;   /**< the only values allowed, "jsonl|csv|text"; NULL: any */
	enum cli_kind kind;   /**< of the value */
	const char *help;     /**< one line */
};

struct command;

/** A command line that was read; all borrowed from argv. */
struct cli_args {
	const struct command *command;
	const struct command *const *commands; /**< all there are, NULL-terminated */
	/** In the order of command->options: NULL if not given, "" for a switch that is. The
	 * last one given counts. */
	const char *values[CLI_OPTIONS_MAX];
	const char *const *words; /**< what is no option */
	int word_count;
};

/** One subcommand. */
struct command {
	const char *name;
	const char *summary;              /**< one line, lower case, no full stop */
	const char *usage;                /**< what follows `weir NAME` */
	const struct cli_option *options; /**< ends with a name of NULL; --help is added */
	int words_min;                    /**< so many words must be given */
	int words_max;                    /**< at most; -1: any number */
	const char *word_values;          /**< the only words allowed, "bash|zsh|fish"; NULL: any */
	enum cli_kind word_kind;          /**< of the words */
	const char *help;     /**< paragraphs for `weir help NAME`, newline at the end */
	const char *examples; /**< lines "command    # effect", each with newline */
	int (*run)(const struct cli_args *args); /**< Return: enum cli_status */
};

/**
 * cli_main() - be the `weir` command.
 * @commands: NULL-terminated, in the order in which help shows them
 *
 * Return: the exit status for main().
 */
int cli_main(int argc, char **argv, const struct command *const *commands);

/**
 * cli_know() - what `weir check` shall hold names against, besides the schema.
 * @known: borrowed; without this call any name is fine
 *
 * Before cli_main().
 */
void cli_know(const struct config_known *known);

/** cli_error() - "weir NAME: …" on standard error, with newline. @name may be NULL. */
__attribute__((format(printf, 2, 3))) void cli_error(const char *name, const char *format, ...);

/** The subcommands of this room. */
extern const struct command command_approve;
extern const struct command command_audit;
extern const struct command command_check;
extern const struct command command_completion;
extern const struct command command_coverage;
extern const struct command command_extend;
extern const struct command command_incidents;
extern const struct command command_mitigate;
extern const struct command command_panic;
extern const struct command command_plan;
extern const struct command command_reject;
extern const struct command command_status;
extern const struct command command_top;
extern const struct command command_withdraw;
