/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor: how many sampled packets a second make a host busy, so that its peers are kept.
 *
 * Details are few. When more hosts are above the floor than there are details
 * for, it rises; when many details stay unused, it sinks. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The floor and what it follows. */
struct floor {
	uint32_t sampled;    /**< packets a second; above it a host is busy */
	size_t refused;      /**< busy hosts without detail in this tick */
	size_t most_details; /**< in one tick of this second */
	size_t most_refused; /**< likewise */
};

/** floor_init() - as low as it gets. */
void floor_init(struct floor *floor);

/** floor_tick() - a tick is over in which @details of all details were used. */
void floor_tick(struct floor *floor, size_t details);

/** floor_second() - a second is over: adapt to it. @cap: details there are for a tick */
void floor_second(struct floor *floor, size_t cap);
