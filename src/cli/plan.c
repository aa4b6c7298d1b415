/* SPDX-License-Identifier: Apache-2.0 */
/* plan: `weir plan ID` and `weir audit`, what is held back and who said so. */
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "cli/ask.h"
#include "cli/render.h"
#include "control/client.h"

/* Of a plan's id the incident's: what stands before "-p2". */
static char *incident_of(const char *id)
{
	char *copy = strdup(id);
	char *mark = copy ? strrchr(copy, '-') : NULL;

	if (mark && mark[1] == 'p' && mark[2] && strspn(mark + 2, "0123456789") == strlen(mark + 2))
		*mark = '\0';
	return copy;
}

static int say_plan(const struct cli_args *args, const json_t *json, struct text *page)
{
	if (render_plan(json, page) == 0)
		return CLI_OK;
	cli_error("plan", "the daemon tells of no plan for it; `weir incidents %s` tells its story",
		  args->words[0]);
	return CLI_NO;
}

static int run_plan(const struct cli_args *args)
{
	struct text path = text_heap();
	char *id = incident_of(args->words[0]);
	char *escaped = id ? curl_easy_escape(NULL, id, 0) : NULL;
	int status = CLI_NO;

	if (escaped) {
		text_addf(&path, "/api/v1/incidents/%s", escaped);
		status = ask_show(args, text_string(&path), NULL, say_plan);
	} else {
		cli_error("plan", "no memory for the question");
	}
	curl_free(escaped);
	free(id);
	text_done(&path);
	return status;
}

static const struct cli_option options[] = { ASK_OPTIONS, { 0 } };

const struct command command_plan = {
	.name = "plan",
	.summary = "what is, or would be, held back for an incident, and what that costs",
	.usage = "[--socket PATH | -c FILE] [--json] ID",
	.options = options,
	.words_min = 1,
	.words_max = 1,
	.help = "Shows the rules, which part of the attack they stop, which part of innocent\n"
		"traffic they hit (with its upper bound), why it goes so far and no further, and\n"
		"what you can do. ID is that of an incident or of a plan.\n\n" ASK_HELP,
	.examples = "weir plan 20261122T140506-in-1a2b3c4d\n"
		    "weir plan --json 20261122T140506-in-1a2b3c4d | jq .plan.rules\n",
	.run = run_plan,
};

static int say_acts(const struct cli_args *args, const json_t *json, struct text *page)
{
	(void)args;
	render_acts(json, page);
	return CLI_OK;
}

static int run_audit(const struct cli_args *args)
{
	return ask_show(args, "/api/v1/acts", NULL, say_acts);
}

const struct command command_audit = {
	.name = "audit",
	.summary = "what people did by hand: who, when, why, and what came of it",
	.usage = "[--socket PATH | -c FILE] [--json]",
	.options = options,
	.help = "The newest 200 acts, newest first; also those that were not carried "
		"out.\n\n" ASK_HELP,
	.examples = "weir audit\nweir audit --json | jq -r '.acts[].who'\n",
	.run = run_audit,
};
