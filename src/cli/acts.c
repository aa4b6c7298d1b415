/* SPDX-License-Identifier: Apache-2.0 */
/* acts: `weir approve|reject|mitigate|withdraw|extend|panic`, what people do by hand. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/parse.h"
#include "cli/ask.h"
#include "control/client.h"

enum { OPTION_WHY = ASK_OPTION_COUNT, OPTION_OTHER };

#define FOR_MAX_S (30ULL * 86400)

/* clang-format off */
#define WHY_OPTION                                                                          \
	{ .name = "why", .letter = 'm', .argument = "TEXT",                                 \
	  .help = "why you do it; it stands in the audit beside your name" }
#define LEVEL_OPTION                                                                        \
	{ .name = "level", .letter = 'l', .argument = "LEVEL",                              \
	  .values = "rate-limit|drop|quarantine|blackhole",                                 \
	  .help = "how far to go" }
/* clang-format on */

#define AUDIT_HELP                                                                             \
	"Who you are is what the daemon's socket says; it stands in the audit with the time\n" \
	"and --why: `weir audit`. The rails hold for people too: what is never touched, the\n" \
	"shortest prefix, how many rules. Exit status 1 when it was not done.\n\n" ASK_HELP

static bool take_duration(const struct cli_args *args, struct jsonw *w)
{
	const char *text = args->values[OPTION_OTHER];
	uint64_t ns;

	if (!text)
		return true;
	if (parse_quantity(text, QUANTITY_DURATION, &ns) < 0 || ns < NS_PER_S ||
	    ns > FOR_MAX_S * NS_PER_S) {
		cli_error(args->command->name,
			  "--for %s is not a time from 1s to 30d, such as 30min or 2h", text);
		return false;
	}
	jsonw_u64(w, "for_s", ns / NS_PER_S);
	return true;
}

static int say_answer(const struct cli_args *args, const json_t *json, struct text *page)
{
	(void)args;
	text_addf(page, "%s\n", json_string_value(json_object_get(json, "answer")));
	return CLI_OK;
}

/* @key: what the last option says, if it is one */
static int run_act(const struct cli_args *args, const char *act, const char *key)
{
	const char *why = args->values[OPTION_WHY];
	struct text body = text_heap();
	struct jsonw w = jsonw_on(&body);
	int status = CLI_USAGE;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "act", act);
	if (args->word_count)
		jsonw_string(&w, "id", args->words[0]);
	jsonw_string(&w, "why", why ? why : "");
	bool good = true;
	if (key && strcmp(key, "for") == 0)
		good = take_duration(args, &w);
	else if (key && args->values[OPTION_OTHER])
		jsonw_string(&w, key, args->values[OPTION_OTHER]);
	jsonw_object_end(&w);
	if (good)
		status = ask_show(args, "/api/v1/acts", text_string(&body), say_answer);
	text_done(&body);
	return status;
}

static const struct cli_option plain_options[] = { ASK_OPTIONS, WHY_OPTION, { 0 } };
static const struct cli_option level_options[] = { ASK_OPTIONS, WHY_OPTION, LEVEL_OPTION, { 0 } };

static int run_approve(const struct cli_args *args)
{
	return run_act(args, "approve", "level");
}

const struct command command_approve = {
	.name = "approve",
	.summary = "let a plan that waits for a person go ahead",
	.usage = "[--level LEVEL] [-m TEXT] [--socket PATH | -c FILE] [--json] ID",
	.options = level_options,
	.words_min = 1,
	.words_max = 1,
	.help = "ID is that of the incident or of the plan. Without --level it goes as far as was\n"
		"proposed; `weir plan ID` shows how far, and what it would cost.\n\n" AUDIT_HELP,
	.examples = "weir plan 20261122T140506-in-1a2b3c4d\n"
		    "weir approve 20261122T140506-in-1a2b3c4d -m 'customer asked'\n",
	.run = run_approve,
};

static int run_reject(const struct cli_args *args)
{
	return run_act(args, "reject", NULL);
}

const struct command command_reject = {
	.name = "reject",
	.summary = "say no to a plan: its incident is watched only",
	.usage = "[-m TEXT] [--socket PATH | -c FILE] [--json] ID",
	.options = plain_options,
	.words_min = 1,
	.words_max = 1,
	.help = "Nothing more is held back for this incident, and what is, is let go, until\n"
		"somebody says `weir mitigate`.\n\n" AUDIT_HELP,
	.examples = "weir reject 20261122T140506-in-1a2b3c4d -m 'load test of ours'\n",
	.run = run_reject,
};

static int run_mitigate(const struct cli_args *args)
{
	return run_act(args, "mitigate", "level");
}

const struct command command_mitigate = {
	.name = "mitigate",
	.summary = "hold an incident's traffic back, also where nobody asked",
	.usage = "[--level LEVEL] [-m TEXT] [--socket PATH | -c FILE] [--json] ID",
	.options = level_options,
	.words_min = 1,
	.words_max = 1,
	.help = "Goes further than policy and forecast let Weir go by itself: to drop unless\n"
		"--level says otherwise.\n\n" AUDIT_HELP,
	.examples =
		"weir mitigate 20261122T140506-in-1a2b3c4d\n"
		"weir mitigate --level blackhole 20261122T140506-in-1a2b3c4d -m 'link is full'\n",
	.run = run_mitigate,
};

static int run_withdraw(const struct cli_args *args)
{
	return run_act(args, "withdraw", NULL);
}

const struct command command_withdraw = {
	.name = "withdraw",
	.summary = "let go what is held back for an incident",
	.usage = "[-m TEXT] [--socket PATH | -c FILE] [--json] ID",
	.options = plain_options,
	.words_min = 1,
	.words_max = 1,
	.help = "It does not come back by itself, for as long as the incident "
		"lasts.\n\n" AUDIT_HELP,
	.examples = "weir withdraw 20261122T140506-in-1a2b3c4d-p2\n",
	.run = run_withdraw,
};

static int run_extend(const struct cli_args *args)
{
	return run_act(args, "extend", "for");
}

static const struct cli_option extend_options[] = {
	ASK_OPTIONS,
	WHY_OPTION,
	{ .name = "for",
	  .argument = "TIME",
	  .help = "how long from now, such as 30min or 2h; 1h unless given" },
	{ 0 },
};

const struct command command_extend = {
	.name = "extend",
	.summary = "keep what is in force for longer, also when the attack seems over",
	.usage = "[--for TIME] [-m TEXT] [--socket PATH | -c FILE] [--json] ID",
	.options = extend_options,
	.words_min = 1,
	.words_max = 1,
	.help = AUDIT_HELP,
	.examples = "weir extend --for 2h 20261122T140506-in-1a2b3c4d\n",
	.run = run_extend,
};

static int run_panic(const struct cli_args *args)
{
	return run_act(args, args->values[OPTION_OTHER] ? "calm" : "panic", NULL);
}

static const struct cli_option panic_options[] = {
	ASK_OPTIONS,
	WHY_OPTION,
	{ .name = "end", .help = "it is over: hold attacks back again" },
	{ 0 },
};

const struct command command_panic = {
	.name = "panic",
	.summary = "let go everything that is held back, at once",
	.usage = "[--end] [-m TEXT] [--socket PATH | -c FILE] [--json]",
	.options = panic_options,
	.help = "Every rule and route of Weir is taken back from every actuator, and none is put "
		"in\n"
		"force until `weir panic --end` or a restart. Detection goes on. When no daemon\n"
		"answers, make the file that `protect.kill_file` names: it does the same, for as\n"
		"long as it is there, also over restarts.\n\n" AUDIT_HELP,
	.examples = "weir panic -m 'shop unreachable since 3:05'\n"
		    "weir panic --end\n"
		    "touch /run/weir/panic    # the same, for as long as the file is there\n",
	.run = run_panic,
};
