/* SPDX-License-Identifier: Apache-2.0 */
/* reason: names of the reasons why input was turned away. */
#include "model/reason.h"

const char *reason_name(enum reason reason)
{
	static const char *const names[REASON_COUNT_OF] = {
		[REASON_NO_DECODER] = "no-decoder",
		[REASON_SHORT] = "short",
		[REASON_LENGTH] = "bad-length",
		[REASON_COUNT] = "bad-count",
		[REASON_VERSION] = "unknown-version",
		[REASON_TEMPLATE_BAD] = "bad-template",
		[REASON_TEMPLATE_FULL] = "template-table-full",
		[REASON_NO_TEMPLATE] = "no-template",
		[REASON_EXPORTER_FULL] = "exporter-table-full",
		[REASON_NOT_ALLOWED] = "exporter-not-allowed",
		[REASON_NOT_IP] = "not-ip",
		[REASON_LINK_TYPE] = "unknown-link-type",
		[REASON_FIELD] = "missing-field",
		[REASON_FRAGMENT] = "fragment",
		[REASON_VALUE] = "bad-value",
		[REASON_SYNTAX] = "bad-json",
		[REASON_DEPTH] = "too-deep",
	};

	return names[reason];
}
