/* SPDX-License-Identifier: Apache-2.0 */
/* load: a configuration checked against the plug-ins of this program. */
#include "daemon/daemon.h"
#include "report/sink.h"

#define SINKS_MAX 32

const struct config_known *daemon_known(void)
{
	static const char *names[SINKS_MAX + 1];
	static const struct config_known known = { .sinks = names };

	for (unsigned i = 0; i < SINKS_MAX && sink_registry[i]; i++)
		names[i] = sink_registry[i]->name;
	return &known;
}

int daemon_load(const char *path, struct text *errors, struct config **ret_config)
{
	return config_load_known(path, daemon_known(), errors, ret_config);
}
