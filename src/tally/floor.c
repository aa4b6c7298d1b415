/* SPDX-License-Identifier: Apache-2.0 */
/* floor: up in large steps, down in small ones. */
#include "tally/floor.h"

/* Fewest sampled packets a second for which peers are worth their cost. */
#define FLOOR_MIN 8U
#define FLOOR_MAX (1U << 30)

void floor_init(struct floor *floor)
{
	*floor = (struct floor){ .sampled = FLOOR_MIN };
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
