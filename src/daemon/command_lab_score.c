/* SPDX-License-Identifier: Apache-2.0 */
/* command_lab_score: `weir lab score`, folders of runs to results on standard output. */
#include <string.h>

#include "base/jsonw.h"
#include "daemon/command_lab.h"
#include "daemon/lab_run.h"
#include "daemon/output.h"
#include "lab/score_summary.h"

struct scoring {
	struct output output;
	struct score_summary summary;
	struct jsonw json;
	bool as_json;
	int status;
};

static bool has_option(const struct cli_args *args, const char *name)
{
	for (int i = 0; args->command->options[i].name; i++) {
		if (strcmp(args->command->options[i].name, name) == 0)
			return args->values[i] != NULL;
	}
	return false;
}

static void score_folder(struct scoring *s, const char *dir)
{
	struct score_result result;
	struct text error = text_heap();
	int err = lab_run_score(dir, &error, &result);

	if (!err) {
		err = score_summary_add(&s->summary, &result);
		if (s->as_json)
			score_result_to_json(&result, &s->json, NULL);
		else
			score_result_to_text(&result, &s->output.text);
		output_spill(&s->output);
	}
	if (error.len)
		cli_error("lab", "%s", text_string(&error));
	else if (err)
		cli_error("lab", "%s: %s", dir, err_text(err));
	if (err)
		s->status = CLI_NO;
	text_done(&error);
}

static void put_summary(struct scoring *s)
{
	bool passes = score_summary_passes(&s->summary);

	score_summary_finish(&s->summary);
	if (s->as_json) {
		jsonw_array_end(&s->json);
		score_summary_to_json(&s->summary, &s->json, "groups");
		jsonw_bool(&s->json, "passes", passes);
		jsonw_object_end(&s->json);
		text_add(&s->output.text, "\n");
	} else if (s->summary.count) {
		text_add(&s->output.text, "\n");
		score_summary_to_text(&s->summary, &s->output.text);
	}
	if (!passes) {
		cli_error("lab", "failed: something was done to the innocent");
		s->status = CLI_NO;
	}
}

int lab_score_run(const struct cli_args *args)
{
	struct scoring s = { .output = output_open(), .as_json = has_option(args, "json") };

	if (args->word_count < 2) {
		cli_error("lab", "score: which runs? Give the folders that `weir lab make` wrote");
		return CLI_USAGE;
	}
	s.json = jsonw_on(&s.output.text);
	if (s.as_json) {
		jsonw_object(&s.json, NULL);
		jsonw_array(&s.json, "runs");
	}
	for (int i = 1; i < args->word_count; i++)
		score_folder(&s, args->words[i]);
	put_summary(&s);
	score_summary_done(&s.summary);
	int err = output_close(&s.output);
	if (err) {
		cli_error("lab", "standard output: %s; not all results were written",
			  err_text(err));
		return CLI_NO;
	}
	return s.status;
}
