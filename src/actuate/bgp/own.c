/* SPDX-License-Identifier: Apache-2.0 */
/* own: a prefix in, whether all of it is the operator's out. Pure; any thread. */
#include "actuate/bgp/route.h"

#include "base/lpm.h"

bool bgp_is_own(const struct config *config, const struct prefix *prefix)
{
	uint32_t at = config->network_lpm ? lpm_find(config->network_lpm, &prefix->ip) : LPM_NONE;

	while (at < config->network_count) {
		const struct config_network *network = &config->networks[at];
		if (network->prefix.len <= prefix->len)
			return prefix_has_ip(&network->prefix, &prefix->ip);
		/* Longer than what is asked for; those around it may be as short. */
		if (!network->parent)
			return false;
		at = network->parent - 1;
	}
	return false;
}

struct bgp_limits bgp_limits_of(const struct config *config, const struct config_actuator *settings)
{
	return (struct bgp_limits){ .config = config,
				    .floor_v4 = (uint8_t)(config->floor_v4 + 96),
				    .floor_v6 = (uint8_t)config->floor_v6,
				    .flowspec = settings->flowspec,
				    .source_rules = settings->source_rules,
				    .routes = settings->routes };
}
