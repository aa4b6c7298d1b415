/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harm: what rules in force hit, as the latest samples show it; how much of that is innocent.
 *
 * Of innocent packets, the share that the rules hold back is what they cost; its lower bound says
 * how sure that is. What passes is seen by the telemetry. What does not is seen by a filter that
 * catches some of what it drops, or, where nothing is caught, by telemetry in front of the filter.
 * Signs of innocence are those of look.h. Forged sources hit known ones by chance only. Control
 * thread; pure but for the memory it is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/plan.h"
#include "model/sample.h"
#include "verify/look.h"

/** Does a rule of the plan match? Handed in: rooms do not know each other. */
typedef bool verify_match_fn(const struct plan_rule *rule, const struct sample *sample,
			     const struct ip *sources, size_t source_count);

/** What is compared; borrowed for the call. */
struct harm_input {
	const struct plan *plan;  /**< its rates say what limits let through */
	const struct ip *sources; /**< of its set */
	size_t source_count;
	const struct sample *now; /**< of the target, the latest */
	size_t now_count;
	double now_pps;              /**< rate they stand for */
	double now_s;                /**< seconds they are from, at most */
	const struct sample *before; /**< of the target, from before the attack */
	size_t before_count;
	const struct sample *dropped; /**< of what the rules dropped; none: nothing was caught */
	size_t dropped_count;
	double dropped_pps; /**< by the filter's counters, in the same time */
	/** Of the attack so much is unlike the usual: verify_unusual(); 0: the usual says nothing. */
	double unusual;
	verify_match_fn *match;
	bool outbound; /**< the peers are the destinations */
};

/** What came of it. */
struct harm {
	double stopped;  /**< share of all packets in the telemetry that the rules match */
	double innocent; /**< share of innocent packets that they hold back */
	double least;    /**< lower 95 % bound of that */
	bool enough;     /**< it rests on enough packets to be acted upon */
	bool caught;   /**< told from dropped packets, not from telemetry in front of the filter */
	size_t known;  /**< packets with signs of innocence that it rests on */
	size_t looked; /**< packets that were looked at: caught ones, or of the telemetry */
};

/** verify_harm() - @room: for before_count packets, overwritten. */
void verify_harm(const struct harm_input *input, struct look_peer *room, struct harm *ret_harm);

/**
 * verify_unusual() - how much of what the rules match looks nothing like usual: lower 95 % bound.
 * @input: `now` is from before the rules were in force; only it, the plan and `before` count
 *
 * Return: 0..1; 0 when there is too little to tell.
 */
double verify_unusual(const struct harm_input *input, struct look_peer *room);
