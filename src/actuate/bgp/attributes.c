/* SPDX-License-Identifier: Apache-2.0 */
/* attributes: see attributes.h. */
#include "actuate/bgp/attributes.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Type and subtype; the AS number behind them says nothing and is 0. */
#define RATE_BYTES   0x8006000000000000U
#define RATE_PACKETS 0x800c000000000000U

#define USUAL_LONGEST 1500U

/* IEEE 754 single precision; of those beside it the one above: a limit is never less than meant. */
static uint32_t float_bits(double value)
{
	float rounded = (float)value;
	uint32_t bits;

	if ((double)rounded < value)
		rounded = nextafterf(rounded, INFINITY);
	memcpy(&bits, &rounded, sizeof(bits));
	return bits;
}

size_t bgp_actions(const struct plan_rule *rule, uint64_t *ret_actions)
{
	unsigned longest = rule->length.max == UINT16_MAX ? USUAL_LONGEST : rule->length.max;

	ret_actions[0] = RATE_BYTES;
	if (rule->rate_pps == 0)
		return 1;
	ret_actions[0] |= float_bits((double)rule->rate_pps * longest);
	ret_actions[1] = RATE_PACKETS | float_bits((double)rule->rate_pps);
	return 2;
}

int bgp_communities(const struct config_actuator *settings, uint32_t *ret_communities,
		    size_t *ret_count, struct text *why)
{
	if (settings->community_count > BGP_COMMUNITIES_MAX) {
		text_addf(why, "%s: more than %d `communities`; leave some out", settings->name,
			  BGP_COMMUNITIES_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < settings->community_count; i++) {
		unsigned high;
		unsigned low;
		char rest;
		if (sscanf(settings->communities[i].text, "%5u:%5u%c", &high, &low, &rest) != 2 ||
		    high > UINT16_MAX || low > UINT16_MAX) {
			text_addf(why, "%s: `%s` is no community; write two numbers, as 65535:666",
				  settings->name, settings->communities[i].text);
			return -EINVAL;
		}
		ret_communities[i] = high << 16 | low;
	}
	*ret_count = settings->community_count;
	return 0;
}
