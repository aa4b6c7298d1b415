/* SPDX-License-Identifier: Apache-2.0 */
/* flowlog: names of the formats. Any thread; no state. */
#include "model/flowlog.h"

const char *flowlog_format_name(enum flowlog_format format)
{
	static const char *const names[FLOWLOG_FORMAT_COUNT] = {
		[FLOWLOG_AUTO] = "auto",
		[FLOWLOG_AWS] = "aws-vpc",
		[FLOWLOG_AZURE] = "azure-nsg",
		[FLOWLOG_GCP] = "gcp-vpc",
	};

	return names[format];
}
