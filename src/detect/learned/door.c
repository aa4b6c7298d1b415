/* SPDX-License-Identifier: Apache-2.0 */
/* door: a table without ways; whoever comes later takes the place. */
#include "detect/learned/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int door_open(struct door *door, uint64_t max)
{
	uint64_t places = 1024;

	while (places < max)
		places *= 2;
	*door = (struct door){ .mask = places - 1 };
	door->at = calloc(places, sizeof(*door->at));
	return door->at ? 0 : -ENOMEM;
}

void door_close(struct door *door)
{
	free(door->at);
	memset(door, 0, sizeof(*door));
}

bool door_pass(struct door *door, uint64_t hash, const struct tally *row, uint64_t now_ns,
	       struct door_guest *ret_before)
{
	struct door_guest *guest = &door->at[hash >> 16 & door->mask];
	uint32_t tag = (uint32_t)(hash >> 32);
	bool known = guest->time_ns && guest->tag == tag && now_ns <= guest->time_ns + DOOR_WAIT_NS;

	*ret_before = *guest;
	*guest = (struct door_guest){ 0 };
	if (!known)
		*guest = (struct door_guest){ .time_ns = now_ns,
					      .tag = tag,
					      .packets = (float)row->packets,
					      .bytes = (float)row->bytes };
	return known;
}
