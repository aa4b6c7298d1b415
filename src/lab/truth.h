/* SPDX-License-Identifier: Apache-2.0 */
/*
 * truth: what really happens in a run, written for the scorer: truth.json.
 *
 * A run in, JSON out; twice: what is known beforehand, and at the end all. Pure.
 */
#pragma once

#include "base/text.h"
#include "lab/measure.h"

/** A run. */
struct truth {
	const struct cast *cast;
	const char *mode;
	const char *fault;
	uint64_t seed;
	uint32_t sampling;
	uint32_t active_ms; /**< of a flow cache; 0: none */
	uint32_t inactive_ms;
	uint64_t begin_ns;
	double finish_s;
	bool complete; /**< the counts are true */
	double packets;
	uint64_t samples;
	uint64_t datagrams;
	unsigned limit_count;
	struct measure_limit limits[CLASS_COUNT + 1];
};

/** truth_to_json() - append it. */
void truth_to_json(const struct truth *truth, struct text *out);
