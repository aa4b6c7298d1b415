/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail: what one class of a host's traffic did in each of the last 256 seconds.
 *
 * Spans in, sums over any stretch of whole seconds out. What exporters report
 * afterwards lands where it was; what is older than the trail is cut off, and
 * never squeezed into what is left. Estimates: floats, one part in ten million.
 * Pure; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/span.h"

/** Seconds that a trail remembers. */
#define TRAIL_S 256

/** What is counted. */
enum trail_part { TRAIL_PACKETS, TRAIL_BYTES, TRAIL_FLOWS, TRAIL_SAMPLED, TRAIL_PARTS };

/** One second, or the sum of several. */
struct trail_bin {
	float part[TRAIL_PARTS];
};

/** Start it zeroed. */
struct trail {
	struct trail_bin bins[TRAIL_S]; /**< second n is in n modulo TRAIL_S */
};

/** A sum of bins, exact enough to take bins off again. */
struct trail_sum {
	double part[TRAIL_PARTS];
};

/** trail_slide() - forget what leaves when the newest second becomes @to_s instead of @from_s. */
void trail_slide(struct trail *trail, uint64_t from_s, uint64_t to_s);

/**
 * trail_add() - spread an amount evenly over a span.
 * @newest_s: to which the trail has been slid; nothing lies in later seconds
 *
 * Return: the share that was older than the trail, which was left out.
 */
double trail_add(struct trail *trail, uint64_t newest_s, const struct span *span,
		 const struct trail_sum *amount);

/** A second of the trail; the caller knows that it is not older than it. */
static inline const struct trail_bin *trail_at(const struct trail *trail, uint64_t second)
{
	return &trail->bins[second % TRAIL_S];
}

/** trail_sum_add() - add a bin @times times: 1 puts it in, -1 takes it off. */
static inline void trail_sum_add(struct trail_sum *sum, const struct trail_bin *bin, double times)
{
	for (unsigned p = 0; p < TRAIL_PARTS; p++)
		sum->part[p] += times * (double)bin->part[p];
}
