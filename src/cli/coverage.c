/* SPDX-License-Identifier: Apache-2.0 */
/* coverage: `weir coverage`, what each exporter delivered and what is missing, as it was kept. */
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/ask.h"
#include "cli/render.h"
#include "control/client.h"

enum { OPTION_FROM = ASK_OPTION_COUNT, OPTION_TO, OPTION_EXPORTER, OPTION_STEP, OPTION_WIDE };

/* Characters of the picture: as many as leave room for a name in 80 columns. */
#define PICTURE_COLUMNS 60
#define MINUTE_NS       (60 * NS_PER_S)

/* "2026-11-22T14:00:00Z", or "2h": so long before now. */
static int read_time(const char *option, const char *text, uint64_t now_ns, uint64_t *ret_ns)
{
	uint64_t ago_ns;

	if (time_parse(text, ret_ns) == 0)
		return CLI_OK;
	if (parse_quantity(text, QUANTITY_DURATION, &ago_ns) == 0 && ago_ns < now_ns) {
		*ret_ns = now_ns - ago_ns;
		return CLI_OK;
	}
	cli_error(
		"coverage",
		"--%s %s is no time; write it as 2026-11-22T14:00:00Z, or as 2h for two hours ago",
		option, text);
	return CLI_USAGE;
}

static int read_range(const struct cli_args *args, uint64_t *ret_from_ns, uint64_t *ret_to_ns)
{
	uint64_t now_ns = clock_wall_ns();
	int status = CLI_OK;

	*ret_to_ns = now_ns - now_ns % MINUTE_NS;
	if (args->values[OPTION_TO])
		status = read_time("to", args->values[OPTION_TO], now_ns, ret_to_ns);
	*ret_from_ns = *ret_to_ns - PICTURE_COLUMNS * MINUTE_NS;
	if (status == CLI_OK && args->values[OPTION_FROM])
		status = read_time("from", args->values[OPTION_FROM], now_ns, ret_from_ns);
	*ret_from_ns -= *ret_from_ns % MINUTE_NS;
	if (status == CLI_OK && *ret_from_ns >= *ret_to_ns) {
		cli_error("coverage", "--from is not before --to: no time lies between them");
		return CLI_USAGE;
	}
	return status;
}

static int read_step(const struct cli_args *args, uint64_t from_ns, uint64_t to_ns,
		     uint64_t *ret_step)
{
	const char *step = args->values[OPTION_STEP];
	uint64_t minutes = (to_ns - from_ns + MINUTE_NS - 1) / MINUTE_NS;

	*ret_step = (minutes + PICTURE_COLUMNS - 1) / PICTURE_COLUMNS;
	if (!step)
		return CLI_OK;
	if (parse_quantity(step, QUANTITY_DURATION, ret_step) < 0 || *ret_step < MINUTE_NS ||
	    *ret_step % MINUTE_NS) {
		cli_error("coverage", "--step %s is no number of whole minutes, as 1m or 1h", step);
		return CLI_USAGE;
	}
	*ret_step /= MINUTE_NS;
	return CLI_OK;
}

static void add_exporter(const struct cli_args *args, struct text *path)
{
	const char *exporter = args->values[OPTION_EXPORTER];
	/* It may be anything somebody typed: it must not change the rest of the address. */
	char *escaped = exporter ? curl_easy_escape(NULL, exporter, 0) : NULL;

	if (escaped)
		text_addf(path, "&exporter=%s", escaped);
	else if (exporter)
		path->failed = true;
	curl_free(escaped);
}

static int question(const struct cli_args *args, struct text *path)
{
	uint64_t from_ns = 0, to_ns = 0, step = 1;
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	int status = read_range(args, &from_ns, &to_ns);

	if (status == CLI_OK)
		status = read_step(args, from_ns, to_ns, &step);
	if (status != CLI_OK)
		return status;
	text_addf(path, "/api/v1/coverage?from=%s&to=%s&step=%llu", time_format(from_ns, from),
		  time_format(to_ns, to), (unsigned long long)step);
	add_exporter(args, path);
	if (!path->failed)
		return CLI_OK;
	cli_error("coverage", "no memory for the question");
	return CLI_NO;
}

static int run_coverage(const struct cli_args *args)
{
	struct text path = text_heap(), body, page = text_heap();
	json_t *json;
	int status = question(args, &path);

	if (status == CLI_OK)
		status = ask(args, text_string(&path), &body, &json);
	text_done(&path);
	if (status != CLI_OK)
		return status;
	if (args->values[ASK_JSON]) {
		text_addf(&page, "%s\n", text_string(&body));
	} else {
		struct render_layout layout = ask_layout(args->values[OPTION_WIDE], true);
		render_coverage(json, &layout, &page);
	}
	json_decref(json);
	text_done(&body);
	return ask_print(args, &page);
}

static const struct cli_option options[] = {
	ASK_OPTIONS,
	{ .name = "from",
	  .argument = "T",
	  .help = "begin then: 2026-11-22T14:00:00Z, or 2h for two hours ago; default: an hour" },
	{ .name = "to", .argument = "T", .help = "end then; default: now" },
	{ .name = "exporter",
	  .letter = 'e',
	  .argument = "X",
	  .help = "only this one, by its address or its name" },
	{ .name = "step",
	  .argument = "D",
	  .help = "add up so many minutes (5m, 1h); default: as fits the picture" },
	{ .name = "wide", .letter = 'w', .help = "every column, however narrow the terminal" },
	{ 0 },
};

const struct command command_coverage = {
	.name = "coverage",
	.summary = "what each exporter delivered, minute by minute, and what is missing",
	.usage = "[--from T] [--to T] [-e X] [--step D] [-w] [--socket PATH | -c FILE] [--json]",
	.options = options,
	.help = "Shows the coverage ledger that the daemon keeps: for each exporter how much of "
		"the "
		"time\n"
		"and of what it sent there is, the worst first; then a picture, one character a "
		"minute or\n"
		"step, so that gaps show at a glance. Losses are counted by each protocol's own\n"
		"sequence numbers; a restarted exporter is not a loss. --json has all that is kept "
		"of\n"
		"each row.\n\n" ASK_HELP,
	.examples = "weir coverage                                    # the last hour\n"
		    "weir coverage --from 1d --exporter edge1         # a day of one exporter\n"
		    "weir coverage --from 2026-11-22T14:00:00Z --to 2026-11-22T15:00:00Z\n"
		    "weir coverage --json | jq '.rows[] | select(.lost_share > 0.01)'\n",
	.run = run_coverage,
};
