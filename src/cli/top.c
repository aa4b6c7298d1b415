/* SPDX-License-Identifier: Apache-2.0 */
/* top: `weir top`, live rates beside what is usual and what is allowed. */
#include "base/clock.h"
#include "base/parse.h"
#include "cli/ask.h"
#include "cli/render.h"
#include "cli/screen.h"
#include "control/client.h"
#include "control/status.h"

enum { OPTION_ONCE = ASK_OPTION_COUNT, OPTION_LIMIT, OPTION_INTERVAL };

/* Lines of a page that are no rows: headline, two blank or heading, the last of the screen. */
#define LINES_BESIDE 5
/* The daemon has news once a second. */
#define INTERVAL_NS  NS_PER_S
#define INTERVAL_MAX (3600 * NS_PER_S)

/* What the command line asks for, checked. */
struct wish {
	uint64_t limit;
	uint64_t interval_ns;
};

static int read_wish(const struct cli_args *args, struct wish *wish)
{
	const char *limit = args->values[OPTION_LIMIT];
	const char *interval = args->values[OPTION_INTERVAL];

	*wish = (struct wish){ STATUS_ROWS, INTERVAL_NS };
	if (limit &&
	    (parse_u64(limit, &wish->limit) < 0 || wish->limit < 1 || wish->limit > STATUS_ROWS)) {
		cli_error("top", "--limit %s is not a number from 1 to %d", limit, STATUS_ROWS);
		return CLI_USAGE;
	}
	if (interval && (parse_quantity(interval, QUANTITY_DURATION, &wish->interval_ns) < 0 ||
			 wish->interval_ns < INTERVAL_NS || wish->interval_ns > INTERVAL_MAX)) {
		cli_error("top", "--interval %s is not a time from 1s to 1h, as 2s", interval);
		return CLI_USAGE;
	}
	return CLI_OK;
}

static int show_once(const struct cli_args *args, const struct wish *wish)
{
	struct text body, page = text_heap();
	json_t *top;

	if (ask(args, "/api/v1/top", &body, &top) != CLI_OK)
		return CLI_NO;
	struct render_layout layout = ask_layout(false, true);
	if (args->values[ASK_JSON])
		text_addf(&page, "%s\n", text_string(&body));
	else
		render_top(top, clock_wall_ns(), wish->limit, &layout, &page);
	text_done(&body);
	json_decref(top);
	return ask_print(args, &page);
}

static int draw(const struct cli_args *args, const struct wish *wish)
{
	struct screen_size size = screen_get_size();
	struct render_layout layout = { .width = size.width };
	size_t fits = size.height > LINES_BESIDE ? size.height - LINES_BESIDE : 1;
	struct text body, page = text_heap();
	json_t *top;

	if (ask(args, "/api/v1/top", &body, &top) != CLI_OK)
		return CLI_NO;
	render_top(top, clock_wall_ns(), fits < wish->limit ? fits : wish->limit, &layout, &page);
	screen_show(text_string(&page));
	text_done(&page);
	text_done(&body);
	json_decref(top);
	return CLI_OK;
}

static int show_live(const struct cli_args *args, const struct wish *wish)
{
	int status;

	screen_open();
	do
		status = draw(args, wish);
	while (status == CLI_OK && screen_wait(wish->interval_ns));
	screen_close();
	return status;
}

static int run_top(const struct cli_args *args)
{
	struct wish wish;

	if (read_wish(args, &wish) != CLI_OK)
		return CLI_USAGE;
	if (args->values[OPTION_ONCE] || args->values[ASK_JSON] || !screen_is_there())
		return show_once(args, &wish);
	return show_live(args, &wish);
}

static const struct cli_option options[] = {
	ASK_OPTIONS,
	{ .name = "once", .letter = '1', .help = "print it once and end, as without a terminal" },
	{ .name = "limit",
	  .letter = 'n',
	  .argument = "N",
	  .help = "at most so many rows; as many as fit unless given, 64 at most" },
	{ .name = "interval",
	  .letter = 'i',
	  .argument = "TIME",
	  .help = "draw it anew so often; 1s unless given, and at least" },
	{ 0 },
};

const struct command command_top = {
	.name = "top",
	.summary = "live rates, beside what is usual and what is allowed",
	.usage = "[-1] [-n N] [-i TIME] [--socket PATH | -c FILE] [--json]",
	.options = options,
	.help = "Shows the hosts, prefixes and outside addresses that are nearest to their "
		"envelopes,\n"
		"or above them, drawn anew each second until Ctrl-C: the rate of the class of "
		"traffic that\n"
		"is the most above, what is usual, what is allowed, and how far a suspicion is:\n"
		"rising, suspect, attack, or armed when an attack is over and may come back.\n"
		"On a narrow terminal columns that can be missed are left out. Without a "
		"terminal it is\n"
		"printed once.\n\n" ASK_HELP,
	.examples = "weir top\n"
		    "weir top --once -n 10                   # for a report\n"
		    "weir top --json | jq '.rows[] | select(.times > 1) | .target'\n",
	.run = run_top,
};
