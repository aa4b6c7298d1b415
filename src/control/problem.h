/* SPDX-License-Identifier: Apache-2.0 */
/* problem: an HTTP status and a sentence in, problem details (RFC 9457) out. In control/ only. */
#pragma once

#include "base/text.h"

/** problem() - replace @body. Return: @status. */
unsigned problem(struct text *body, unsigned status, const char *detail);
