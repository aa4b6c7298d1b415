/* SPDX-License-Identifier: Apache-2.0 */
/* incidents: `weir incidents [ID]`, what was found, from the running daemon. */
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/ask.h"
#include "cli/render.h"
#include "control/client.h"

enum { OPTION_STATE = ASK_OPTION_COUNT, OPTION_LIMIT, OPTION_WIDE };

/* The longest list the API gives in one answer. */
#define LIMIT_MAX     1000
#define LIMIT_DEFAULT 50

static int list_path(const struct cli_args *args, struct text *path)
{
	const char *state = args->values[OPTION_STATE];
	const char *limit = args->values[OPTION_LIMIT];
	uint64_t count = LIMIT_DEFAULT;

	if (limit && (parse_u64(limit, &count) < 0 || count < 1 || count > LIMIT_MAX)) {
		cli_error("incidents", "--limit %s is not a number from 1 to %d", limit, LIMIT_MAX);
		return CLI_USAGE;
	}
	text_addf(path, "/api/v1/incidents?state=%s&limit=%d", state ? state : "all", (int)count);
	return CLI_OK;
}

/* An id may be anything somebody typed: it must not change the rest of the address. */
static int id_path(const char *id, struct text *path)
{
	char *escaped = curl_easy_escape(NULL, id, 0);

	if (escaped)
		text_addf(path, "/api/v1/incidents/%s", escaped);
	else
		path->failed = true;
	curl_free(escaped);
	return CLI_OK;
}

static int render(const struct cli_args *args, const json_t *json, struct text *page)
{
	if (args->word_count == 0) {
		struct render_layout layout = ask_layout(args->values[OPTION_WIDE], true);
		render_incidents(json, clock_wall_ns(), &layout, page);
		return CLI_OK;
	}
	if (render_incident(json, page) < 0) {
		cli_error("incidents", "the daemon's answer is no incident that this version "
				       "understands; see --json");
		return CLI_NO;
	}
	return CLI_OK;
}

static int run_incidents(const struct cli_args *args)
{
	struct text path = text_heap();
	int status = args->word_count ? id_path(args->words[0], &path) : list_path(args, &path);

	if (status == CLI_OK && path.failed) {
		cli_error("incidents", "no memory for the question");
		status = CLI_NO;
	}
	if (status == CLI_OK)
		status = ask_show(args, text_string(&path), NULL, render);
	text_done(&path);
	return status;
}

static const struct cli_option options[] = {
	ASK_OPTIONS,
	{ .name = "state",
	  .argument = "STATE",
	  .values = "open|closed|all",
	  .help = "only those, instead of all" },
	{ .name = "limit",
	  .letter = 'n',
	  .argument = "N",
	  .help = "list at most so many, newest first; 50 unless given, 1000 at most" },
	{ .name = "wide", .letter = 'w', .help = "every column, however narrow the terminal" },
	{ 0 },
};

const struct command command_incidents = {
	.name = "incidents",
	.summary = "what was found, or the story of one incident",
	.usage = "[--state STATE] [-n N] [-w] [--socket PATH | -c FILE] [--json] [ID]",
	.options = options,
	.words_max = 1,
	.help = "Lists the open incidents and the latest 1000 closed ones, newest first. With an "
		"ID,\n"
		"tells the story of one: what was attacked by what, how much, since when, and what "
		"was\n"
		"done about it. Exit status 1 also when there is no such incident.\n\n" ASK_HELP,
	.examples = "weir incidents --state open\n"
		    "weir incidents 20261122T140506-in-1a2b3c4d    # its story\n"
		    "weir incidents --json | jq -r '.incidents[].incident.id'\n",
	.run = run_incidents,
};
