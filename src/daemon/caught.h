/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caught: dropped packets of one actuator in, parcels of samples for the control thread out.
 *
 * Between the actuator's thread, which reads them, and the control thread, which judges them. All
 * memory is taken at open; of one plan so many are handed on, drawn from all of a lot, so that a
 * flood that one plan holds back hides nothing of another. What is beyond is counted.
 */
#pragma once

#include <stdint.h>

#include "actuate/actuator.h"
#include "base/err.h"
#include "model/sample.h"

/** Plans of one parcel, and packets of each. */
#define CAUGHT_PLANS 64
#define CAUGHT_EACH  48

struct caught;

/** What was caught of one plan. */
struct caught_plan {
	char id[INCIDENT_ID_MAX + 8];
	unsigned count;
	unsigned seen;                      /**< that those were drawn from */
	struct sample samples[CAUGHT_EACH]; /**< directions are the plan's */
};

/** One lot, of all plans of an actuator. */
struct caught_parcel {
	unsigned count;
	struct caught_plan plans[CAUGHT_PLANS];
};

/** caught_new() - NULL when memory is short (1 MB). Control thread. */
struct caught *caught_new(void);

/** caught_free() - both threads are done with it; NULL is fine. */
void caught_free(struct caught *caught);

/**
 * caught_read() - take what the actuator has, and send it off. Thread of the actuator.
 * @set: that it holds
 */
void caught_read(struct caught *caught, const struct actuator *actuator, void *state,
		 const struct wanted_set *set);

/** caught_counts() - so far, of what caught_read() saw. Thread of the actuator. */
struct drop_counts caught_counts(const struct caught *caught);

/** caught_next() - the oldest parcel, to be given back; NULL: none. Control thread. */
struct caught_parcel *caught_next(struct caught *caught);

/** caught_back() - done with it. Control thread. */
void caught_back(struct caught *caught, struct caught_parcel *parcel);
