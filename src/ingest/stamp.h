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

#include "base/clock.h"
#include "ingest/element.h"

/** What a datagram's header says about time. */
struct stamp_base {
	uint64_t export_ns; /**< the exporter's clock when it sent the datagram */
	uint64_t init_ns;   /**< when the exporter started; 0: unknown. IPFIX only */
	uint32_t uptime_ms; /**< SysUptime then */
	bool has_uptime;    /**< the header carries a SysUptime: NetFlow v5 and v9 */
};

/** How far a record may lie after its header's SysUptime: slow export, not yet a wrap. */
#define STAMP_AHEAD_MS 600000U

/** stamp_before_export() - `export_ns` less @before_ns; never before 1970. */
static inline uint64_t stamp_before_export(const struct stamp_base *base, uint64_t before_ns)
{
	return base->export_ns > before_ns ? base->export_ns - before_ns : 0;
}

/** stamp_uptime() - a SysUptime value as absolute time, over the wrap at 2^32 ms. */
static inline uint64_t stamp_uptime(const struct stamp_base *base, uint32_t uptime_ms)
{
	if (!base->has_uptime)
		return base->init_ns ? base->init_ns + uptime_ms * NS_PER_MS : 0;
	/* Modulo 2^32: a start before the wrap has a larger value than the header. */
	uint32_t before_ms = base->uptime_ms - uptime_ms;
	if (before_ms > UINT32_MAX - STAMP_AHEAD_MS)
		return base->export_ns + (UINT32_MAX - before_ms + 1ULL) * NS_PER_MS;
	return stamp_before_export(base, before_ms * NS_PER_MS);
}

/** stamp_by_unit() - what stamp_ns() does, for all units. */
uint64_t stamp_by_unit(const struct stamp_base *base, enum element_unit unit, uint64_t value);

/** stamp_ns() - a time element's value as absolute time; 0 if it cannot be told. */
static inline uint64_t stamp_ns(const struct stamp_base *base, enum element_unit unit,
				uint64_t value)
{
	return unit == UNIT_UPTIME ? stamp_uptime(base, (uint32_t)value)
				   : stamp_by_unit(base, unit, value);
}
