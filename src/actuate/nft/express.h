/* SPDX-License-Identifier: Apache-2.0 */
/* express: rules of filters in, statements of nft as its JSON has them out. Any thread. */
#pragma once

#include <jansson.h>

#include "actuate/host_rule.h"

/**
 * nft_express() - the statements of a rule.
 * @rule: borrowed
 * @gated: packets come by a gate that has asked for the address of ours already
 * @outbound: that address is the source
 * @sources: name of the set of sources, for rules that ask for one
 *
 * Return: an array, owned by the caller; NULL without memory.
 */
json_t *nft_express(const struct host_rule *rule, bool gated, bool outbound, const char *sources);

/** nft_address() - an address or prefix as a value. Return: owned by the caller, or NULL. */
json_t *nft_address(const struct prefix *prefix);

/** nft_expressible() - Return: NULL, or why the rule has no words in nft, and what to do. */
const char *nft_expressible(const struct host_rule *rule);
