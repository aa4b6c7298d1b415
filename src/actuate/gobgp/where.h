/* SPDX-License-Identifier: Apache-2.0 */
/*
 * where: networks of one configuration after the other in, prefixes inside of which paths of ours may be out.
 *
 * What is taken from `networks` is looked for until it is gone. Worker thread.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "config/config.h"

/** Prefixes of both families, none inside another; zeroed: none. */
struct gobgp_where {
	struct prefix *list;
	size_t count;
};

/** gobgp_where_add() - the networks of @config as well. Return: 0 or -ENOMEM (nothing changed). */
WEIR_CHECK int gobgp_where_add(struct gobgp_where *where, const struct config *config);

/** gobgp_where_done() - none, and release; harmless when repeated. */
void gobgp_where_done(struct gobgp_where *where);
