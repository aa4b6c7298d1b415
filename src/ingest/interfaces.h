/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interfaces: sFlow counter samples in, rates of the interfaces out.
 *
 * Owned by one ingest thread; memory is taken at open; an interface for which
 * there is no room is counted.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ingest/decoder.h"
#include "model/interface.h"

struct interfaces;

/** interfaces_new() - room for @limit interfaces. NULL when memory is short. */
struct interfaces *interfaces_new(size_t limit, uint64_t seed);

/** interfaces_free() - NULL is fine. */
void interfaces_free(struct interfaces *interfaces);

/**
 * interfaces_update() - take a counter sample.
 *
 * Counters that went back (a restarted router, a 32-bit counter that began anew) give no rate
 * for that once.
 */
void interfaces_update(struct interfaces *interfaces, const struct interface_counters *counters);

/** interfaces_rates() - all rates, in the order in which the interfaces were first seen. Borrowed. */
const struct interface_rate *interfaces_rates(const struct interfaces *interfaces,
					      size_t *ret_count);

/** interfaces_turned_away() - counter samples of interfaces that found no room. */
uint64_t interfaces_turned_away(const struct interfaces *interfaces);
