/* SPDX-License-Identifier: Apache-2.0 */
/* origin: the row of a packet's source prefix. For the XDP engine alone. Control thread. */
#pragma once

#include "actuate/xdp/fields.h"
#include "actuate/xdp/longest.h"

/**
 * origin_compile() - write the source prefixes of a rule set.
 * @l: the generation's part of the map, one that nobody reads
 *
 * Return: 0, -ENOMEM or what the kernel refused.
 */
WEIR_CHECK int origin_compile(struct compiling *c, struct longest *l, uint32_t generation);
