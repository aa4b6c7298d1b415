/* SPDX-License-Identifier: Apache-2.0 */
/* floor: up in large steps, down in small ones. */
#include "tally/floor.h"

/* Fewest sampled packets a second for which peers are worth their cost. */
#define FLOOR_MIN 8U
#define FLOOR_MAX (1U << 30)

/* The share of the lowest limit below which peers are not worth their cost, and ticks a second. */
#define FLOOR_PART   16
#define TICKS_SECOND 10

void floor_init(struct floor *floor)
{
	*floor = (struct floor){ .sampled = FLOOR_MIN };
}

/* What a limit allows in a tick, of which a part is taken; at least 1, so that nothing is small. */
static uint64_t part_of(uint64_t limit, uint64_t units)
{
	uint64_t part = limit / (units * FLOOR_PART * TICKS_SECOND);

	return part ? part : 1;
}

void floor_config(struct floor *floor, const struct config *config)
{
	/* Without limits nobody can say what is small. */
	uint64_t none = config->threshold_count ? UINT64_MAX : 0;

	floor->packets = floor->bytes = floor->flows = none;
	for (size_t i = 0; i < config->threshold_count; i++) {
		const uint64_t *limit = config->thresholds[i].limit;
		uint64_t packets = part_of(limit[METRIC_PPS], 1);
		uint64_t bytes = part_of(limit[METRIC_BPS], 8);
		uint64_t flows = part_of(limit[METRIC_FPS], 1);
		if (limit[METRIC_PPS] && packets < floor->packets)
			floor->packets = packets;
		if (limit[METRIC_BPS] && bytes < floor->bytes)
			floor->bytes = bytes;
		if (limit[METRIC_FPS] && flows < floor->flows)
			floor->flows = flows;
	}
}

void floor_tick(struct floor *floor, size_t details)
{
	if (details > floor->most_details)
		floor->most_details = details;
	if (floor->refused > floor->most_refused)
		floor->most_refused = floor->refused;
	floor->refused = 0;
}

void floor_second(struct floor *floor, size_t cap)
{
	if (floor->most_refused > cap && floor->sampled < FLOOR_MAX)
		floor->sampled *= 2;
	else if (floor->most_refused > 0 && floor->sampled < FLOOR_MAX)
		floor->sampled += floor->sampled / 4;
	else if (floor->most_refused == 0 && floor->most_details < cap / 2)
		floor->sampled -= floor->sampled / 8; /* other steps down than up: no swinging */
	if (floor->sampled < FLOOR_MIN)
		floor->sampled = FLOOR_MIN;
	floor->most_details = 0;
	floor->most_refused = 0;
}
