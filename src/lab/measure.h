/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure: what is known beforehand of a run: everyday rates of the target by class, its harness-fixed
 * envelope, and the rates of the attack.
 *
 * The envelope is fixed here, from what the simulator knows and never from what a detector learned: a
 * limit that the judged one could move would be no limit (design notes, section 1.2). One thread.
 */
#pragma once

#include "lab/cast.h"

/** Most seconds of a warm-up that are remembered. */
#define MEASURE_SECONDS 4096

/** Rates of one class. */
struct measure_limit {
	const char *class;
	double before_pps;
	double envelope_pps;
	double attack_pps;
};

/** The target while it is left alone. */
struct measure {
	const struct cast *cast;
	double load[MEASURE_SECONDS]; /**< packets a second of the target, both ways */
	unsigned seconds;
	double share[CLASS_COUNT]; /**< of these, what comes the attack's way, by class */
};

/** measure_second() - remember one more second. */
void measure_second(struct measure *measure, const struct background *background);

/**
 * measure_limits() - the classes that the attack is in.
 * @background: to draw a target's everyday packets from
 *
 * Return: number of @ret_limits, at most CLASS_COUNT + 1.
 */
unsigned measure_limits(struct measure *measure, struct cast *cast, struct background *background,
			struct measure_limit ret_limits[static CLASS_COUNT + 1]);
