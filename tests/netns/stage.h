/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage: a scenario of the laboratory at a site small enough for one machine, packet by packet.
 *
 * Time in, every packet of the next step out, in order of time. Everyday rates are those of a site
 * with a lower median, the scenario's those of the laboratory divided by one number. One thread.
 */
#pragma once

#include "lab/cast.h"

#define STAGE_STEP_S  0.01
/** Most packets of a step; what is more is left out, and counted. */
#define STAGE_PACKETS 65536

/** What is played. */
struct stage_plan {
	const char *scenario;
	uint64_t seed;
	double median_pps; /**< of the hosts' everyday rates */
	double shrink; /**< the scenario's rates are so many times smaller than in the laboratory */
};

/** Has to stay where it is while it is open. */
struct stage {
	struct site site;
	struct scenario scenario; /**< with the rates of here */
	struct background *background;
	struct cast cast;
	struct lab_packet *packets; /**< of the latest step */
	unsigned count;
	uint64_t left_out;
	struct lab_rng rng;
};

/** stage_open() - everybody is in place, nothing happens yet. Return: 0, -ENOENT or -ENOMEM. */
WEIR_CHECK int stage_open(struct stage *stage, const struct stage_plan *plan);

/** stage_close() - give the memory back. */
void stage_close(struct stage *stage);

/** stage_happens() - when the scenario begins and ends, in seconds since the begin. */
void stage_happens(struct stage *stage, double onset_s, double end_s);

/** stage_step() - the packets of STAGE_STEP_S from @from_s. @begin_ns: time of second 0 */
void stage_step(struct stage *stage, uint64_t begin_ns, double from_s);

/** stage_attack() - one more packet of the attack's kind; false: there is none. */
bool stage_attack(struct stage *stage, double time_s, struct lab_packet *ret_packet);
