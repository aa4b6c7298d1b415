/* SPDX-License-Identifier: Apache-2.0 */
/* policy: entries of `policy` in, how far to go with one host's traffic out. */
#include <string.h>

#include "config/checks.h"
#include "config/entries.h"
#include "config/read.h"
#include "config/tree.h"
#include "model/plan.h"

static const char *level_word(unsigned index)
{
	return plan_level_name((enum plan_level)index);
}

const struct words words_level = {
	.name = level_word,
	.count = LEVEL_COUNT,
	.allowed = (1U << LEVEL_COUNT) - 1,
};

void policy_finish(struct reader *r, const struct node *map, void *entry)
{
	struct config_policy *policy = entry;
	const struct node *match = node_find(map, "match");

	policy->any_network =
		!match || match->kind != NODE_MAP || node_is_empty(node_find(match, "network"));
	if (policy->ladder & policy->approve & ~1U)
		problem_add(r->problems, policy->at,
			    "a level is in `ladder` and in `approve`; a level either goes by "
			    "itself or waits for a person");
}

void policies_check(struct reader *r)
{
	char shown[QUOTE_MAX];

	for (size_t i = 0; i < r->config->policy_count; i++) {
		const struct config_policy *policy = &r->config->policies[i];
		for (size_t j = 0; j < policy->actuator_count; j++) {
			const struct config_word *word = &policy->actuators[j];
			bool found = strcmp(word->text, "observe") == 0;
			for (size_t k = 0; k < r->config->actuator_count && !found; k++)
				found = strcmp(r->config->actuators[k].name, word->text) == 0;
			if (!found)
				problem_add(r->problems, word->at,
					    "no actuator is called `%s`; the names are those under "
					    "`actuators`",
					    quote(word->text, shown));
		}
	}
}

static bool matches(const struct config_policy *policy, enum direction direction,
		    const struct ip *host, const char *tenant)
{
	if (policy->directions && !(policy->directions & 1U << direction))
		return false;
	if (policy->tenant && strcmp(policy->tenant, tenant) != 0)
		return false;
	return policy->any_network || prefix_has_ip(&policy->network, host);
}

/* Our own machines are slowed, never cut off, without a person. */
static const struct config_policy built_in_outbound = {
	.ladder = 1U << LEVEL_OBSERVE | 1U << LEVEL_RATE_LIMIT,
	.approve = 1U << LEVEL_DROP | 1U << LEVEL_QUARANTINE,
};

static const struct config_policy built_in_inbound = {
	.ladder = 1U << LEVEL_OBSERVE | 1U << LEVEL_RATE_LIMIT | 1U << LEVEL_DROP,
	.approve = 1U << LEVEL_BLACKHOLE,
};

const struct config_policy *config_policy_of(const struct config *config, enum direction direction,
					     const struct ip *host, const char *tenant)
{
	for (size_t i = 0; i < config->policy_count; i++) {
		if (matches(&config->policies[i], direction, host, tenant))
			return &config->policies[i];
	}
	return direction == DIRECTION_OUTBOUND ? &built_in_outbound : &built_in_inbound;
}
