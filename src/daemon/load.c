/* SPDX-License-Identifier: Apache-2.0 */
/* load: a configuration checked against the plug-ins of this program. */
#include <sched.h>

#include "actuate/actuator.h"
#include "daemon/daemon.h"
#include "daemon/memory.h"
#include "ingest/live.h"
#include "report/sink.h"

#define SINKS_MAX     32
#define ACTUATORS_MAX 32
#define CPUS_MAX      1024

/* The processors this program may use. Return: how many numbers are told, 0 if unknown. */
static size_t list_cpus(uint8_t cpus[CPUS_MAX])
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	for (size_t i = 0; i < CPUS_MAX; i++)
		cpus[i] = i < CPU_SETSIZE && CPU_ISSET(i, &set);
	return CPUS_MAX;
}

const struct config_known *daemon_known(void)
{
	static const char *names[SINKS_MAX + 1];
	static const char *kinds[ACTUATORS_MAX + 1];
	static uint8_t cpus[CPUS_MAX];
	static struct config_known known = { .sinks = names, .actuators = kinds, .cpus = cpus };

	known.cpu_count = list_cpus(cpus);
	known.memory_bytes = memory_limit("");
	known.no_xdp = !live_has_xdp();
	for (unsigned i = 0; i < SINKS_MAX && sink_registry[i]; i++)
		names[i] = sink_registry[i]->name;
	for (unsigned i = 0; i < ACTUATORS_MAX && actuator_registry[i]; i++)
		kinds[i] = actuator_registry[i]->name;
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
	known.cpu_count = 0;
	return config_load_known(path, &known, errors, ret_config);
}
