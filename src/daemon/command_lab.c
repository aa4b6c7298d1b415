/* SPDX-License-Identifier: Apache-2.0 */
/* command_lab: `weir lab`, its words to the functions that do them. */
#include "daemon/command_lab.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/parse.h"
#include "daemon/commands.h"
#include "daemon/output.h"
#include "lab/maker.h"

enum {
	OPTION_MODE,
	OPTION_SEED,
	OPTION_SAMPLING,
	OPTION_FAMILY,
	OPTION_FAULT,
	OPTION_HOURS,
	OPTION_LONG,
	OPTION_OUT,
	OPTION_JSON
};

static const struct cli_option options[] = {
	[OPTION_MODE] = { "mode", 0, "MODE", "sflow|netflow9|ipfix|packet", CLI_KIND_TEXT,
			  "make: what the router exports (default: sflow)" },
	[OPTION_SEED] = { "seed", 0, "N", NULL, CLI_KIND_TEXT,
			  "make: the same number gives the same bytes (default: 1)" },
	[OPTION_SAMPLING] = { "sampling", 0, "N", NULL, CLI_KIND_TEXT,
			      "make: one packet in N (default: 1000; of packets all)" },
	[OPTION_FAMILY] = { "family", 0, "FAMILY", "ipv4|ipv6", CLI_KIND_TEXT,
			    "make: which addresses (default: ipv4)" },
	[OPTION_FAULT] = { "fault", 0, "FAULT", "none|loss|rate10|clock|templates|twice|longflow",
			   CLI_KIND_TEXT, "make: what goes wrong with the telemetry" },
	[OPTION_HOURS] = { "hours", 0, "H", NULL, CLI_KIND_TEXT,
			   "make D1: how long (default: 24)" },
	[OPTION_LONG] = { .name = "long", .help = "make: the scenario's full length" },
	[OPTION_OUT] = { "output", 'o', "DIR", NULL, CLI_KIND_FILE,
			 "make: folder to write to; made if need be" },
	[OPTION_JSON] = { .name = "json", .help = "list, score: as JSON" },
	{ 0 },
};

static int list(const struct cli_args *args)
{
	struct output output = output_open();

	for (unsigned i = 0; i < scenario_count; i++) {
		const struct scenario *s = &scenarios[i];
		struct jsonw w = jsonw_on(&output.text);
		if (!args->values[OPTION_JSON]) {
			text_addf(&output.text, "%-4s %-7s %s\n", s->id,
				  s->benign ? "benign" : "attack", s->title);
			continue;
		}
		jsonw_object(&w, NULL);
		jsonw_string(&w, "id", s->id);
		jsonw_string(&w, "kind", s->benign ? "benign" : "attack");
		jsonw_string(&w, "title", s->title);
		jsonw_u64(&w, "duration_s", s->duration_s);
		jsonw_object_end(&w);
		text_add_n(&output.text, "\n", 1);
	}
	return output_close(&output) ? CLI_NO : CLI_OK;
}

static bool number_of(const struct cli_args *args, int option, uint64_t fallback, uint64_t most,
		      uint64_t *ret_value)
{
	const char *text = args->values[option];

	*ret_value = fallback;
	if (!text)
		return true;
	if (parse_u64(text, ret_value) == 0 && *ret_value > 0 && *ret_value <= most)
		return true;
	cli_error("lab", "--%s %s: give a whole number from 1 to %llu", options[option].name, text,
		  (unsigned long long)most);
	return false;
}

static enum maker_fault fault_of(const char *name)
{
	enum maker_fault fault = MAKER_NO_FAULT;

	while (name && strcmp(maker_fault_name(fault), name) != 0)
		fault++;
	return fault;
}

/* One line that is written over; only where somebody looks. */
static void show_progress(void *self, double done, double all)
{
	int *shown = self;
	int percent = (int)(100 * done / all);

	if (percent == *shown || !isatty(STDERR_FILENO))
		return;
	*shown = percent;
	fprintf(stderr, "\rlab: made %.0f of %.0f s (%d%%)%s", done, all, percent,
		percent >= 100 ? "\n" : "");
}

static int make(const struct cli_args *args)
{
	const char *mode = args->values[OPTION_MODE];
	const char *family = args->values[OPTION_FAMILY];
	uint64_t seed, sampling, hours;
	int shown = -1;

	if (args->word_count != 2 || !args->values[OPTION_OUT]) {
		cli_error("lab", "make: name one scenario and a folder, as in: weir lab make I1 -o "
				 "run1; `weir lab list` shows the scenarios");
		return CLI_USAGE;
	}
	if (!number_of(args, OPTION_SEED, 1, UINT32_MAX, &seed) ||
	    !number_of(args, OPTION_SAMPLING, 0, 1000000, &sampling) ||
	    !number_of(args, OPTION_HOURS, 24, 24ULL * 31, &hours))
		return CLI_USAGE;
	const struct maker_request request = {
		.scenario = scenario_find(args->words[1]),
		.mode = mode ? mode : "sflow",
		.folder = args->values[OPTION_OUT],
		.seed = seed,
		.sampling = (uint32_t)sampling,
		.fault = fault_of(args->values[OPTION_FAULT]),
		.ipv6 = family && strcmp(family, "ipv6") == 0,
		.whole = args->values[OPTION_LONG] != NULL,
		.hours = (double)hours,
		.progress = show_progress,
		.self = &shown,
	};
	if (!request.scenario) {
		cli_error("lab", "%s: no such scenario; `weir lab list` shows them",
			  args->words[1]);
		return CLI_USAGE;
	}
	struct text error = text_heap();
	(void)signal(SIGPIPE, SIG_IGN);
	int err = maker_run(&request, &error);
	if (err)
		cli_error("lab", "%s", error.len ? text_string(&error) : err_text(err));
	text_done(&error);
	return err ? CLI_NO : CLI_OK;
}

static int run(const struct cli_args *args)
{
	const char *word = args->words[0];

	if (strcmp(word, "list") == 0)
		return list(args);
	if (strcmp(word, "make") == 0)
		return make(args);
	if (strcmp(word, "score") == 0)
		return lab_score_run(args);
	cli_error("lab", "%s: no such word; there are: list, make, score", word);
	return CLI_USAGE;
}

const struct command command_lab = {
	.name = "lab",
	.summary = "make labelled telemetry of attacks, and judge detection on it",
	.usage = "list|make ID|score DIR... [options]",
	.options = options,
	.words_min = 1,
	.words_max = -1,
	.word_kind = CLI_KIND_FILE,
	.help = "list: the scenarios, attacks and what only looks like one.\n"
		"make: writes what a router would export while a scenario happens: a folder\n"
		"with telemetry.pcap, weir.yaml, truth.json and population.csv. It is\n"
		"telemetry about traffic; no traffic is sent.\n"
		"score: plays such folders through the whole pipeline and says how good that\n"
		"was, beside the best possible detector and two simple ones.\n",
	.examples = "weir lab list                                # what there is\n"
		    "weir lab make I1 --seed 7 -o run1            # an attack as sFlow 1:1000\n"
		    "weir lab make O1 --mode ipfix -o run2        # the news story as IPFIX\n"
		    "weir lab score run1 run2                     # one line each, then a table\n"
		    "weir replay -c run1/weir.yaml run1/telemetry.pcap   # the events themselves\n",
	.run = run,
};
