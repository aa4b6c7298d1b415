/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict: whether a plan helped, and what it cost, as far as it can be seen.
 *
 * The verify room judges, events and the API carry it. A value without pointers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/plan.h"

/** What harm is known from. */
enum verdict_basis {
	VERDICT_UNKNOWN,   /**< nothing tells innocent packets from others, or there are too few */
	VERDICT_DROPPED,   /**< packets that a filter caught of what it drops */
	VERDICT_TELEMETRY, /**< telemetry in front of the filter */
	VERDICT_BASIS_COUNT
};

/** Whether a plan helped. */
struct verdict {
	char plan[INCIDENT_ID_MAX + 8];
	bool arriving;       /**< the attack still arrives, above its closing level */
	uint64_t pps_before; /**< the highest rate that arrived */
	uint64_t pps_now;    /**< latest rate; 0: nothing above the closing level is left */
	uint64_t at_ns;
	bool in_force;            /**< the rest is about a plan that holds something back */
	bool counted;             /**< its actuator has counters */
	uint64_t dropped_packets; /**< by them, since it is held */
	uint8_t basis;            /**< enum verdict_basis */
	double harm;              /**< 0..1 of innocent traffic that is held back */
	double harm_least;        /**< its lower bound */
	uint64_t looked;          /**< packets that it rests on */
	uint64_t innocent;        /**< of them those with signs of innocence */
};

/** verdict_to_json() - write the verdict as value of @key. */
void verdict_to_json(const struct verdict *verdict, struct jsonw *w, const char *key);

/**
 * verdict_from_json() - read back what verdict_to_json() wrote.
 * @json: one object, zero-terminated
 *
 * Return: 0; -WEIR_EFORMAT with @ret_verdict undefined.
 */
WEIR_CHECK int verdict_from_json(const char *json, struct verdict *ret_verdict);

/** verdict_harm_to_text() - what it costs in words, "about 0 % of innocent traffic, ...". */
void verdict_harm_to_text(const struct verdict *verdict, struct text *out);
