/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drop: a packet that a filter in force dropped, as the filter caught it.
 *
 * Where telemetry is taken behind the filter, this is all that shows who is hit. A value without
 * pointers.
 */
#pragma once

#include <stdint.h>

#include "model/incident.h"

/** Bytes of it that are kept, from Ethernet's header on. */
#define DROP_SNAP 128

/** One packet. Borrowed by those who receive it. */
struct drop {
	char plan[INCIDENT_ID_MAX + 8]; /**< whose rule dropped it */
	uint32_t each;                  /**< one dropped packet of so many is caught */
	uint32_t wire_len;              /**< bytes of the frame */
	uint32_t len;                   /**< bytes of `data` */
	uint8_t data[DROP_SNAP];
};

/** What became of those that were caught, since the start; they only grow. */
struct drop_counts {
	uint64_t read;        /**< handed over by the filter */
	uint64_t lost;        /**< the filter had no room for them, or knew their rule no more */
	uint64_t turned_away; /**< read, but not looked at: more than enough of a plan, or no IP */
};
