/* SPDX-License-Identifier: Apache-2.0 */
/* check: `weir check FILE`, every error of a configuration at once. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/parse.h"
#include "cli/ask.h"
#include "config/config.h"

enum { OPTION_CONFIG, OPTION_JSON };

/* Set once, before anything runs. */
static const struct config_known *known_names;

void cli_know(const struct config_known *known)
{
	known_names = known;
}

static void add_plural(struct text *out, const char *separator, size_t count, const char *noun)
{
	text_addf(out, "%s%zu %s%s", separator, count, noun, count == 1 ? "" : "s");
}

static void add_summary(const struct config *config, const char *file, struct text *out)
{
	char memory[32];

	text_addf(out, "%s: correct: ", file);
	add_plural(out, "", config->network_count, "network");
	add_plural(out, ", ", config->exporter_count, "exporter");
	if (config->listen_count || config->interface_count + config->flowlog_count == 0)
		add_plural(out, ", ", config->listen_count, "listening socket");
	if (config->interface_count)
		add_plural(out, ", ", config->interface_count, "interface");
	if (config->flowlog_count)
		add_plural(out, ", ", config->flowlog_count, "flow log");
	add_plural(out, ", ", config->threshold_count, "threshold");
	add_plural(out, ", ", config->sink_count, "sink");
	text_addf(out, ", up to %s of memory\n",
		  quantity_format(config_memory_bytes(config), QUANTITY_BYTES, memory));
}

/* A number and the colon behind it. Return: behind them; NULL if they are not there. */
static const char *skip_number(const char *at, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *p = at;

	while (isdigit((unsigned char)*p) && number < UINT32_MAX)
		number = number * 10 + (uint64_t)(*p++ - '0');
	if (p == at || *p != ':')
		return NULL;
	*ret_number = number;
	return p + 1;
}

/* "FILE:LINE:COLUMN: message", or "FILE: message" for what is about no line. */
static void put_error(struct jsonw *w, const char *file, const char *line)
{
	size_t len = strlen(file);
	const char *message =
		strncmp(line, file, len) == 0 && line[len] == ':' ? line + len + 1 : line;
	uint64_t number, column;
	const char *at = skip_number(message, &number);
	const char *end = at ? skip_number(at, &column) : NULL;

	jsonw_object(w, NULL);
	if (end) {
		jsonw_u64(w, "line", number);
		jsonw_u64(w, "column", column);
		message = end;
	}
	while (*message == ' ')
		message++;
	jsonw_string(w, "message", message);
	jsonw_object_end(w);
}

static void errors_to_json(const char *file, struct text *errors, struct text *out)
{
	struct jsonw w = jsonw_on(out);
	char *rest = NULL;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "file", file);
	jsonw_bool(&w, "correct", errors->len == 0);
	jsonw_array(&w, "errors");
	for (char *line = errors->data ? strtok_r(errors->data, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		put_error(&w, file, line);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	text_add(out, "\n");
}

static int find_file(const struct cli_args *args, const char **ret_file)
{
	const char *option = args->values[OPTION_CONFIG];
	const char *word = args->word_count ? args->words[0] : NULL;

	if (!option == !word) {
		cli_error("check", "name %s file: weir check FILE", option ? "one" : "the");
		return CLI_USAGE;
	}
	*ret_file = option ? option : word;
	return CLI_OK;
}

static int run_check(const struct cli_args *args)
{
	struct text errors = text_heap(), page = text_heap();
	struct config *config = NULL;
	const char *file;

	if (find_file(args, &file) != CLI_OK)
		return CLI_USAGE;
	bool correct = config_load_known(file, known_names, &errors, &config) == 0;
	if (!correct && errors.len == 0)
		text_addf(&errors, "%s: no memory to read it\n", file);
	if (args->values[OPTION_JSON])
		errors_to_json(file, &errors, &page);
	else if (correct)
		add_summary(config, file, &page);
	else
		fputs(text_string(&errors), stderr);
	config_free(config);
	text_done(&errors);
	int status = ask_print(args, &page);
	return correct ? status : CLI_NO;
}

static const struct cli_option options[] = {
	{ .name = "config",
	  .letter = 'c',
	  .argument = "FILE",
	  .kind = CLI_KIND_FILE,
	  .help = "the configuration; the same as naming it as a word" },
	{ .name = "json", .help = "the errors as one JSON object" },
	{ 0 },
};

const struct command command_check = {
	.name = "check",
	.summary = "check a configuration and tell all its errors at once",
	.usage = "[--json] FILE",
	.options = options,
	.words_max = 1,
	.word_kind = CLI_KIND_FILE,
	.help = "Reads the file as the daemon would and changes nothing. Each error is one line "
		"with\n"
		"file, line and column, and what to do about it. Exit status 0 if the daemon would "
		"take\n"
		"it, 1 if not. It does not look at what only the running machine knows: whether a "
		"port\n"
		"is free, or a folder may be written.\n",
	.examples = "weir check weir.yaml\n"
		    "weir check weir.yaml && systemctl reload weir\n"
		    "weir check --json weir.yaml | jq '.errors[]'\n",
	.run = run_check,
};
