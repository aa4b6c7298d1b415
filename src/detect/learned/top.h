/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top: what the list of the busiest entities remembers from one second to the next.
 *
 * Counters are many, so a slice of them is looked at in each call; those that were high stay on the
 * list and are looked at each time. Part of struct learned; zero is a fresh one.
 */
#pragma once

#include <stdint.h>

/** Entities that are kept on the list. */
#define TOP_KEPT  64
/** Counters looked at in one call, besides those. */
#define TOP_SLICE 65536

/** Where it is, and whom it keeps. */
struct top {
	uint32_t cursor;                        /**< place of the next counter to be looked at */
	uint32_t count;                         /**< of places */
	const struct counter *places[TOP_KEPT]; /**< of counters, the highest first */
};
