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
	uint64_t drawn;             /**< packets that were looked at, both ways */
	uint64_t seen[CLASS_COUNT]; /**< of these, what comes the attack's way, by class */
	double owed;                /**< draws, of less than one packet */
};

/** measure_second() - remember one more second, and draw some of its packets. */
void measure_second(struct measure *measure, struct background *background);

/**
 * measure_limits() - the classes that the attack is in.
 *
 * Return: number of @ret_limits, at most CLASS_COUNT + 1.
 */
unsigned measure_limits(const struct measure *measure, struct cast *cast,
			struct measure_limit ret_limits[static CLASS_COUNT + 1]);
