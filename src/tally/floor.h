/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor: how many sampled packets a second make a host busy, so that its peers are kept.
 *
 * Details are few. When more hosts are above the floor than there are details
 * for, it rises; when many details stay unused, it sinks. Besides, a host needs
 * a sixteenth of the lowest limit in its tick. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "model/tally.h"

/** The floor and what it follows. */
struct floor {
	uint32_t sampled;    /**< packets a second; above it a host is busy */
	uint64_t packets;    /**< in a row of one tick: with less, and less bytes, and less */
	uint64_t bytes;      /**< flows, a host is so far below every limit that nobody */
	uint64_t flows;      /**< will ask for its peers */
	size_t refused;      /**< busy hosts without detail in this tick */
	size_t most_details; /**< in one tick of this second */
	size_t most_refused; /**< likewise */
};

/** floor_init() - as low as it gets. */
void floor_init(struct floor *floor);

/** floor_config() - take the least counts from the lowest limits of a configuration. */
void floor_config(struct floor *floor, const struct config *config);

/** floor_is_small() - is what a row counted in its tick too little to keep peers for? */
static inline bool floor_is_small(const struct floor *floor, const struct tally *row)
{
	return row->packets < floor->packets && row->bytes < floor->bytes &&
	       row->flows < floor->flows;
}

/** floor_tick() - a tick is over in which @details of all details were used. */
void floor_tick(struct floor *floor, size_t details);

/** floor_second() - a second is over: adapt to it. @cap: details there are for a tick */
void floor_second(struct floor *floor, size_t cap);
