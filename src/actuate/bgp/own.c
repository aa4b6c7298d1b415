/* SPDX-License-Identifier: Apache-2.0 */
/* own: a prefix, or settings, in; whether it is the operator's, or sound, out. Pure; any thread. */
#include "actuate/bgp/route.h"

#include <errno.h>
#include <string.h>

#include "actuate/actuator.h"
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

uint32_t bgp_caps(const struct config_actuator *settings)
{
	uint32_t caps = ACTUATOR_CAN_BLACKHOLE;

	if (settings->flowspec)
		caps |= ACTUATOR_CAN_RATE_LIMIT | ACTUATOR_CAN_DROP;
	if (settings->flowspec && settings->source_rules)
		caps |= ACTUATOR_CAN_QUARANTINE;
	return caps;
}

int bgp_check_settings(const struct config *config, const struct config_actuator *settings,
		       const char *where, const char *key, struct text *why)
{
	if (!where) {
		text_addf(why, "%s: `kind: %s` needs `%s`", settings->name, settings->kind, key);
		return -EINVAL;
	}
	for (size_t i = 0; i < config->actuator_count; i++) {
		const struct config_actuator *other = &config->actuators[i];
		const char *there = strcmp(key, "socket") == 0 ? other->socket : other->address;
		if (strcmp(other->name, settings->name) == 0 ||
		    strcmp(other->kind, settings->kind) != 0 || !there || strcmp(there, where) != 0)
			continue;
		text_addf(why,
			  "%s and %s have the same `%s`, and would take back each other's routes; "
			  "leave one out",
			  settings->name, other->name, key);
		return -EINVAL;
	}
	return 0;
}
