/* SPDX-License-Identifier: Apache-2.0 */
/* say: a verdict as a sentence for people. Pure; no allocation. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "detect/threshold/limits.h"
#include "model/finding.h"

/**
 * say_why() - write the numbers in words.
 * @finding: complete but for `why`
 * @verdict: what it was made of
 * @vantages: that saw the traffic
 * @text: FINDING_WHY_MAX bytes
 */
void say_why(const struct finding *finding, const struct verdict *verdict, unsigned vantages,
	     uint64_t window_ns, char *text);
