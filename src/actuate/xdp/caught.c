/* SPDX-License-Identifier: Apache-2.0 */
/* caught: what the program's ring has in, dropped packets by their plan out. Worker thread. */
#include <stdio.h>
#include <string.h>

#include "actuate/xdp/put.h"

/* Of one call; what is beyond stays in the ring for the next one. */
#define READ_MOST 16384

struct reading {
	struct xdp_state *s;
	actuator_drop_fn *take;
	void *self;
};

/* Rules that are in force no more are nobody's. */
static void on_sample(void *self, const struct xdp_sample *sample)
{
	const struct reading *reading = self;
	const struct held *held = &reading->s->held;
	const struct held_rule *rule = held_find(held, sample->rule);
	struct drop drop = { .each = XDP_CATCH_EACH,
			     .wire_len = sample->wire_len,
			     .len = sample->len < DROP_SNAP ? sample->len : DROP_SNAP };

	if (!rule || rule->plan >= held->plan_count) {
		reading->s->drops.lost++;
		return;
	}
	reading->s->drops.read++;
	snprintf(drop.plan, sizeof(drop.plan), "%s", held->plans[rule->plan].id);
	memcpy(drop.data, sample->data, drop.len);
	reading->take(reading->self, &drop);
}

/* What the program could not put into its ring; its counter outlives this process. */
static int count_lost(struct xdp_state *s)
{
	struct xdp_engine_counters counters;
	int err = xdp_engine_counters(s->engine, &counters);
	uint64_t full = err ? s->ring_full : counters.packets[FILTER_RING_FULL];

	if (s->ring_known && full > s->ring_full)
		s->drops.lost += full - s->ring_full;
	s->ring_full = full;
	s->ring_known |= !err;
	return err;
}

int put_drops(void *self, actuator_drop_fn *take, void *taker, struct drop_counts *counts)
{
	struct xdp_state *s = self;
	struct reading reading = { s, take, taker };
	int err = 0;

	if (s->engine && s->there) {
		int read = xdp_engine_samples(s->engine, on_sample, &reading, READ_MOST);
		err = count_lost(s);
		err = read < 0 ? read : err;
	} else {
		s->ring_known = false;
	}
	*counts = s->drops;
	return err;
}
