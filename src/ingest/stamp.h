/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp: the time elements of all units, and SysUptime, made absolute.
 *
 * Wire values in, nanoseconds since 1970 out; 0 stands for a time that cannot
 * be told. RFC 7011, 6.1.7 to 6.1.10; RFC 3954, 5.1. Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ingest/element.h"

/** What a datagram's header says about time. */
struct stamp_base {
	uint64_t export_ns; /**< the exporter's clock when it sent the datagram */
	uint64_t init_ns;   /**< when the exporter started; 0: unknown. IPFIX only */
	uint32_t uptime_ms; /**< SysUptime then */
	bool has_uptime;    /**< the header carries a SysUptime: NetFlow v5 and v9 */
};

/** stamp_uptime() - a SysUptime value as absolute time, over the wrap at 2^32 ms. */
uint64_t stamp_uptime(const struct stamp_base *base, uint32_t uptime_ms);

/** stamp_ns() - a time element's value as absolute time; 0 if it cannot be told. */
uint64_t stamp_ns(const struct stamp_base *base, enum element_unit unit, uint64_t value);
