/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge: what a daemon said while a scenario was played, held against the truth.
 *
 *     judge FOLDER/truth.json <events.jsonl
 *
 * The laboratory's scorer on events of a live run: one JSON object. What rules catch is not judged;
 * play counts that. See docs/detection.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab/score.h"

static int read_all(const char *path, struct text *ret_text)
{
	char chunk[4096];
	size_t len;
	FILE *file = fopen(path, "re");

	if (!file)
		return -1;
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		text_add_n(ret_text, chunk, len);
	return fclose(file);
}

static void tell(const struct score_result *result)
{
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	score_result_to_json(result, &w, NULL);
	puts(text_string(&out));
	text_done(&out);
}

int main(int argc, char **argv)
{
	static struct score_result result;
	const struct score_population nobody = { 0 };
	struct text json = text_heap(), error = text_heap();
	struct score_truth truth;
	char *line = NULL;
	size_t room = 0;

	if (argc != 2 || read_all(argv[1], &json) ||
	    score_truth_parse(text_string(&json), &error, &truth)) {
		fprintf(stderr, "judge: no truth: %s\n", text_string(&error));
		return 2;
	}
	struct score *score = score_new(&truth);
	while (score && getline(&line, &room, stdin) > 0)
		score_event(score, line);
	free(line);
	if (!score)
		return 1;
	score_judge(score, &truth, &nobody, &result);
	tell(&result);
	score_free(score);
	score_truth_done(&truth);
	text_done(&json);
	text_done(&error);
	return 0;
}
