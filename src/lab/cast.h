/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast: a scenario's parts played: who they are in this run, and their packets.
 *
 * A scenario and a site in, sampled packets of what happens out. One thread.
 */
#pragma once

#include "lab/background.h"
#include "lab/scenario.h"

/** Who plays. */
struct cast {
	const struct scenario *scenario;
	const struct site *site;
	double sampling;
	double onset_s;
	double end_s;
	struct lab_rng rng;
	unsigned victim; /**< place in site.hosts */
	uint32_t place;
	uint32_t sites[SCENARIO_SITES];
	unsigned machines[SCENARIO_MACHINES]; /**< places in site.hosts */
	float delays[SCENARIO_MACHINES];      /**< when each begins, after the onset */
	bool sampled[SCENARIO_MACHINES];      /**< within the first minute */
	uint64_t attack_samples;
};

/** cast_open() - hand out the parts; changes the victim's host of @site. */
void cast_open(struct cast *cast, const struct scenario *scenario, struct site *site, uint64_t seed,
	       uint32_t sampling);

/** cast_step() - what passes from @from_s for @step_s. Return: packets, sampled or not. */
double cast_step(struct cast *cast, uint64_t begin_ns, double from_s, double step_s,
		 const struct lab_taker *taker);

/** cast_packet() - one packet of a part. @time_s: when */
void cast_packet(struct cast *cast, const struct lab_part *part, double time_s,
		 struct lab_packet *ret_packet);

/** cast_is_on() - does a part send at that time, and how much of its rate? 0 to 1. */
double cast_is_on(const struct cast *cast, const struct lab_part *part, double time_s);

/** cast_lead() - seconds before the onset at which the first of its senders begin. */
double cast_lead(const struct cast *cast);

/** cast_concerns() - is a benign packet one that a rule against the attack may hit? */
bool cast_concerns(const struct cast *cast, const struct lab_packet *packet);
