/* SPDX-License-Identifier: Apache-2.0 */
/* finding: names of metrics and severities. Any thread. */
#include "model/finding.h"

const char *metric_name(enum metric metric)
{
	static const char *const names[METRIC_COUNT] = {
		[METRIC_PPS] = "pps",
		[METRIC_BPS] = "bps",
		[METRIC_FPS] = "flows/s",
	};

	return names[metric];
}

const char *kind_name(enum attack_kind kind)
{
	static const char *const names[KIND_COUNT] = {
		[KIND_FLOOD] = "flood",         [KIND_CARPET] = "carpet",
		[KIND_CAMPAIGN] = "campaign",   [KIND_OUTBOUND_FLOOD] = "outbound-flood",
		[KIND_REFLECTOR] = "reflector", [KIND_SPOOFED_EGRESS] = "spoofed-egress",
		[KIND_SCAN] = "scan",           [KIND_BULK] = "bulk",
	};

	return names[kind];
}

const char *severity_name(enum severity severity)
{
	static const char *const names[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
	};

	return names[severity];
}
