/* SPDX-License-Identifier: Apache-2.0 */
/* commands: what the subcommands that run rooms have in common. */
#include "daemon/commands.h"

#include <stdio.h>

struct config *command_config(const char *name, const char *undone,
			      int (*load)(const char *path, struct text *errors,
					  struct config **ret_config),
			      const char *path)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	int err = load(path, &errors, &config);

	if (err) {
		fputs(text_string(&errors), stderr);
		cli_error(name, "%s: %s", undone,
			  errors.len ? "mend what is named above" : err_text(err));
	}
	text_done(&errors);
	return config;
}
