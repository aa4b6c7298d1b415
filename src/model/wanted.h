/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wanted: plans that shall be in force, as text that outlives the process.
 *
 * Complete and exact: what is read back is what was written, sources too. Any thread.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "model/plan.h"

/** Most sources that one plan's set may have. */
#define WANTED_SOURCES 2048

/** wanted_to_json() - append one JSON object. */
void wanted_to_json(const struct wanted *wanted, struct text *out);

/**
 * wanted_from_json() - read back what wanted_to_json() wrote.
 * @sources: room for WANTED_SOURCES; ret_wanted->sources points there
 *
 * Return: 0, or -WEIR_EFORMAT with @ret_wanted undefined.
 */
WEIR_CHECK int wanted_from_json(const char *json, struct wanted *ret_wanted, struct ip *sources);
