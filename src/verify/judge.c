/* SPDX-License-Identifier: Apache-2.0 */
/* judge: a plan and its incident in, a verdict out. Pure; any thread. */
#include "verify/judge.h"

#include <stdio.h>

void verify_judge(const struct plan *plan, const struct incident *incident, uint64_t now_ns,
		  struct verdict *ret_verdict)
{
	bool arriving = incident->state == INCIDENT_OPEN && incident->quiet_ns == 0;
	struct verdict verdict = {
		.arriving = arriving,
		.pps_before = incident->peak_pps,
		.pps_now = arriving ? incident->pps : 0,
		.at_ns = now_ns,
	};

	snprintf(verdict.plan, sizeof(verdict.plan), "%s", plan->id);
	*ret_verdict = verdict;
}
