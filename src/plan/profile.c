/* SPDX-License-Identifier: Apache-2.0 */
/* profile: a table of data planes. Pure; any thread. */
#include "plan/profile.h"

#include <stddef.h>
#include <string.h>

#define BIT(field) (1U << (field))
#define HEADERS                                                                      \
	(BIT(FIELD_PROTO) | BIT(FIELD_FLAGS) | BIT(FIELD_SPORT) | BIT(FIELD_DPORT) | \
	 BIT(FIELD_FRAGMENT) | BIT(FIELD_ICMP) | BIT(FIELD_SRC) | BIT(FIELD_LENGTH))

static const struct plan_profile profiles[] = {
	{ "flowspec", HEADERS, true, true, true, 8, 0 },
	{ "xdp", HEADERS | BIT(FIELD_TTL) | BIT(FIELD_SET), true, true, true, 64, 1U << 20 },
	{ "nft", HEADERS | BIT(FIELD_TTL) | BIT(FIELD_SET), true, true, true, 256, 65536 },
	{ "rtbh", 0, false, false, false, 1, 0 },
};

const struct plan_profile *profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	}
	return NULL;
}

unsigned profile_fields_of(const struct plan_rule *rule)
{
	unsigned fields = 0;

	fields |= rule->proto >= 0 ? BIT(FIELD_PROTO) : 0;
	fields |= rule->tcp_mask ? BIT(FIELD_FLAGS) : 0;
	fields |= plan_range_is_any(&rule->sport, UINT16_MAX) ? 0 : BIT(FIELD_SPORT);
	fields |= plan_range_is_any(&rule->dport, UINT16_MAX) ? 0 : BIT(FIELD_DPORT);
	fields |= rule->fragment >= 0 ? BIT(FIELD_FRAGMENT) : 0;
	fields |= rule->icmp_type >= 0 || rule->icmp_code >= 0 ? BIT(FIELD_ICMP) : 0;
	fields |= rule->src.len ? BIT(FIELD_SRC) : 0;
	fields |= plan_range_is_any(&rule->length, UINT16_MAX) ? 0 : BIT(FIELD_LENGTH);
	fields |= plan_range_is_any(&rule->ttl, UINT8_MAX) ? 0 : BIT(FIELD_TTL);
	fields |= rule->from_set ? BIT(FIELD_SET) : 0;
	return fields;
}

static bool is_range(const struct plan_range *range, uint16_t most)
{
	return range->min != range->max && !plan_range_is_any(range, most);
}

bool profile_can(const struct plan_profile *profile, const struct plan_rule *rule)
{
	bool ranges = is_range(&rule->sport, UINT16_MAX) || is_range(&rule->dport, UINT16_MAX) ||
		      is_range(&rule->length, UINT16_MAX) || is_range(&rule->ttl, UINT8_MAX);
	bool masked = rule->tcp_mask != 0 && rule->tcp_mask != UINT8_MAX;

	return !(profile_fields_of(rule) & ~profile->fields) && (profile->ranges || !ranges) &&
	       (profile->flag_masks || !masked) && (profile->rates || !rule->rate_pps);
}
