/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interface: how busy one interface of a router is, by its own counters.
 *
 * Made from sFlow counter samples: what the router itself counted, free of
 * sampling, and so an independent witness of the rates that flows give.
 */
#pragma once

#include <stdint.h>

#include "base/ip.h"

/** Rates between the two latest counter samples of one interface. */
struct interface_rate {
	struct ip exporter; /**< source address of the datagrams */
	struct ip agent;    /**< sFlow agent address */
	uint32_t if_index;
	uint64_t speed_bps; /**< as the router says; 0: unknown */
	uint64_t in_bps;
	uint64_t out_bps;
	uint64_t in_pps;
	uint64_t out_pps;
	uint64_t over_ns; /**< time the rates are means over; 0: one sample so far */
	uint64_t last_ns; /**< latest sample received */
};
