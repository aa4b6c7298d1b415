/* SPDX-License-Identifier: Apache-2.0 */
/* actuator: a kind in, its plug-in out. Any thread. */
#include "actuate/actuator.h"

#include <assert.h>
#include <string.h>

static_assert(ACTUATOR_CAN_OBSERVE == 1 << LEVEL_OBSERVE &&
		      ACTUATOR_CAN_RATE_LIMIT == 1 << LEVEL_RATE_LIMIT &&
		      ACTUATOR_CAN_DROP == 1 << LEVEL_DROP &&
		      ACTUATOR_CAN_QUARANTINE == 1 << LEVEL_QUARANTINE &&
		      ACTUATOR_CAN_BLACKHOLE == 1 << LEVEL_BLACKHOLE,
	      "a capability is the bit of its level");

const struct actuator *actuator_find(const char *kind)
{
	for (const struct actuator *const *a = actuator_registry; *a; a++) {
		if (strcmp((*a)->name, kind) == 0)
			return *a;
	}
	return NULL;
}
