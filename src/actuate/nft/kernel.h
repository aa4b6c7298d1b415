/* SPDX-License-Identifier: Apache-2.0 */
/* kernel: requests of nft as JSON in, what the kernel says out. One context a call; any thread. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/text.h"

/**
 * nft_list() - all of a table but the members of its sets.
 * @ret_listing: owned by the caller; NULL: there is no such table
 *
 * Return: 0, or -EACCES and the like with @why.
 */
WEIR_CHECK int nft_list(const char *table, json_t **ret_listing, struct text *why);

/**
 * nft_run() - all of these commands, or none of them.
 * @commands: an array; borrowed
 *
 * A request that is refused is written to the log. Return: 0, or -EACCES, -EOPNOTSUPP, -EBUSY,
 * -WEIR_EFULL and the like with @why.
 */
WEIR_CHECK int nft_run(json_t *commands, struct text *why);
