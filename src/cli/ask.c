/* SPDX-License-Identifier: Apache-2.0 */
/* ask: a path in, the daemon's JSON out. */
#include "cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/parse.h"
#include "config/config.h"
#include "control/client.h"

/* Wider than any terminal: a COLUMNS that makes no sense. */
#define WIDTH_MAX 10000

/* The socket a configuration names. Return: to be freed; NULL with the error said. */
static char *socket_of_config(const struct cli_args *args, const char *file)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	char *path = NULL;

	if (config_load(file, &errors, &config) < 0)
		fputs(text_string(&errors), stderr);
	else if (!config->control_socket)
		cli_error(args->command->name,
			  "%s names no control socket: its daemon cannot be asked; set "
			  "control.socket",
			  file);
	else
		path = strdup(config->control_socket);
	config_free(config);
	text_done(&errors);
	return path;
}

static char *find_socket(const struct cli_args *args)
{
	if (args->values[ASK_SOCKET])
		return strdup(args->values[ASK_SOCKET]);
	if (args->values[ASK_CONFIG])
		return socket_of_config(args, args->values[ASK_CONFIG]);
	return strdup(CONTROL_SOCKET_DEFAULT);
}

static int read_json(const struct cli_args *args, const struct text *body, json_t **ret_json)
{
	json_error_t error;
	json_t *json = json_loadb(text_string(body), body->len, JSON_REJECT_DUPLICATES, &error);

	if (!json) {
		cli_error(args->command->name,
			  "the answer is not what this version understands (%s); is the daemon of "
			  "another version? compare `weir --version`",
			  error.text);
		return CLI_NO;
	}
	*ret_json = json;
	return CLI_OK;
}

int ask_to(const struct cli_args *args, const char *path, const char *to_send,
	   struct text *ret_body, json_t **ret_json)
{
	struct control_reply reply;
	char *socket = find_socket(args);
	int status = CLI_NO;

	if (!socket)
		return CLI_NO;
	int err = to_send ? control_post(socket, path, to_send, &reply)
			  : control_get(socket, path, &reply);
	if (err < 0)
		cli_error(args->command->name, "%s", text_string(&reply.error));
	else
		status = read_json(args, &reply.body, ret_json);
	if (status == CLI_OK) {
		*ret_body = reply.body;
		reply.body = text_heap();
	}
	control_reply_done(&reply);
	free(socket);
	return status;
}

int ask(const struct cli_args *args, const char *path, struct text *ret_body, json_t **ret_json)
{
	return ask_to(args, path, NULL, ret_body, ret_json);
}

struct render_layout ask_layout(bool wide, bool all)
{
	const char *columns = getenv("COLUMNS"); /* watch(1) sets it, and hides the terminal */
	struct winsize size;
	uint64_t width = 0;

	if (wide)
		return (struct render_layout){ .all = all };
	if (!columns || parse_u64(columns, &width) < 0 || width > WIDTH_MAX)
		width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
	return (struct render_layout){ .width = width, .all = all };
}

int ask_print(const struct cli_args *args, struct text *out)
{
	int status = CLI_OK;

	if (out->failed) {
		cli_error(args->command->name, "no memory for the answer");
		status = CLI_NO;
	} else {
		fputs(text_string(out), stdout);
	}
	text_done(out);
	return status;
}

int ask_show(const struct cli_args *args, const char *path, const char *to_send, ask_page_fn *page)
{
	struct text body, shown = text_heap();
	json_t *json;
	int status = ask_to(args, path, to_send, &body, &json);

	if (status != CLI_OK)
		return status;
	if (args->values[ASK_JSON])
		text_addf(&shown, "%s\n", text_string(&body));
	else
		status = page(args, json, &shown);
	json_decref(json);
	text_done(&body);
	if (status == CLI_OK)
		return ask_print(args, &shown);
	text_done(&shown);
	return status;
}
