/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @NAME@: tallies in, one finding a tick out: the host that received most packets.
 *
 * An example: its findings are `info`, which never acts. Control thread; reads
 * no clock and allocates at open only. What it does not do: look at directions
 * other than inbound, or remember more than one tick.
 */
#include "detect/detector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NS_IN_S     1000000000ULL
/* Below this rate no host is worth a word. */
#define EXAMPLE_PPS 1000

struct state {
	struct ip host; /* busiest of this tick, in one class */
	struct tally_count total;
	uint64_t sampled;
	uint64_t last_ns; /* end of the tick before; 0: none */
};

static int open(const struct config *config, uint64_t seed, void **ret_state)
{
	struct state *state = calloc(1, sizeof(*state));

	(void)config;
	(void)seed;
	if (!state)
		return -ENOMEM;
	*ret_state = state;
	return 0;
}

static void reload(void *self, const struct config *config)
{
	(void)self;
	(void)config;
}

static void observe(void *self, const struct tally_set *set)
{
	struct state *state = self;

	for (size_t i = 0; i < set->count; i++) {
		const struct tally *row = &set->rows[i];
		if (row->kind != TALLY_OWN || row->len < 128 ||
		    row->direction != DIRECTION_INBOUND || row->packets <= state->total.packets)
			continue;
		state->host = row->host;
		state->total = (struct tally_count){ row->packets, row->bytes, row->flows };
		state->sampled = row->sampled;
	}
}

static void tick(void *self, uint64_t now_ns, const struct finding_sink *sink)
{
	struct state *state = self;
	bool known = state->last_ns && now_ns > state->last_ns;
	uint64_t length_ns = known ? now_ns - state->last_ns : 0;
	uint64_t pps = length_ns ? state->total.packets * NS_IN_S / length_ns : 0;

	if (pps > EXAMPLE_PPS) {
		struct finding finding = {
			.host = state->host,
			.direction = DIRECTION_INBOUND,
			.metric = METRIC_PPS,
			.severity = SEVERITY_INFO,
			.above = true,
			.limit = EXAMPLE_PPS,
			.value = pps,
			.pps = pps,
			.bps = state->total.bytes * 8 * NS_IN_S / length_ns,
			.sampled = state->sampled,
			.now_ns = now_ns,
			.onset_ns = state->last_ns,
		};
		snprintf(finding.why, sizeof(finding.why), "busiest host of the tick: %llu pps",
			 (unsigned long long)pps);
		sink->finding(sink->self, &finding);
	}
	*state = (struct state){ .last_ns = now_ns };
}

static void stats(const void *self, struct detector_stats *ret_stats)
{
	const struct state *state = self;

	*ret_stats = (struct detector_stats){ .hosts = state->total.packets ? 1 : 0 };
}

static void close(void *self)
{
	free(self);
}

const struct detector detector_@NAME@ = {
	.name = "@NAME@",
	.summary = "an example: say in one line what this finds",
	.open = open,
	.reload = reload,
	.observe = observe,
	.tick = tick,
	.stats = stats,
	.close = close,
};
