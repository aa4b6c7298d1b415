/* SPDX-License-Identifier: Apache-2.0 */
/* nft_none: stands for nft where this program is built without libnftables. */
#include <errno.h>

#include "actuate/actuator.h"

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	(void)config;
	(void)settings;
	(void)ret_state;
	(void)ret_caps;
	text_add(why, "nft: this program was built without libnftables: build it with "
		      "-Dnftables=enabled, or use xdp");
	return -EOPNOTSUPP;
}

/* Nobody has a state, so nobody calls the others. */

static int check(void *self, const struct wanted *wanted, struct text *why)
{
	(void)self;
	(void)wanted;
	(void)why;
	return -EOPNOTSUPP;
}

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	(void)self;
	(void)set;
	(void)result;
	return -EOPNOTSUPP;
}

static void close(void *self)
{
	(void)self;
}

const struct actuator actuator_nft = {
	.name = "nft",
	.summary = "drop or limit packets on this machine, by nftables",
	.profile = "nft",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.close = close,
};
