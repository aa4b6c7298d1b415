/* SPDX-License-Identifier: Apache-2.0 */
/* stage: the laboratory's own site, background and cast, unsampled and made smaller. */
#include "stage.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"

#define PURPOSE_STAGE 20
#define NEVER_S       1e9

int stage_open(struct stage *stage, const struct stage_plan *plan)
{
	const struct scenario *found = scenario_find(plan->scenario);

	*stage = (struct stage){ 0 };
	if (!found)
		return -ENOENT;
	stage->scenario = *found;
	for (unsigned i = 0; i < SCENARIO_PARTS; i++)
		stage->scenario.parts[i].pps /= plan->shrink;
	site_open(&stage->site, plan->seed, plan->median_pps, false);
	cast_open(&stage->cast, &stage->scenario, &stage->site, plan->seed, 1);
	stage_happens(stage, NEVER_S, NEVER_S);
	lab_rng_seed(&stage->rng, plan->seed, PURPOSE_STAGE);
	stage->background = background_new(&stage->site, plan->seed, 1);
	stage->packets = calloc(STAGE_PACKETS, sizeof(*stage->packets));
	if (stage->background && stage->packets)
		return 0;
	stage_close(stage);
	return -ENOMEM;
}

void stage_close(struct stage *stage)
{
	background_free(stage->background);
	free(stage->packets);
}

void stage_happens(struct stage *stage, double onset_s, double end_s)
{
	stage->cast.onset_s = onset_s;
	stage->cast.end_s = end_s;
}

static void take_packet(void *self, const struct lab_packet *packet)
{
	struct stage *stage = self;

	if (stage->count < STAGE_PACKETS)
		stage->packets[stage->count++] = *packet;
	else
		stage->left_out++;
}

static int time_order(const void *a, const void *b)
{
	const struct lab_packet *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

void stage_step(struct stage *stage, uint64_t begin_ns, double from_s)
{
	const struct lab_taker taker = { .packet = take_packet, .self = stage };

	stage->count = 0;
	background_step(stage->background, begin_ns, from_s, STAGE_STEP_S, &taker);
	cast_step(&stage->cast, begin_ns, from_s, STAGE_STEP_S, &taker);
	qsort(stage->packets, stage->count, sizeof(*stage->packets), time_order);
}

bool stage_attack(struct stage *stage, double time_s, struct lab_packet *ret_packet)
{
	const struct lab_part *chosen = NULL;
	unsigned seen = 0;

	for (unsigned i = 0; i < SCENARIO_PARTS; i++) {
		const struct lab_part *part = &stage->scenario.parts[i];
		if (part->pps > 0 && part->origin == LAB_ATTACK &&
		    lab_rng_below(&stage->rng, ++seen) == 0)
			chosen = part;
	}
	if (chosen)
		cast_packet(&stage->cast, chosen, time_s, ret_packet);
	return chosen != NULL;
}
