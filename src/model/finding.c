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

const char *severity_name(enum severity severity)
{
	static const char *const names[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
	};

	return names[severity];
}
