/* SPDX-License-Identifier: Apache-2.0 */
/* load: a configuration checked against the plug-ins of this program. */
#include "daemon/daemon.h"
#include "daemon/memory.h"
#include "ingest/live.h"
#include "report/sink.h"

#define SINKS_MAX 32

const struct config_known *daemon_known(void)
{
	static const char *names[SINKS_MAX + 1];
	static struct config_known known = { .sinks = names };

	known.memory_bytes = memory_limit("");
	known.no_xdp = !live_has_xdp();
	for (unsigned i = 0; i < SINKS_MAX && sink_registry[i]; i++)
		names[i] = sink_registry[i]->name;
	return &known;
}

int daemon_load(const char *path, struct text *errors, struct config **ret_config)
{
	return config_load_known(path, daemon_known(), errors, ret_config);
}

int daemon_load_recorded(const char *path, struct text *errors, struct config **ret_config)
{
	struct config_known known = *daemon_known();

	known.memory_bytes = 0;
	return config_load_known(path, &known, errors, ret_config);
}
