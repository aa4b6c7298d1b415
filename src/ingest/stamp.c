/* SPDX-License-Identifier: Apache-2.0 */
/* stamp: wire times in, nanoseconds since 1970 out; 0 where that cannot be told. */
#include "ingest/stamp.h"

#include "base/clock.h"

#define NTP_TO_UNIX_S 2208988800ULL
/* Times beyond this (the year 2400) are nonsense and would overflow sums behind us. */
#define LATEST_S      13569465600ULL
/*
 * 32 bits of seconds since 1900 and 32 bits of fraction. Several exporters send a plain
 * count since 1970 instead; read as NTP that would lie before 1970, so it can be told.
 */
static uint64_t ntp_ns(uint64_t value, uint64_t plain_unit_ns)
{
	uint64_t seconds = value >> 32;

	if (seconds < NTP_TO_UNIX_S)
		return value / (NS_PER_S / plain_unit_ns) < LATEST_S ? value * plain_unit_ns : 0;
	return (seconds - NTP_TO_UNIX_S) * NS_PER_S + ((value & UINT32_MAX) * NS_PER_S >> 32);
}

uint64_t stamp_by_unit(const struct stamp_base *base, enum element_unit unit, uint64_t value)
{
	if (value == 0 && unit != UNIT_UPTIME && unit != UNIT_DELTA_US)
		return 0;
	switch (unit) {
	case UNIT_S:
		return value < LATEST_S ? value * NS_PER_S : 0;
	case UNIT_MS:
		return value / 1000 < LATEST_S ? value * NS_PER_MS : 0;
	case UNIT_US:
		return ntp_ns(value, NS_PER_US);
	case UNIT_NS:
		return ntp_ns(value, 1);
	case UNIT_DELTA_US:
		return stamp_before_export(base, (value & UINT32_MAX) * NS_PER_US);
	case UNIT_UPTIME:
		return stamp_uptime(base, (uint32_t)value);
	case UNIT_NONE:
		break;
	}
	return 0;
}
