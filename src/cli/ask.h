/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask: what all subcommands share that talk to a running daemon: where it
 * listens, the question, the answer as JSON.
 */
#pragma once

#include <jansson.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/render.h"

/** The options of every such subcommand: put ASK_OPTIONS first in its table. */
enum ask_option { ASK_SOCKET, ASK_CONFIG, ASK_JSON, ASK_OPTION_COUNT };

/* clang-format off */
#define ASK_OPTIONS                                                                                \
	{ .name = "socket", .letter = 's', .argument = "PATH", .kind = CLI_KIND_FILE,              \
	  .help = "where weir listens, instead of " CONTROL_SOCKET_DEFAULT },                      \
	{ .name = "config", .letter = 'c', .argument = "FILE", .kind = CLI_KIND_FILE,              \
	  .help = "take the socket from this configuration; --socket wins over it" },                                     \
	{ .name = "json", .help = "the daemon's answer as it is, for programs" }
/* clang-format on */

/** The paragraph of help about those options. */
#define ASK_HELP                                                                                   \
	"It asks the daemon over its unix socket, " CONTROL_SOCKET_DEFAULT " unless --socket or\n" \
	"the configuration of -c says otherwise. Exit status 1 when no daemon answers.\n"

/**
 * ask() - put a question to the daemon.
 * @path: as control_get()
 * @ret_body: the answer as sent; to be released with text_done()
 * @ret_json: the answer read; to be released with json_decref()
 *
 * Return: CLI_OK, or CLI_NO with the error said on standard error and nothing to release.
 */
int ask(const struct cli_args *args, const char *path, struct text *ret_body, json_t **ret_json);

/** ask_to() - as ask(), with a JSON body that wants something done. */
int ask_to(const struct cli_args *args, const char *path, const char *to_send,
	   struct text *ret_body, json_t **ret_json);

/** Makes a page of an answer. Return: CLI_OK, or CLI_NO with the error said. */
typedef int ask_page_fn(const struct cli_args *args, const json_t *json, struct text *page);

/**
 * ask_show() - put a question, and show the answer: as it is with --json, else as a page.
 * @to_send: as ask_to(); NULL: a question
 */
int ask_show(const struct cli_args *args, const char *path, const char *to_send, ask_page_fn *page);

/**
 * ask_layout() - how much fits: all with @wide, else what COLUMNS or the terminal says.
 *
 * Standard output that is neither gets whole lines, for other programs to read.
 */
struct render_layout ask_layout(bool wide, bool all);

/** ask_print() - a text on standard output; says when memory was short. Return: CLI_OK or CLI_NO. */
int ask_print(const struct cli_args *args, struct text *out);
