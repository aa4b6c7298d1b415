/* SPDX-License-Identifier: Apache-2.0 */
/* story: places and rolls; what belongs together is decided in join.c. */
#include "detect/learned/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int stories_open(struct stories *stories, size_t max)
{
	*stories = (struct stories){ .max = (uint32_t)max, .next_key = 1 };
	stories->at = calloc(max + 1, sizeof(*stories->at));
	stories->rolls = calloc(STORY_ROLLS, sizeof(*stories->rolls));
	if (stories->at && stories->rolls)
		return 0;
	stories_close(stories);
	return -ENOMEM;
}

void stories_close(struct stories *stories)
{
	free(stories->at);
	free(stories->rolls);
	memset(stories, 0, sizeof(*stories));
}

uint32_t stories_new(struct stories *stories)
{
	for (uint32_t i = 1; i <= stories->max; i++) {
		struct story *story = stories_at(stories, i);
		if (story->key)
			continue;
		*story = (struct story){ .key = stories->next_key++ };
		return i;
	}
	stories->turned_away++;
	return 0;
}

void stories_end(struct stories *stories, uint32_t number)
{
	struct story *story = stories_at(stories, number);

	if (story->roll)
		stories->rolls[story->roll - 1].story = 0;
	*story = (struct story){ 0 };
}

void story_target(struct story *story, const struct prefix *target)
{
	for (unsigned i = 0; i < story->target_count; i++) {
		const struct prefix *known = &story->targets[i];
		if (known->len == target->len && ip_equal(&known->ip, &target->ip))
			return;
	}
	if (story->target_count < STORY_TARGETS)
		story->targets[story->target_count++] = *target;
}

static struct story_roll *roll_of(struct stories *stories, uint32_t number)
{
	struct story *story = stories_at(stories, number);

	for (uint32_t i = 1; !story->roll && i <= STORY_ROLLS; i++) {
		struct story_roll *roll = &stories->rolls[i - 1];
		if (roll->story)
			continue;
		story->roll = i;
		roll->story = number;
		roll->count = 0;
		roll->turned_away = 0;
	}
	return story->roll ? &stories->rolls[story->roll - 1] : NULL;
}

/* Kept in order of their addresses: looked up by halving. */
static uint32_t place_of(const struct story_roll *roll, const struct ip *ip)
{
	uint32_t low = 0;
	uint32_t high = roll->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (ip_compare(&roll->machines[middle].ip, ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void stories_machine(struct stories *stories, uint32_t number, const struct ip *ip,
		     uint64_t packets, uint64_t time_ns)
{
	struct story_roll *roll = roll_of(stories, number);

	if (!roll)
		return;
	uint32_t at = place_of(roll, ip);
	struct finding_machine *machine = &roll->machines[at];
	if (at == roll->count || !ip_equal(&machine->ip, ip)) {
		if (roll->count == STORY_MACHINES) {
			roll->turned_away++;
			return;
		}
		memmove(machine + 1, machine, (roll->count - at) * sizeof(*machine));
		*machine = (struct finding_machine){ .ip = *ip, .first_ns = time_ns };
		roll->count++;
	}
	machine->packets += packets;
	if (time_ns > machine->last_ns)
		machine->last_ns = time_ns;
	if (time_ns < machine->first_ns)
		machine->first_ns = time_ns;
}

bool stories_has(const struct stories *stories, const struct ip *ip)
{
	for (unsigned i = 0; i < STORY_ROLLS; i++) {
		const struct story_roll *roll = &stories->rolls[i];
		uint32_t at = roll->story ? place_of(roll, ip) : 0;
		if (roll->story && at < roll->count && ip_equal(&roll->machines[at].ip, ip))
			return true;
	}
	return false;
}

unsigned stories_roll(const struct stories *stories, uint32_t number,
		      const struct finding_machine **ret_machines)
{
	const struct story *story = stories_at(stories, number);

	*ret_machines = story->roll ? stories->rolls[story->roll - 1].machines : NULL;
	return story->roll ? stories->rolls[story->roll - 1].count : 0;
}
